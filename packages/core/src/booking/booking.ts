import type { PaymentFacts } from '../payment/decide.ts'
import { type PaymentState, type PublicPaymentState, publicState, type RefundState } from '../payment/payment.ts'
import type { HeldSeat, Part } from '../seating/hold.ts'
import type { SeatProjection } from '../seating/hold-desk.ts'
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
  /** The store's clock when it answered this: deadlines of the record are compared with nothing else. */
  readonly storeTime: Ms
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

/** What the state table may look at. */
export const factsOf = (record: PaymentRecord): PaymentFacts => record

export const isOpen = (record: Pick<PaymentRecord, 'state'>): boolean => publicState(record.state) === 'PENDING'

export const statusOf = (record: PaymentRecord): PaymentStatus => ({
  requestId: record.requestId,
  visitor: record.visitor,
  status: publicState(record.state),
  reason: record.reason,
  reservationId: record.state === 'COMPLETED' ? record.reservationId : null,
  amount: record.amount,
  refund: record.refund,
  version: record.version,
  updatedAt: record.updatedAt,
})

/** Nothing changes any more, but for a late success or a refund that somebody asks for. */
export const isFinal = (status: PaymentStatus): boolean => status.status !== 'PENDING' && status.refund !== 'PENDING'

/** The reservation of a payment that is COMPLETED, as its refund leaves it. */
export const bookingOf = (record: PaymentRecord, refund: RefundState, completedAt: Ms): Booking => ({
  reservationId: record.reservationId,
  requestId: record.requestId,
  scheduleId: record.scheduleId,
  visitor: record.visitor,
  state: refund === 'DONE' ? 'CANCELLED' : refund === 'PENDING' ? 'REFUNDING' : 'CONFIRMED',
  seats: record.hold.seats,
  amount: record.amount,
  refund,
  createdAt: record.booking?.createdAt ?? completedAt,
})

/** Whether the payment's claims are gone: it failed, or was paid back. */
const hasEnded = (record: PaymentRecord): boolean =>
  record.state === 'FAILED' || (record.state === 'COMPLETED' && record.refund === 'DONE')

/** What the record says of the payment's seats. */
export function projectionOf(record: PaymentRecord): SeatProjection {
  const { scheduleId, requestId, recordVersion } = record
  const seats = { scheduleId, requestId, recordVersion, parts: record.hold.parts }
  if (hasEnded(record)) return { ...seats, state: 'AVAILABLE' }
  return { ...seats, state: record.state === 'COMPLETED' ? 'COMPLETED' : 'PAYING', holder: record.hold.holder }
}

/** A gateway call takes seconds: the record's clock goes on by as many, whatever this process's clock shows. */
export const aged = (runtime: { now(): Ms }, record: PaymentRecord, since: Ms): PaymentRecord => ({
  ...record,
  storeTime: record.storeTime + runtime.now() - since,
})
