import type { SaleState } from '../catalogue/sale-state.ts'
import type { SaleSettings } from '../catalogue/schedule.ts'
import type { Ms } from '../shared/types.ts'
import { boundsOf, type GroupSegment } from './group.ts'
import type { Slice } from './line.ts'

/** What the rule of admission looks at. */
export interface Progress {
  readonly state: SaleState
  readonly tail: number
  readonly admittedThrough: number
  readonly segments: readonly GroupSegment[]
  /** When the first number of the group at the tail was issued. */
  readonly tailSince: Ms
  /** Offered + active, lost slots included. */
  readonly busy: number
  /** Living visitors who wait. */
  readonly waiting: number
  readonly late: number
}

type Limits = Pick<SaleSettings, 'capacity' | 'partialGroupSeconds'>

const freeSlots = (busy: number, { capacity }: Pick<SaleSettings, 'capacity'>): number =>
  capacity === null ? Number.POSITIVE_INFINITY : Math.max(0, capacity - busy)

/** States in which slots are offered. */
export const admits = (state: SaleState): boolean => state === 'open' || state === 'draining'

/**
 * One step of the line: how many numbers it moves on. `k = min(free slots, waiting, rest of the open group, allowance)`; a tick
 * repeats it until 0. Numbers given up on the way cost neither slot nor allowance, the next step makes up for them.
 */
export function stepSize(line: Progress, limits: Limits, allowance: number, now: Ms): number {
  if (!admits(line.state) || line.late > 0 || line.admittedThrough >= line.tail) return 0
  const { first, last } = boundsOf(line.segments, line.admittedThrough + 1)
  const opens = line.admittedThrough + 1 === first
  const full = line.tail >= last
  if (opens && !full && now < line.tailSince + limits.partialGroupSeconds * 1_000) return 0
  return Math.min(
    freeSlots(line.busy, limits),
    line.tail - line.admittedThrough,
    last - line.admittedThrough,
    allowance,
  )
}

/** A joiner passes straight through: nobody waits, nobody is late, a slot and the rate are free. It opens its group at once. */
export const admitsDirectly = (line: Progress, limits: Limits, allowance: number): boolean =>
  line.state === 'open' && line.waiting === 0 && line.late === 0 && freeSlots(line.busy, limits) >= 1 && allowance >= 1

/** Late visitors that may be offered a slot now, before the line moves. */
export const lateOffers = (line: Progress, limits: Limits, allowance: number): number =>
  admits(line.state) ? Math.min(line.late, freeSlots(line.busy, limits), allowance) : 0

type Deadlines = Pick<SaleSettings, 'claimWindowSeconds' | 'graceSeconds'>

/** From then on an unclaimed offer has lapsed. */
export const lapsesAt = (slice: Slice, settings: Deadlines): Ms => slice.at + settings.claimWindowSeconds * 1_000

/** From then on a lapsed visitor cannot return. */
export const graceEndsAt = (slice: Slice, settings: Deadlines): Ms =>
  lapsesAt(slice, settings) + settings.graceSeconds * 1_000
