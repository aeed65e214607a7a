import type { Brand } from '../shared/brand.ts'
import type { Money } from '../shared/money.ts'
import type { Id, Ms, Version } from '../shared/types.ts'

/** Seats of one section by index (venue order, created seats after the listed ones), ascending. */
export interface Part {
  readonly section: Id
  readonly seats: readonly number[]
}

/** A hold as the stores keep it. Every later step names holdId + version; a stale holder changes nothing. */
export interface HoldRecord {
  readonly holdId: Id
  readonly version: Version
  readonly scheduleId: Id
  readonly holder: Id
  /** In the order of the venue's sections. */
  readonly parts: readonly Part[]
  /** Price of all its seats when it was taken. */
  readonly price: Money
  readonly createdAt: Ms
  readonly expiresAt: Ms
  /** The line's epoch of the pass it was taken with; a reset releases the unpinned holds of older ones. */
  readonly epoch: Id
  /** Set by `pin`: the payment that owns the seats; such a hold never ends by time. */
  readonly requestId: Id | null
}

export interface HeldSeat {
  readonly seatId: Id
  readonly section: Id
  readonly row: string
  readonly label: string
  readonly grade: Id
  readonly price: Money
}

/** The typed slip between seating and payment. Made only by seating. */
export type Hold = Brand<HoldRecord & { readonly seats: readonly HeldSeat[]; readonly amount: Money }, 'Hold'>
