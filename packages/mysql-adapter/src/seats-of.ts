import type { Id, Part } from '@b-ticketing/core/ports'
import { type RawBuilder, sql } from 'kysely'

/**
 * A condition for these seats of a schedule, for tables keyed by (schedule_id, section, seat): each section a range of its own, so that
 * both servers read, and lock, just these rows.
 */
export function seatsOf(scheduleId: Id, parts: readonly Part[]): RawBuilder<boolean> {
  const ofParts = parts.map(
    ({ section, seats }) =>
      sql`(schedule_id = ${scheduleId} AND section = ${section} AND seat IN (${sql.join([...seats])}))`,
  )
  return sql<boolean>`(${sql.join(ofParts, sql` OR `)})`
}

/** Every transaction locks seats in this order: sections by name, seats by index. */
export function inLockOrder(seats: readonly { readonly section: Id; readonly seat: number }[]): readonly Part[] {
  return [...Map.groupBy(seats, ({ section }) => section)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([section, own]) => ({ section, seats: own.map(({ seat }) => seat).sort((a, b) => a - b) }))
}
