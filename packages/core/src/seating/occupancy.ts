import type { Id, Ms, Version } from '../shared/types.ts'

/** State of a seat as the world sees it, and its code in packed maps. PAYING is shown as RESERVED. */
export const seatStates = ['AVAILABLE', 'RESERVED', 'COMPLETED', 'BLOCKED'] as const
export type SeatState = (typeof seatStates)[number]
export type SeatCode = 0 | 1 | 2 | 3

/**
 * One section, packed: seat *i* (venue order, created seats after the listed ones) is bits 2(*i* mod 4) of byte *i* div 4,
 * least significant first. `codes` has ⌈count / 4⌉ bytes.
 */
export interface PackedSection {
  readonly section: Id
  /** Seats that exist: listed ones + those an elastic section has created. */
  readonly count: number
  readonly codes: Uint8Array
  /** Grows with every change of this section. */
  readonly version: Version
}

export interface MapSnapshot {
  readonly is: 'snapshot'
  /** The schedule's version: not below any of its sections'. */
  readonly version: Version
  readonly storeTime: Ms
  readonly sections: readonly PackedSection[]
}

/** Every change after `from`, in order; applying it to the snapshot at `from` gives the snapshot at `version`. */
export interface MapDelta {
  readonly is: 'delta'
  readonly from: Version
  readonly version: Version
  readonly storeTime: Ms
  readonly changes: readonly SeatChange[]
}

/** Why a seat changed. */
export type ChangeOrigin = 'USER' | 'EXPIRY' | 'PAYMENT' | 'ADMIN'

export interface SeatChange {
  readonly section: Id
  readonly seat: number
  readonly code: SeatCode
  readonly version: Version
  readonly origin: ChangeOrigin
}
