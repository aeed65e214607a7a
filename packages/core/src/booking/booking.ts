import type { Message } from '../messaging/message.ts'
import type { PaymentState, PublicPaymentState, RefundState } from '../payment/payment.ts'
import type { HeldSeat, Part } from '../seating/hold.ts'
import type { Money } from '../shared/money.ts'
import type { Id, Ms, Version } from '../shared/types.ts'

export interface Buyer {
  readonly email: string
  readonly name?: string
  readonly locale?: 'ko' | 'en'
}

/** What the payment keeps of its hold: `settle` knows no more than a requestId. */
export interface HoldSnapshot {
  readonly holdId: Id
  readonly version: Version
  readonly scheduleId: Id
  readonly holder: Id
  readonly parts: readonly Part[]
  readonly seats: readonly HeldSeat[]
  readonly amount: Money
}

/** One payment attempt with all it needs to be finished by any process. */
export interface PaymentRecord {
  readonly requestId: Id
  /** Minted at request, so that it is the same in every message and mail. */
  readonly reservationId: Id
  readonly scheduleId: Id
  /** The visitor whose session asked. */
  readonly visitor: Id
  readonly idempotencyKey: string
  readonly fingerprint: string
  readonly hold: HoldSnapshot
  readonly amount: Money
  readonly buyer: Buyer
  /** Null once decided. */
  readonly paymentToken: string | null
  readonly state: PaymentState
  readonly reason: string | null
  readonly refund: RefundState
  /** Grows by 1 with every transition. */
  readonly version: number
  /** Of the seats' last change of owner by this payment: what projections carry. */
  readonly recordVersion: Version
  readonly booking: Booking | null
  readonly attempts: number
  readonly createdAt: Ms
  readonly updatedAt: Ms
  readonly chargeUntil: Ms
  /** The due loop takes it at this instant; null when nothing is left to do. */
  readonly dueAt: Ms | null
}

/** On the wire: a reservation. */
export interface Booking {
  readonly reservationId: Id
  readonly requestId: Id
  readonly scheduleId: Id
  readonly visitor: Id
  readonly state: 'CONFIRMED' | 'REFUNDING' | 'CANCELLED'
  readonly seats: readonly HeldSeat[]
  readonly amount: Money
  readonly refund: RefundState
  readonly createdAt: Ms
}

/** The projection under `payment:status:<requestId>`. */
export interface PaymentStatus {
  readonly requestId: Id
  readonly visitor: Id
  readonly status: PublicPaymentState
  readonly reason: string | null
  readonly reservationId: Id | null
  readonly amount: Money
  readonly refund: RefundState
  readonly version: number
  readonly updatedAt: Ms
}

export interface HistoryRow {
  readonly requestId: Id
  readonly version: number
  readonly at: Ms
  readonly from: PaymentState | null
  readonly to: PaymentState
  readonly refund: RefundState
  readonly event: string
}

export type BookingMessage = Message
