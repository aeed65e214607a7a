import { acts, appendAudit, auditRows } from '../shared/audit.memory.ts'
import { TicketingError } from '../shared/errors.ts'
import { defineTable, type MemoryRecord } from '../shared/record.memory.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Page } from '../shared/types.ts'
import type { Catalogue } from './catalogue.port.ts'
import type { ScheduleRecord } from './schedule.ts'
import { type AuditEntry, applyChange, changeAudit, firstRecord, scheduleAudit, venueAudit } from './schedule-change.ts'
import { copyVenue, sameVenue, type Venue } from './venue.ts'

/** By venueId. */
export const venues = defineTable<Venue>('venue')
/** By scheduleId, in order of creation. */
export const schedules = defineTable<ScheduleRecord>('schedule')
export function createMemoryCatalogue(p: {
  readonly record: MemoryRecord
  readonly runtime: Pick<Runtime, 'now'>
}): Catalogue {
  const { record } = p
  const note = (by: Id, subject: Id, { action, detail }: AuditEntry): void =>
    appendAudit(record, p.runtime.now(), { by, action, subject, detail })

  return {
    async putVenue({ venue, by }) {
      const known = record.table(venues).get(venue.venueId)
      if (known) return sameVenue(known, venue) ? 'same' : 'conflict'
      record.table(venues).set(venue.venueId, copyVenue(venue))
      note(by, venue.venueId, venueAudit(venue))
      return 'created'
    },
    async venue({ venueId }) {
      return record.table(venues).get(venueId) ?? null
    },
    async putSchedule({ schedule, epoch, draw, by }) {
      const rows = record.table(schedules)
      if (rows.has(schedule.scheduleId)) return 'exists'
      rows.set(schedule.scheduleId, firstRecord(structuredClone(schedule), { epoch, draw }))
      note(by, schedule.scheduleId, scheduleAudit(schedule))
      return 'created'
    },
    async schedules({ ids, live, after }) {
      const wanted = ids && new Set(ids)
      const asked = (row: ScheduleRecord) => (!wanted || wanted.has(row.scheduleId)) && (!live || row.state !== 'ended')
      return pageOf([...record.table(schedules).values()], after, asked)
    },
    async change({ scheduleId, from, set, by, action, operationId }) {
      const rows = record.table(schedules)
      const before = rows.get(scheduleId)
      if (before?.version !== from) return 'stale'
      if (operationId !== undefined) {
        if (record.table(acts).has(operationId)) return before
        record.table(acts).set(operationId, true)
      }
      const after = applyChange(before, structuredClone(set))
      rows.set(scheduleId, after)
      const entry = changeAudit(before, set, action)
      if (entry) note(by, scheduleId, entry)
      return after
    },
    async audit({ after }) {
      return pageOf([...record.table(auditRows).values()], after, () => true)
    },
  }
}

const pageSize = 100

/** The cursor is the number of rows passed, so a page never slips when rows are added. */
function pageOf<T>(rows: readonly T[], after: string | undefined, asked: (row: T) => boolean): Page<T> {
  if (after !== undefined && !/^\d{1,15}$/.test(after))
    throw new TicketingError('INVALID', 'after must be the next of a page')
  const items: T[] = []
  for (let at = Number(after ?? 0); at < rows.length; at++) {
    const row = rows[at] as T
    if (!asked(row)) continue
    if (items.length === pageSize) return { items, next: String(at) }
    items.push(row)
  }
  return { items, next: null }
}
