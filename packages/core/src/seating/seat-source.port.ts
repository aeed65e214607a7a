import type { Seat } from '../catalogue/venue.ts'
import type { Id, Version } from '../shared/types.ts'
import type { Claim } from './claim.ts'
import type { HoldRecord } from './hold.ts'

/** A section as the record knows it: one snapshot of seats, blocks, live claims and undue holds. */
export interface SectionState {
  readonly section: Id
  /** Seats that exist, created ones included. */
  readonly count: number
  /** Created seats (elastic), in index order after the listed ones. */
  readonly created: readonly Seat[]
  readonly blocked: readonly { readonly seat: number; readonly recordVersion: Version }[]
  readonly claims: readonly Claim[]
  readonly holds: readonly HoldRecord[]
}

export type HoldChange =
  | { readonly is: 'held'; readonly hold: HoldRecord }
  | { readonly is: 'ended'; readonly scheduleId: Id; readonly holdId: Id; readonly version: Version }

/** The record side of seating. */
export interface SeatSource {
  /** Default: every section of the venue. */
  load(p: { readonly scheduleId: Id; readonly sections?: readonly Id[] }): Promise<readonly SectionState[]>
  /** Written behind; each is applied only if its version is newer than the row's. */
  saveHolds(p: { readonly changes: readonly HoldChange[] }): Promise<void>
  /** Makes `count` seats of an elastic section under unique labels, all or none; repeated by operationId: the same seats. */
  createSeats(p: {
    readonly scheduleId: Id
    readonly section: Id
    readonly operationId: Id
    readonly count: number
    readonly max: number
  }): Promise<{ readonly from: number; readonly seats: readonly Seat[] } | 'full'>
  /** All or none; a claimed seat refuses the call and is named. Version *i* is the recordVersion of seat *i*. */
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
