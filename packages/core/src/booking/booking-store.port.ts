import type { Message } from '../messaging/message.ts'
import type { ClaimsChange, PaymentState, RefundState } from '../payment/payment.ts'
import type { AuditNote } from '../shared/audit.ts'
import type { Id, Ms, Page } from '../shared/types.ts'
import type { Booking, Buyer, HistoryRow, HoldSnapshot, PaymentRecord } from './booking.ts'

export interface OpenRequest {
  readonly requestId: Id
  readonly reservationId: Id
  readonly visitor: Id
  /** Compared byte by byte (binary collation); scope: this visitor. Kept at least 15 days. */
  readonly idempotencyKey: string
  readonly fingerprint: string
  readonly hold: HoldSnapshot
  readonly buyer: Buyer
  readonly paymentToken: string
  /** From the store's now: when the due loop may take it, and until when it may be charged. */
  readonly leaseMs: Ms
  readonly chargeWithinMs: Ms
  readonly outbox: readonly Message[]
}

export type OpenReply =
  | { readonly is: 'opened' | 'replayed'; readonly record: PaymentRecord }
  /** Same (visitor, key), other fingerprint. */
  | { readonly is: 'key-reused' }
  /** A seat has a live claim of another payment, or is blocked. */
  | { readonly is: 'seats-taken' }
  /** This hold is being paid, or was paid, by another request. */
  | { readonly is: 'running' | 'paid'; readonly requestId: Id }
  /** A tombstone stands under this requestId. */
  | { readonly is: 'abandoned' }

export interface Advance {
  readonly requestId: Id
  /** Guard: nothing changes unless state and version are these. */
  readonly from: { readonly state: PaymentState; readonly version: number }
  readonly to: PaymentState
  /**
   * keep · sell (own claims PAYING → COMPLETED; `seats-gone` unless all are there) · free (delete own claims, whatever their
   * state) · retake (claim the same seats again, COMPLETED; `seats-gone` if one is claimed by another or blocked). Each but
   * `keep` gives the record and its claims a new `recordVersion`.
   */
  readonly claims: ClaimsChange
  /** For the history: a short word, never data of the buyer. */
  readonly event: string
  /** Absent: unchanged. */
  readonly reason?: string | null
  readonly refund?: RefundState
  readonly booking?: Booking
  /** From the store's now; null: nothing is left to do. Absent: unchanged. */
  readonly dueInMs?: Ms | null
  readonly attempts?: number
  readonly outbox: readonly Message[]
  /** Inbox row in the same transaction; `consumed` when it stood there before: nothing changes. */
  readonly consumed?: { readonly consumer: Id; readonly eventId: Id }
  /** An operator's act: its row of the audit trail, in the same transaction. Only `advanced` writes it. */
  readonly audit?: AuditNote
}

export type AdvanceReply =
  /** `record` as it stands now. Only `advanced` changed anything, the inbox row included. */
  | { readonly is: 'advanced' | 'stale' | 'seats-gone' | 'consumed'; readonly record: PaymentRecord }
  /** No such payment. */
  | { readonly is: 'unknown' }

export type PaymentKey =
  | { readonly requestId: Id }
  | { readonly visitor: Id; readonly idempotencyKey: string }
  | { readonly reservationId: Id }
  /** The latest payment of this hold. */
  | { readonly holdId: Id }

/**
 * The record of payments: the only port with transactions over claims + payment + history + booking + outbox + inbox +
 * idempotency. Reply *i* answers command *i*. Commands of one call are independent and each all-or-nothing: one loser never
 * takes its batch down. An adapter may refuse a command with `seats-taken` because of a neighbour in its batch that itself
 * was refused: the caller repeats such a one alone. A throw means the outcome is unknown: read again by key.
 * Instants are the store's own clock.
 */
export interface BookingStore {
  /**
   * One transaction: idempotency row, one live claim a seat (primary key schedule + seat), payment REQUESTED at version 1,
   * history, outbox. Judged in this order: tombstone (`abandoned`), the same requestId or (visitor, key) (`replayed`,
   * `key-reused`), the hold (`running`, `paid`), the seats (`seats-taken`). Repeatable: the second answer is `replayed`. Only
   * `opened` writes.
   */
  open(p: { readonly requests: readonly OpenRequest[] }): Promise<readonly OpenReply[]>
  /**
   * Compare-and-set on (state, version): version + 1, a history row and the outbox rows (lane of the requestId) in one
   * transaction. The payment token is nulled in COMPLETED and FAILED, for good.
   */
  advance(p: { readonly changes: readonly Advance[] }): Promise<readonly AdvanceReply[]>
  /**
   * Inserts a FAILED tombstone under the primary key of payments, so that a late `open` loses, or answers the payment that
   * stands there, unchanged. Repeatable.
   */
  abandon(p: { readonly requestIds: readonly Id[] }): Promise<readonly ('abandoned' | PaymentRecord)[]>
  /** Record *i* for key *i*; null: none, a tombstone included. */
  find(p: { readonly keys: readonly PaymentKey[] }): Promise<readonly (PaymentRecord | null)[]>
  /**
   * Payments whose `dueAt` has come, longest due first, leased: their `dueAt` is `leaseMs` from now, the version stays. Two
   * callers never get the same one. A decided payment without a PENDING refund is handed out once: its `dueAt` becomes null.
   */
  due(p: { readonly worker: Id; readonly limit: number; readonly leaseMs: Ms }): Promise<readonly PaymentRecord[]>
  /**
   * Newest first. Pages of at most 100. `bookedOnly`: with a booking. `next` is an id. @throws `INVALID` for an `after` that is no
   * cursor of this list.
   */
  list(p: {
    readonly visitor?: Id
    readonly scheduleId?: Id
    readonly bookedOnly?: boolean
    readonly after?: string
  }): Promise<Page<PaymentRecord>>
  /** Append-only, oldest first: what audits read. */
  history(p: { readonly requestId: Id }): Promise<readonly HistoryRow[]>
}
