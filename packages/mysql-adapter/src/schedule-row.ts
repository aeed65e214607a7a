import type { ScheduleRecord } from '@b-ticketing/core/ports'
import type { Selectable } from 'kysely'
import { integer, parsed } from './query.ts'
import type { Tables } from './tables.ts'

type ScheduleRow = Omit<Selectable<Tables['bt_schedule']>, 'seq'>

/** What the database is asked about has a column; the rest is in the document. */
export function toRow(record: ScheduleRecord): ScheduleRow {
  const { scheduleId, venueId, state, version, epoch, ceiling, incarnation, ...rest } = record
  const document = JSON.stringify(rest)
  return { schedule_id: scheduleId, venue_id: venueId, state, version, epoch, ceiling, incarnation, document }
}

export const fromRow = (row: ScheduleRow): ScheduleRecord => ({
  ...parsed<Omit<ScheduleRecord, keyof ReturnType<typeof columnsOf>>>(row.document),
  ...columnsOf(row),
})

const columnsOf = (row: ScheduleRow) => ({
  scheduleId: row.schedule_id,
  venueId: row.venue_id,
  state: row.state,
  version: integer(row.version),
  epoch: row.epoch,
  ceiling: integer(row.ceiling),
  incarnation: integer(row.incarnation),
})
