import type { Id, SeatSource, Section } from '@b-ticketing/core/ports'
import { sql } from 'kysely'
import { db, integer, type Sql, statement } from './query.ts'

type Create = Omit<Parameters<SeatSource['createSeats']>[0], 'section'> & { readonly section: Section }

/** A run of seats by index. */
export interface SeatRun {
  readonly from: number
  readonly count: number
}

/** Makes seats at the end of an elastic section, once per operation. Null: there would be too many. */
export async function makeSeats(tx: Sql, p: Create): Promise<SeatRun | null> {
  const { scheduleId, section, operationId, count } = p
  const before = section.capacity + (await lockCreated(tx, scheduleId, section.id))
  const known = await madeBy(tx, p)
  if (known) return known
  if (count < 1 || before + count > Math.min(p.max, section.maxCapacity ?? 0)) return null
  const rows = Array.from({ length: count }, (_, i) => [scheduleId, section.id, before + i, operationId])
  await tx.run(statement('INSERT INTO bt_created_seat (schedule_id, section, seat, operation_id) VALUES ?', [rows]))
  const created = before + count - section.capacity
  await tx.run(
    db
      .updateTable('bt_created_seats')
      .set({ created })
      .where('schedule_id', '=', scheduleId)
      .where('section', '=', section.id),
  )
  return { from: before, count }
}

/** The number of seats created so far; whoever creates next waits for this transaction. */
async function lockCreated(tx: Sql, scheduleId: Id, section: Id): Promise<number> {
  const first = db.insertInto('bt_created_seats').values({ schedule_id: scheduleId, section, created: 0 })
  await tx.run(first.onDuplicateKeyUpdate({ created: sql`created` }))
  const mine = db.selectFrom('bt_created_seats').select('created').where('schedule_id', '=', scheduleId)
  return integer((await tx.first(mine.where('section', '=', section)))?.created)
}

async function madeBy(tx: Sql, { scheduleId, section, operationId }: Create): Promise<SeatRun | null> {
  const mine = db
    .selectFrom('bt_created_seat')
    .select('seat')
    .where('schedule_id', '=', scheduleId)
    .where('section', '=', section.id)
    .where('operation_id', '=', operationId)
  const rows = await tx.rows(mine.orderBy('seat'))
  return rows[0] ? { from: rows[0].seat, count: rows.length } : null
}
