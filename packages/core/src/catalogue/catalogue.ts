import type { Id, Ms, Page } from '../shared/types.ts'
import type { SaleState } from './sale-state.ts'
import type { AuditRow, SaleSettings, ScheduleRecord } from './schedule.ts'
import type { Venue } from './venue.ts'

/** The catalogue as the host uses it: `engine.schedules`. Every method throws `INVALID` for malformed input. */
export interface Schedules {
  /** Puts an equal venue any number of times. @throws `EXISTS` for another venue of this id, `INVALID` with `details.problems`. */
  putVenue(p: { venue: Venue; by?: Id }): Promise<Venue>
  /** @throws `NOT_FOUND` */
  venue(p: { venueId: Id }): Promise<Venue>
  /** `venue` is put first when given. A missing price is the grade's own. @throws `EXISTS`, `NOT_FOUND` (venue). */
  create(p: {
    scheduleId: Id
    venue?: Venue
    venueId?: Id
    name?: string
    prices?: Readonly<Record<Id, number>>
    startsAt?: Ms | null
    opensAt?: Ms | null
    state?: SaleState
    settings?: Partial<SaleSettings>
    by?: Id
  }): Promise<ScheduleRecord>
  /** Cached for at most 1 s. @throws `NOT_FOUND` */
  get(p: { scheduleId: Id }): Promise<ScheduleRecord>
  list(p?: { after?: string }): Promise<Page<ScheduleRecord>>
  /** @throws `STATE_JUMP` for a change the table of states does not have. */
  setState(p: { scheduleId: Id; state: SaleState; by?: Id }): Promise<ScheduleRecord>
  setSettings(p: { scheduleId: Id; settings: Partial<SaleSettings>; by?: Id }): Promise<ScheduleRecord>
  /** A new epoch: ends numbers, tickets, passes and unpinned holds; never payments or bookings. */
  reset(p: { scheduleId: Id; by?: Id }): Promise<ScheduleRecord>
  audit(p?: { after?: string }): Promise<Page<AuditRow>>
}
