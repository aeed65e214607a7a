import type { Seat } from '../catalogue/venue.ts'
import type { Id, Version } from '../shared/types.ts'
import type { Claim } from './claim.ts'
import type { HoldRecord } from './hold.ts'

/** A section as the record knows it: one snapshot of seats, blocks, live claims and holds. */
export interface SectionState {
  readonly section: Id
  /** Seats that exist, created ones included. */
  readonly count: number
  /** Created seats (elastic), in index order after the listed ones: `createdSeat` of their index. */
  readonly created: readonly Seat[]
  readonly blocked: readonly { readonly seat: number; readonly recordVersion: Version }[]
  readonly claims: readonly Claim[]
  /** Not ended, of the line's present epoch, and without a claimed seat. Which of them are due is the inventory's to say, by its own clock. */
  readonly holds: readonly HoldRecord[]
}

export type HoldChange =
  | { readonly is: 'held'; readonly hold: HoldRecord }
  /** Ends the hold at this version and below, for ever: a `held` that arrives late is passed over. */
  | { readonly is: 'ended'; readonly scheduleId: Id; readonly holdId: Id; readonly version: Version }

/** The record side of seating. */
export interface SeatSource {
  /** Default: every section of the venue. Unknown schedules and sections are left out. */
  load(p: { readonly scheduleId: Id; readonly sections?: readonly Id[] }): Promise<readonly SectionState[]>
  /** Written behind, in any order, any number of times; each is applied only if its version is newer than the row's. */
  saveHolds(p: { readonly changes: readonly HoldChange[] }): Promise<void>
  /**
   * Makes `count` seats of an elastic section, all or none; repeated by operationId: the same seats. `full`: there would be
   * more than `max` or than the section may have, or it is not elastic. Two creators never get the same seat.
   */
  createSeats(p: {
    readonly scheduleId: Id
    readonly section: Id
    readonly operationId: Id
    readonly count: number
    readonly max: number
  }): Promise<{ readonly from: number; readonly seats: readonly Seat[] } | 'full'>
  /**
   * All or none, with an audit row (`seats-blocked`, `seats-unblocked`; subject: the schedule; detail: seatIds and reason) in the
   * same transaction; a claimed seat refuses the call and is named. Version *i* is the recordVersion of seat *i*. Repeatable.
   */
  block(p: {
    readonly scheduleId: Id
    readonly parts: readonly { readonly section: Id; readonly seat: number; readonly seatId: Id }[]
    readonly blocked: boolean
    readonly by: Id
    readonly reason?: string
  }): Promise<
    { readonly ok: true; readonly versions: readonly Version[] } | { readonly ok: false; readonly owned: readonly Id[] }
  >
}
