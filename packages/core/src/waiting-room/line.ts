import type { SaleState } from '../catalogue/sale-state.ts'
import type { Id, Ms, Version } from '../shared/types.ts'
import { type GroupSegment, groupOf } from './group.ts'

/** The one shared document of a line: with a visitor's ticket it is all that a waiting poll needs. */
export interface LineDocument {
  readonly scheduleId: Id
  readonly epoch: Id
  /** Grows with every change of anything below but `storeTime`. */
  readonly version: Version
  readonly storeTime: Ms
  readonly state: SaleState
  /** Version of the schedule record in force. */
  readonly recordVersion: Version
  /** Numbers (before the opening: ranks) issued. */
  readonly tail: number
  readonly ceiling: number
  readonly admittedThrough: number
  /** Offers within their claim window, oldest first. */
  readonly slices: readonly Slice[]
  /** Numbers of the late set, ascending; at most the first 1 000, `counts.late` says how many there are. */
  readonly late: readonly number[]
  /** Numbers given up while they waited, newest last; at most 1 000. */
  readonly left: readonly number[]
  readonly segments: readonly GroupSegment[]
  readonly ratePerMinute: number | null
  readonly capacity: number | null
  /** Admitted in the last 60 s, and the span of it that was measured: what the ETA is made of. */
  readonly admittedLastMinute: number
  readonly measuredMs: Ms
  readonly counts: LineCounts
  /** Set once the pre-queue has become a line. */
  readonly draw: LineDraw | null
}

/** How ranks became numbers: `fifo` in their order, `draw` by a keyed permutation of 1..n. Ranks above n keep their order. */
export interface LineDraw {
  readonly policy: 'fifo' | 'draw'
  readonly n: number
  /** Hex; empty for `fifo`. */
  readonly key: string
  readonly beacon: string | null
}

export interface Slice {
  readonly from: number
  readonly to: number
  readonly at: Ms
}

/** W16: joined = waiting + offered + active + lapsed + late + done + expired + left, at every tick. */
export interface LineCounts {
  readonly joined: number
  /** Those of `waiting` whose number the opening has yet to give. */
  readonly prequeued: number
  readonly waiting: number
  readonly offered: number
  readonly active: number
  readonly lapsed: number
  readonly late: number
  readonly done: number
  readonly expired: number
  readonly left: number
  readonly admittedThrough: number
  readonly currentGroup: number
}

export interface QueueMember {
  readonly group: number
  readonly number: number
  readonly visitor: Id
}

/** The life of the line that a document is from. */
export const lineIncarnationOf = (version: Version): number => Math.floor(version / 2 ** 32)

/** Before it opens, a sale has ranks and no numbers. */
export const opened = (state: SaleState): boolean => state !== 'scheduled' && state !== 'prequeue'

/** W16, as a rule: true when the books of a line balance. */
export function balanced(counts: LineCounts): boolean {
  const { joined, waiting, offered, active, lapsed, late, done, expired, left } = counts
  const parts = [waiting, offered, active, lapsed, late, done, expired, left]
  return parts.every((part) => part >= 0) && joined === parts.reduce((sum, part) => sum + part, 0)
}

export const currentGroup = (line: Pick<LineDocument, 'segments' | 'admittedThrough'>): number =>
  line.admittedThrough === 0 ? 0 : groupOf(line.segments, line.admittedThrough)

/** Places before this number: in the line, or among the late when the line has passed it. 0 = next. */
export function aheadOf(line: Pick<LineDocument, 'admittedThrough' | 'late'>, number: number): number {
  if (number > line.admittedThrough) return number - line.admittedThrough - 1
  return line.late.filter((late) => late < number).length
}
