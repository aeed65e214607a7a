import type { SaleState } from '../catalogue/sale-state.ts'
import type { ScheduleRecord } from '../catalogue/schedule.ts'
import type { Id, Ms, Page, Version } from '../shared/types.ts'
import type { LineCounts, QueueMember } from './waiting-room.ts'

/** The one shared document of a line: with a visitor's ticket it is all that a waiting poll needs. */
export interface LineDocument {
  readonly scheduleId: Id
  readonly epoch: Id
  readonly version: Version
  readonly storeTime: Ms
  readonly state: SaleState
  /** Version of the schedule record in force. */
  readonly recordVersion: Version
  readonly tail: number
  readonly ceiling: number
  readonly admittedThrough: number
  /** Offers not yet past their grace, oldest first. */
  readonly slices: readonly Slice[]
  /** Numbers of the late set, ascending; at most the first 1 000, `counts.late` says how many there are. */
  readonly late: readonly number[]
  readonly segments: readonly GroupSegment[]
  readonly ratePerMinute: number | null
  readonly capacity: number | null
  /** Admitted in the last 60 s: what the ETA is made of. */
  readonly admittedLastMinute: number
  readonly counts: LineCounts
  /** Set once the pre-queue has become a line. */
  readonly draw: {
    readonly n: number
    readonly key: string
    readonly beacon: string | null
    readonly policy: 'fifo' | 'draw'
  } | null
}

export interface Slice {
  readonly from: number
  readonly to: number
  readonly at: Ms
}

/** Numbers from `fromNumber` on stand in groups of `size`, the first of which is `fromGroup`. */
export interface GroupSegment {
  readonly fromNumber: number
  readonly fromGroup: number
  readonly size: number
}

export type JoinReply =
  | { readonly is: 'number'; readonly number: number; readonly created: boolean }
  /** Direct admission: admitted in the step that issued the number. */
  | { readonly is: 'admitted'; readonly number: number; readonly until: Ms; readonly created: boolean }
  | { readonly is: 'rank'; readonly rank: number; readonly created: boolean }
  | { readonly is: 'closed' }
  /** The record's ceiling leaves no headroom: raise it and join again. */
  | { readonly is: 'ceiling' }

export type PlaceReply =
  | { readonly is: 'active'; readonly number: number; readonly until: Ms }
  | { readonly is: 'waiting' | 'late' | 'lapsed' | 'expired' | 'left' | 'epoch-over' }

/** The store may have lost data (restart, failover): run recovery with `configure`, then call again. Nothing changed. */
export type Recover = 'RECOVER'

/** The line of each sale. Each method is one atomic, batched step by the store's own clock. */
export interface AdmissionQueue {
  /**
   * Numbers in the order of `joins`. Idempotent per visitor: a repeat answers the first number while it lives; after left,
   * done or expired a new and later one. `ticket`: a number of this epoch proven by signature, restored if the store forgot it.
   */
  join(p: {
    readonly scheduleId: Id
    readonly epoch: Id
    readonly joins: readonly { readonly visitor: Id; readonly operationId: Id; readonly ticket?: number }[]
  }): Promise<readonly JoinReply[] | Recover>
  /** Admits, lapses, returns slots, and reads. Any number of processes may call it at any rate. */
  tick(p: { readonly scheduleId: Id }): Promise<LineDocument | Recover>
  /**
   * `claim`: an offered place becomes active and its pass begins (once, however often it is claimed); a lapsed one within
   * grace joins the late set. `check`: the state only, and an unknown number ≤ tail is registered active until `until`.
   * A pre-queue place names its rank: the draw made of it is resolved here.
   */
  claim(p: {
    readonly scheduleId: Id
    readonly epoch: Id
    readonly mode: 'claim' | 'check'
    readonly places: readonly { readonly number: number; readonly visitor: Id; readonly until?: Ms }[]
  }): Promise<readonly PlaceReply[] | Recover>
  /** True: this call ended the place. Its slot is free for the next tick. */
  leave(p: {
    readonly scheduleId: Id
    readonly epoch: Id
    readonly places: readonly { readonly number: number; readonly visitor: Id; readonly as: 'done' | 'left' }[]
  }): Promise<readonly boolean[] | Recover>
  /** Takes over a schedule record if its version is newer: opening, draw, settings, ceiling, reset, recovery. */
  configure(p: {
    readonly scheduleId: Id
    readonly record: ScheduleRecord
    readonly recover?: boolean
  }): Promise<LineDocument | Recover>
  /** In number order, from the group lists. Pages of at most 1 000. */
  members(p: {
    readonly scheduleId: Id
    readonly epoch: Id
    readonly group?: number
    readonly after?: string
  }): Promise<Page<QueueMember>>
}
