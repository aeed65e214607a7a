import type { AuditRow } from '../shared/audit.ts'
import type { Id, Page, Version } from '../shared/types.ts'
import type { SaleChange, Schedule, ScheduleRecord } from './schedule.ts'
import type { Venue } from './venue.ts'

/** Venues, schedules and the audit trail, in the record. Every change and its audit row are one transaction, here and in other rooms. */
export interface Catalogue {
  /** `same`: the equal venue is there already; `conflict`: another venue has this id (venues are immutable). */
  putVenue(p: { readonly venue: Venue; readonly by: Id }): Promise<'created' | 'same' | 'conflict'>
  /** Null: unknown. */
  venue(p: { readonly venueId: Id }): Promise<Venue | null>
  /** Starts version 1, incarnation 1 and ceiling 0. `exists` changes nothing. */
  putSchedule(p: {
    readonly schedule: Schedule
    readonly epoch: Id
    readonly draw: ScheduleRecord['draw']
    readonly by: Id
  }): Promise<'created' | 'exists'>
  /**
   * In order of creation; `ids` limits the answer to these (unknown ones are left out), `live` to those that have not ended.
   * Pages of at most 100. @throws `INVALID` for an `after` that is no cursor of this list.
   */
  schedules(p: {
    readonly ids?: readonly Id[]
    readonly live?: boolean
    readonly after?: string
  }): Promise<Page<ScheduleRecord>>
  /**
   * Compare-and-set on the record's version, with an audit row; `stale` (also: unknown) changes nothing. Done once per
   * `operationId`: a repeat changes nothing and answers the record as it stands.
   */
  change(p: {
    readonly scheduleId: Id
    readonly from: Version
    readonly set: SaleChange
    readonly by: Id
    /** What the audit row says; default: the names of the changed fields. Ceiling raises are not audited. */
    readonly action?: string
    readonly operationId?: Id
  }): Promise<ScheduleRecord | 'stale'>
  /** The acts of every room, newest last. Pages of at most 100. @throws `INVALID` for an `after` that is no cursor of this list. */
  audit(p: { readonly after?: string }): Promise<Page<AuditRow>>
}
