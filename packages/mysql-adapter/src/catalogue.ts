import {
  applyChange,
  changeAudit,
  firstRecord,
  sameVenue,
  scheduleAudit,
  venueAudit,
} from '@b-ticketing/core/adapter-kit'
import type { AuditNote, Catalogue, Id, ScheduleRecord, Venue } from '@b-ticketing/core/ports'
import { insertAudit } from './audit.ts'
import { CommitUnknown, isDuplicate } from './fault.ts'
import { firstTime } from './inbox-rows.ts'
import { cursorOf, pageOf, pageSize } from './page.ts'
import { db, integer, parsed, type Sql } from './query.ts'
import { fromRow, toRow } from './schedule-row.ts'
import type { Store } from './store.ts'

/** Venues, schedules and the audit trail in MySQL. */
export function createMysqlCatalogue({ client, inTransaction }: Store): Catalogue {
  const insert = async (tx: Sql, row: Parameters<Sql['run']>[0], note: AuditNote): Promise<boolean> => {
    try {
      await tx.run(row)
    } catch (error) {
      if (isDuplicate(error)) return false
      throw error
    }
    await insertAudit(tx, client.now(), note)
    return true
  }

  const venue = async (sql: Sql, venueId: Id): Promise<Venue | null> => {
    const row = await sql.first(db.selectFrom('bt_venue').select('document').where('venue_id', '=', venueId))
    return row ? parsed<Venue>(row.document) : null
  }

  const changed: Changed = async (tx, { scheduleId, from, set, by, action, operationId }) => {
    const row = await tx.first(schedulesOf([scheduleId]).forUpdate())
    if (!row || integer(row.version) !== from) return 'stale'
    const before = fromRow(row)
    if (operationId !== undefined && !(await firstTime(tx, operationId, client.now()))) return before
    const after = toRow(applyChange(before, set))
    await tx.run(
      db.updateTable('bt_schedule').set(after).where('schedule_id', '=', scheduleId).where('version', '=', from),
    )
    const entry = changeAudit(before, set, action)
    if (entry) await insertAudit(tx, client.now(), { by, subject: scheduleId, ...entry })
    return fromRow(after)
  }

  return {
    putVenue: ({ venue: put, by }) =>
      inTransaction(
        async (tx) => {
          const row = db.insertInto('bt_venue').values({ venue_id: put.venueId, document: JSON.stringify(put) })
          if (await insert(tx, row, { by, subject: put.venueId, ...venueAudit(put) })) return 'created'
          const known = await venue(tx, put.venueId)
          return known && sameVenue(known, put) ? 'same' : 'conflict'
        },
        { repeatUnknown: true },
      ),

    venue: ({ venueId }) => client.read((sql) => venue(sql, venueId)),

    putSchedule: ({ schedule, epoch, draw, by }) =>
      inTransaction(async (tx) => {
        const row = db.insertInto('bt_schedule').values(toRow(firstRecord(schedule, { epoch, draw })))
        const note = { by, subject: schedule.scheduleId, ...scheduleAudit(schedule) }
        return (await insert(tx, row, note)) ? 'created' : 'exists'
      }),

    schedules: async ({ ids, live, after }) => {
      const from = cursorOf(after)
      if (ids?.length === 0) return { items: [], next: null }
      let query = schedulesOf(ids)
        .where('seq', '>', from)
        .orderBy('seq')
        .limit(pageSize + 1)
      if (live) query = query.where('state', '!=', 'ended')
      return pageOf(await client.read((sql) => sql.rows(query)), fromRow)
    },

    change: async (p) => {
      try {
        return await inTransaction((tx) => changed(tx, p))
      } catch (error) {
        const row =
          error instanceof CommitUnknown && (await client.read((sql) => sql.first(schedulesOf([p.scheduleId]))))
        if (row && integer(row.version) === p.from + 1 && isResult(fromRow(row), p.set)) return fromRow(row)
        throw error
      }
    },

    audit: async ({ after }) => {
      const query = db.selectFrom('bt_audit').selectAll().where('seq', '>', cursorOf(after))
      const rows = await client.read((sql) => sql.rows(query.orderBy('seq').limit(pageSize + 1)))
      return pageOf(rows, ({ seq, at, by_whom, action, subject, detail }) => ({
        id: String(seq),
        at: integer(at),
        by: by_whom,
        action,
        subject,
        detail: parsed(detail),
      }))
    },
  }
}

type Change = Parameters<Catalogue['change']>[0]
type Changed = (tx: Sql, p: Change) => Promise<ScheduleRecord | 'stale'>

function schedulesOf(ids: readonly Id[] | undefined) {
  const all = db.selectFrom('bt_schedule').selectAll()
  return ids ? all.where('schedule_id', 'in', ids) : all
}

/** After a lost reply: whether the record looks as this change would have left it. Then it is of no matter who made it. */
const isResult = (record: ScheduleRecord, set: Change['set']): boolean =>
  JSON.stringify(toRow(record)) === JSON.stringify(toRow({ ...applyChange(record, set), version: record.version }))
