import type { Id } from '../shared/types.ts'
import type { ScheduleRecord } from './schedule.ts'
import type { SeatMap } from './seat-map.ts'

/** What the rooms behind the catalogue need of it; the hallway hands it to their services and loops. */
export interface SaleRecords {
  /** From a copy that is at most 500 ms old; reads of one turn travel as one. @throws `NOT_FOUND` */
  get(p: { readonly scheduleId: Id }): Promise<ScheduleRecord>
  /** Read now, past the copy; reads of one turn travel as one. @throws `NOT_FOUND` */
  fresh(p: { readonly scheduleId: Id }): Promise<ScheduleRecord>
  /** The last record this process saw, however old; null when it saw none. */
  peek(p: { readonly scheduleId: Id }): ScheduleRecord | null
  /** Sales that have not ended, and those that ended while this process watched. At most 500 ms old. */
  live(): Promise<readonly ScheduleRecord[]>
  /** The immutable seat map behind a schedule. @throws `NOT_FOUND` */
  seatMap(p: { readonly scheduleId: Id }): Promise<SeatMap>
  /** Jumps a scheduled or pre-queueing sale to `open`, audited as the loop's; any other is answered as it is. */
  open(p: { readonly scheduleId: Id }): Promise<ScheduleRecord>
  /**
   * After a loss of data. `from` is the incarnation that was lost: of many processes that notice, the first bumps it and
   * the others are answered the record as it then is.
   */
  bumpIncarnation(p: { readonly scheduleId: Id; readonly from: number }): Promise<ScheduleRecord>
}
