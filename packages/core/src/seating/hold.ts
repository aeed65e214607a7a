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

export const partsSize = (parts: readonly Part[]): number => parts.reduce((sum, part) => sum + part.seats.length, 0)

/** A hold is live before this instant and free at it. Not after `now`: the pass is over, nothing can be held. */
export const holdDeadline = (p: { readonly now: Ms; readonly ttlMs: Ms; readonly notAfter: Ms }): Ms =>
  Math.min(p.now + p.ttlMs, p.notAfter)

export const isDue = (hold: Pick<HoldRecord, 'expiresAt' | 'requestId'>, now: Ms): boolean =>
  hold.requestId === null && hold.expiresAt <= now

/** now + ttl, never past created + 3 · ttl or the pass's end; never earlier than it was: at the cap nothing changes. */
export function extendedDeadline(
  hold: Pick<HoldRecord, 'createdAt' | 'expiresAt'>,
  p: { readonly now: Ms; readonly ttlMs: Ms; readonly notAfter: Ms },
): Ms {
  return Math.max(hold.expiresAt, Math.min(p.now + p.ttlMs, hold.createdAt + 3 * p.ttlMs, p.notAfter))
}

/** So many expiries of a holder in a row begin a pause of so many ms, at the deadline of the last of them. */
export const coolDown = { expiries: 5, pauseMs: 60_000 } as const

/** How a holder's holds have ended lately. */
export interface ExpiryRow {
  readonly expiries: number
  readonly pausedUntil: Ms
}

export const noExpiries: ExpiryRow = { expiries: 0, pausedUntil: 0 }

/** The row after one more hold of this holder ended at its deadline. */
export function afterExpiry(row: ExpiryRow, deadline: Ms): ExpiryRow {
  const expiries = row.expiries + 1
  return expiries < coolDown.expiries
    ? { ...row, expiries }
    : { expiries: 0, pausedUntil: Math.max(row.pausedUntil, deadline + coolDown.pauseMs) }
}

/** How long answered operations are kept: the longest hold (created + 3 · ttl) + 1 h. */
export const operationsKeptMs = (longestTtlMs: Ms): Ms => 3 * longestTtlMs + 3_600_000

/** The smallest difference two versions of neighbouring incarnations have. */
export const incarnationSpan = 2 ** 32

export const incarnationOf = (version: Version): number => Math.floor(version / incarnationSpan)

/** Places grouped by section, sections as `rank` orders them, seats ascending. */
export function partsOf(
  places: readonly { readonly section: Id; readonly index: number }[],
  rank: (section: Id) => number,
): readonly Part[] {
  const bySection = new Map<Id, number[]>()
  for (const { section, index } of places) {
    const seats = bySection.get(section)
    if (seats) seats.push(index)
    else bySection.set(section, [index])
  }
  return [...bySection]
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([section, seats]) => ({ section, seats: seats.sort((a, b) => a - b) }))
}

export const sameParts = (a: readonly Part[], b: readonly Part[]): boolean =>
  a.length === b.length &&
  a.every(({ section, seats }, i) => {
    const other = b[i]!
    return (
      section === other.section && seats.length === other.seats.length && seats.every((s, j) => s === other.seats[j])
    )
  })
