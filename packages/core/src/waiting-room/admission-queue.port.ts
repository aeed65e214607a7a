import type { ScheduleRecord } from '../catalogue/schedule.ts'
import type { Id, Ms, Page } from '../shared/types.ts'
import type { LineDocument, QueueMember } from './line.ts'
import type { Place } from './queue-ticket.ts'

export type { LineDocument } from './line.ts'

export type JoinReply =
  | { readonly is: 'number'; readonly number: number; readonly created: boolean }
  /** Direct admission: admitted in the step that issued the number; or a repeat by one who is active. */
  | { readonly is: 'admitted'; readonly number: number; readonly until: Ms; readonly created: boolean }
  /**
   * A place in the pre-queue. After the opening a repeat may still answer it: the caller resolves it by the document's draw
   * and joins again with that number as `ticket`.
   */
  | { readonly is: 'rank'; readonly rank: number; readonly created: boolean }
  /** Draining or ended: no new places. */
  | { readonly is: 'closed' }
  /** The record's ceiling leaves no headroom: raise it and join again. */
  | { readonly is: 'ceiling' }
  /** The line is in another epoch than the caller. */
  | { readonly is: 'epoch-over' }

export type PlaceReply =
  | { readonly is: 'active'; readonly number: number; readonly until: Ms }
  | { readonly is: 'waiting' | 'late' | 'lapsed' | 'expired' | 'left' | 'epoch-over' }

/** The store may have lost data (restart, failover): run recovery with `configure`, then call again. Nothing changed. */
export type Recover = 'RECOVER'

/**
 * The line of each sale. Each method is one atomic, batched step, judged by the store's own clock: it first ends what is due
 * (claim windows, graces, passes), then does its work. Reply *i* answers command *i*; commands do not depend on one another.
 *
 * The store keeps per sale a handful of counters, the open slices and 61 buckets; per number a few bits once it was admitted
 * or left; and, for those who wait, nothing but the one-place index (visitor → number) and the lists of the groups.
 * Signed tickets carry the rest. Its `RECOVER` depends on what it stands on: see `configure`.
 */
export interface AdmissionQueue {
  /**
   * Gives numbers in the order of `joins`; in a sale that has not opened, ranks. Idempotent per visitor: a repeat answers the
   * first place while it lives. After left, done or expired a new and later one, unless `operationId` is the one that made
   * the ended place (a late repeat of that very join). `ticket`: a place of this epoch proven by signature; it is the
   * visitor's unless the store knows it as left, done or expired. Draining answers those who have a place, ended nobody.
   */
  join(p: {
    readonly scheduleId: Id
    readonly epoch: Id
    readonly joins: readonly { readonly visitor: Id; readonly operationId: Id; readonly ticket?: Place }[]
  }): Promise<readonly JoinReply[] | Recover>
  /** Admits, lapses, returns slots, and reads. Any number of processes may call it at any rate. */
  tick(p: { readonly scheduleId: Id }): Promise<LineDocument | Recover>
  /**
   * `claim`: an offered place becomes active and its pass begins (once, however often it is claimed); a lapsed one within
   * grace joins the late set and is `late`. `check`: a pass that was verified, with its end; a place the store knows as left,
   * done or expired is refused, any other number ≤ tail is registered active until `until`, and the line has passed it.
   */
  claim(p: {
    readonly scheduleId: Id
    readonly epoch: Id
    readonly mode: 'claim' | 'check'
    readonly places: readonly { readonly number: number; readonly visitor: Id; readonly until?: Ms }[]
  }): Promise<readonly PlaceReply[] | Recover>
  /**
   * True: this call ended the place; its slot is free for the next tick. Without `place` it is looked up in the one-place
   * index. `done`: left after a COMPLETED payment.
   */
  leave(p: {
    readonly scheduleId: Id
    readonly epoch: Id
    readonly places: readonly { readonly visitor: Id; readonly place?: Place; readonly as: 'done' | 'left' }[]
  }): Promise<readonly boolean[] | Recover>
  /**
   * Takes over a schedule record if its version is newer: states, settings, ceiling, a new epoch. A record whose draw is
   * pending (`drawPending`) is not taken. At the opening ranks become numbers by `lineDraw(record)`.
   *
   * A line that is missing, that the store may have lost parts of, or whose incarnation is not the record's
   * (`lineIncarnation`), is `RECOVER` without `recover`. With it, what is known is kept, tail := the record's ceiling,
   * `known` (the newest document any caller has) moves admittedThrough on, and slots that `known` counts and the store
   * does not are active until passTtl from now. Without a `known` every slot of the capacity is. Always with an incarnation
   * of one's own: see `recover` in lines.ts.
   *
   * `known` of a caller who saw the line further on than it is moves admittedThrough on in a sound line as well.
   */
  configure(p: {
    readonly scheduleId: Id
    readonly record: ScheduleRecord
    readonly recover?: boolean
    readonly known?: LineDocument
  }): Promise<LineDocument | Recover>
  /**
   * In number order, from the group lists; those who have left stay listed. Pages of at most 1 000. Empty before the opening.
   * `after` is the `next` of a page, else `INVALID`.
   */
  members(p: {
    readonly scheduleId: Id
    readonly epoch: Id
    readonly group?: number
    readonly after?: string
  }): Promise<Page<QueueMember>>
}
