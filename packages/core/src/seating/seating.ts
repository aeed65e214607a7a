import type { Outcome } from '../shared/outcome.ts'
import type { Id, Ms, Version } from '../shared/types.ts'
import type { Pass } from '../waiting-room/pass.ts'
import type { Allocation, Together } from './allocator/allocation.ts'
import type { Hold } from './hold.ts'
import type { MapDelta, MapSnapshot, SeatState } from './occupancy.ts'

export type SelectRefusal =
  | { readonly reason: 'SEAT_TAKEN'; readonly seatIds: readonly Id[] }
  | { readonly reason: 'SEAT_UNKNOWN'; readonly seatIds: readonly Id[] }
  | { readonly reason: 'SEAT_DUPLICATE'; readonly seatIds: readonly Id[] }
  | { readonly reason: 'QUANTITY_INVALID'; readonly limit: number }
  | HolderRefusal

export type AutoAssignRefusal =
  | { readonly reason: 'SEATS_UNAVAILABLE'; readonly largestFit: number }
  | { readonly reason: 'QUANTITY_INVALID'; readonly limit: number }
  | HolderRefusal

type HolderRefusal =
  | { readonly reason: 'HOLD_LIMIT'; readonly limit: number; readonly owned: number }
  | { readonly reason: 'HOLD_COOLDOWN'; readonly retryInMs: Ms }
  /** The sale has ended: no new holds. */
  | { readonly reason: 'SALE_CLOSED' }

/** A hold just taken; `repeated` when this very selection was held before (the same hold, deadline unchanged). */
export type TakenHold = Hold & { readonly repeated: boolean }

/**
 * Seats as the host uses them: `engine.seating`. Writing methods pass the pass gate first and throw `PASS_EXPIRED`; every
 * method throws `INVALID` for malformed input and `BUSY` when a store cannot answer.
 */
export interface Seating {
  select(p: {
    pass: Pass
    seatIds: readonly Id[]
    /** Seats of other channels are taken as far as this visitor is concerned. */
    channels?: readonly Id[]
    operationId?: Id
    /** Releases this hold and takes the new seats in one step, or nothing. */
    replaces?: { readonly holdId: Id; readonly version: Version }
  }): Promise<Outcome<TakenHold, SelectRefusal | { readonly reason: 'HOLD_EXPIRED' }>>
  autoAssign(p: {
    pass: Pass
    quantity?: number
    parts?: readonly { readonly grade: Id; readonly quantity: number }[]
    section?: Id
    preferredSection?: Id
    grade?: Id
    accessible?: number
    together?: Together
    channels?: readonly Id[]
    explain?: boolean
    operationId?: Id
  }): Promise<Outcome<TakenHold & { readonly allocation: Allocation }, AutoAssignRefusal>>
  /** Live and paying holds of this visitor. */
  holds(p: { pass: Pass }): Promise<readonly Hold[]>
  /** @throws `NOT_FOUND` for an unknown hold and for someone else's; `HOLD_EXPIRED` is not told apart from unknown once it is freed. */
  hold(p: { pass: Pass; holdId: Id }): Promise<Hold>
  /** Repeatable. @throws `NOT_FOUND` for someone else's, `PAYMENT_IN_PROGRESS` for a pinned one. */
  release(p: { pass: Pass; holdId: Id }): Promise<void>
  extend(p: { pass: Pass; holdId: Id; operationId?: Id }): Promise<Outcome<Hold, { readonly reason: 'HOLD_EXPIRED' }>>
  /** Releases every unpinned hold of a visitor who left. */
  releaseAll(p: { scheduleId: Id; visitor: Id }): Promise<void>
  sections(p: { scheduleId: Id }): Promise<{
    readonly version: Version
    readonly sections: readonly { readonly section: Id; readonly capacity: number; readonly available: number }[]
  }>
  section(p: {
    scheduleId: Id
    section: Id
  }): Promise<{ readonly version: Version; readonly rows: readonly SeatRowState[] }>
  /** The packed map from this process's copy, at most one feed tick old. */
  map(p: { scheduleId: Id; since?: Version }): Promise<MapSnapshot | MapDelta>
  /** Changes as they happen, from `since` (default: now), ending when `signal` aborts. A gap yields a snapshot. */
  watch(p: { scheduleId: Id; since?: Version; signal?: AbortSignal }): AsyncIterable<MapSnapshot | MapDelta>
  /** @throws `SEAT_UNKNOWN`, `SEAT_OWNED` with `details.seatIds`. */
  block(p: { scheduleId: Id; seatIds: readonly Id[]; blocked: boolean; reason?: string; by?: Id }): Promise<void>
  stats(p: { scheduleId: Id }): Promise<{
    readonly capacity: number
    readonly available: number
    readonly reserved: number
    readonly completed: number
    readonly blocked: number
  }>
}

export interface SeatRowState {
  readonly id: Id
  readonly label: string
  readonly seats: readonly {
    readonly seatId: Id
    readonly label: string
    readonly state: SeatState
    readonly accessible?: boolean
  }[]
}
