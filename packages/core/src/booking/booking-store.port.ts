import type { Message } from '../messaging/message.ts'
import type { PaymentState, RefundState } from '../payment/payment.ts'
import type { Id, Ms, Page } from '../shared/types.ts'
import type { Booking, Buyer, HistoryRow, HoldSnapshot, PaymentRecord } from './booking.ts'

export interface OpenRequest {
  readonly requestId: Id
  readonly reservationId: Id
  readonly visitor: Id
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
  /** A seat has a live claim of another payment, or the hold was paid with already. */
  | { readonly is: 'seats-taken' }
  /** This hold is being paid by another request of the same visitor. */
  | { readonly is: 'running' | 'paid'; readonly requestId: Id }
  /** A tombstone stands under this requestId. */
  | { readonly is: 'abandoned' }

export interface Advance {
  readonly requestId: Id
  /** Guard: nothing changes unless state and version are these. */
  readonly from: { readonly state: PaymentState; readonly version: number }
  readonly to: PaymentState
  /** keep · sell (PAYING → COMPLETED) · free (delete own claims) · retake (claim the same seats again; `seats-gone` if one is not free). */
  readonly claims: 'keep' | 'sell' | 'free' | 'retake'
  readonly event: string
  readonly reason?: string | null
  readonly refund?: RefundState
  readonly booking?: Booking
  /** From the store's now; null: nothing is left to do. Absent: unchanged. */
  readonly dueInMs?: Ms | null
  readonly attempts?: number
  readonly outbox: readonly Message[]
  /** Inbox row in the same transaction; `consumed` when it stood there before: nothing changes. */
  readonly consumed?: { readonly consumer: Id; readonly eventId: Id }
}

/**
 * The only port with transactions over claims + payment + history + booking + outbox + inbox + idempotency. Commands of one
 * call are independent: one loser never takes its batch down.
 */
export interface BookingStore {
  open(p: { readonly requests: readonly OpenRequest[] }): Promise<readonly OpenReply[]>
  /** version + 1, a history row and the outbox rows in one transaction. The payment token is nulled in COMPLETED and FAILED. */
  advance(p: {
    readonly changes: readonly Advance[]
  }): Promise<
    readonly (
      | { readonly is: 'advanced' | 'stale' | 'seats-gone' | 'consumed'; readonly record: PaymentRecord }
      | { readonly is: 'unknown' }
    )[]
  >
  /** Inserts a FAILED tombstone so that a late `open` loses, or answers the payment that stands there. */
  abandon(p: { readonly requestIds: readonly Id[] }): Promise<readonly ('abandoned' | PaymentRecord)[]>
  find(p: {
    readonly keys: readonly (
      | { readonly requestId: Id }
      | { readonly visitor: Id; readonly idempotencyKey: string }
      | { readonly reservationId: Id }
      | { readonly holdId: Id }
    )[]
  }): Promise<readonly (PaymentRecord | null)[]>
  /** Leases what it returns: payments and refunds whose `dueAt` has come, by the store's clock. */
  due(p: { readonly worker: Id; readonly limit: number; readonly leaseMs: Ms }): Promise<readonly PaymentRecord[]>
  /** Newest first. Pages of at most 100. */
  list(p: {
    readonly visitor?: Id
    readonly scheduleId?: Id
    readonly bookedOnly?: boolean
    readonly after?: string
  }): Promise<Page<PaymentRecord>>
  /** Append-only, oldest first: what audits read. */
  history(p: { readonly requestId: Id }): Promise<readonly HistoryRow[]>
}
