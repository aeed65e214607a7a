import type { Id, Ms, Page, Version } from '../shared/types.ts'
import type { Pass } from './pass.ts'
import type { QueueTicket } from './queue-ticket.ts'

export interface QueuePlace {
  readonly scheduleId: Id
  readonly documentVersion: Version
  /** Null before a number exists (scheduled, pre-queue). */
  readonly number: number | null
  readonly group: number | null
  readonly currentGroup: number | null
  /** Living visitors before this one; 0 = next. */
  readonly ahead: number | null
  readonly nextPollMs: Ms
  /** From the measured rate; null: unknown or paused. */
  readonly eta: { readonly lowSeconds: number; readonly highSeconds: number } | null
}

export type QueueStatus = QueuePlace &
  (
    | { readonly state: 'scheduled' | 'prequeue' | 'waiting' | 'paused' | 'expired' | 'left' | 'ended' }
    | { readonly state: 'admitted'; readonly pass: Pass }
  )

/** The waiting room as the host uses it: `engine.waitingRoom`. Every method throws `INVALID` for malformed input. */
export interface WaitingRoom {
  /**
   * Gives the visitor a place, once: every repeat returns the same one (`created: false`). `ticket` proves an older place
   * that the store may have forgotten. @throws `NOT_FOUND`, `SALE_CLOSED`, `BUSY`.
   */
  join(p: {
    scheduleId: Id
    visitor: Id
    operationId?: Id
    ticket?: string
  }): Promise<{ readonly created: boolean; readonly ticket: QueueTicket; readonly status: QueueStatus }>
  /**
   * What a poll answers. Reads no store while waiting; claims (batched) once the place is offered. `ticket` in the answer is
   * signed anew past half its life. `visitor`, when given, must be the one the ticket was issued to.
   * @throws `TICKET_INVALID`, `EPOCH_OVER`, `POLL_TOO_EARLY` (only with `polite: true`), `BUSY`.
   */
  status(p: { ticket: string; visitor?: Id; polite?: boolean }): Promise<QueueStatus & { readonly ticket: QueueTicket }>
  /** Statuses as they change, ending after `admitted` or another final state, or when `signal` aborts. */
  watch(p: { ticket: string; visitor?: Id; signal?: AbortSignal }): AsyncIterable<QueueStatus>
  /** Gives the place, or the pass and its slot, back. Repeatable. The holds are released by seating. @throws `TICKET_INVALID`. */
  leave(p: { scheduleId: Id; visitor: Id; ticket?: string; pass?: Pass }): Promise<void>
  /** The typed slip behind a pass token. @throws `PASS_REQUIRED` (bad, foreign, other kind), `PASS_EXPIRED`. */
  verifyPass(p: { token: string; visitor?: Id }): Promise<Pass>
  /** Groups in order with their members, from the lists of the store. */
  members(p: { scheduleId: Id; group?: number; after?: string }): Promise<Page<QueueMember>>
  stats(p: { scheduleId: Id }): Promise<LineCounts>
  /** What a draw publishes: before it the commitment, after it everything needed to recompute every position. */
  draw(p: { scheduleId: Id }): Promise<DrawDisclosure | null>
}

export interface QueueMember {
  readonly group: number
  readonly number: number
  readonly visitor: Id
}

/** W16: joined = waiting + offered + active + lapsed + late + done + expired + left, at every tick. */
export interface LineCounts {
  readonly joined: number
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

export interface DrawDisclosure {
  readonly policy: 'fifo' | 'draw'
  readonly commitment: string
  readonly n: number | null
  readonly beacon: string | null
  /** Null until the draw has been made. */
  readonly secret: string | null
  readonly epoch: Id
}
