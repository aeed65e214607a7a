import type { GatewayEvent } from '../payment/payment-gateway.port.ts'
import type { Hold } from '../seating/hold.ts'
import type { Money } from '../shared/money.ts'
import type { Id, Page } from '../shared/types.ts'
import type { Pass } from '../waiting-room/pass.ts'
import type { Booking, Buyer, PaymentStatus } from './booking.ts'

/** Payments as the host uses them: `engine.payments`, a view on booking. Owner is checked everywhere: someone else's is `NOT_FOUND`. */
export interface Payments {
  /**
   * Three idempotent steps under one requestId: pin the hold, one transaction in the record, project it. `hold`: the Hold, or
   * its id as it came over a wire. The same key and body give the same answer, also after the hold has ended.
   * @throws `IDEMPOTENCY_KEY_REQUIRED`, `IDEMPOTENCY_KEY_REUSED`, `IDEMPOTENCY_IN_FLIGHT`, `AMOUNT_MISMATCH`, `HOLD_EXPIRED`,
   * `PAYMENT_IN_PROGRESS` / `ALREADY_PAID` (with `details.requestId`), `NOT_FOUND`, `PASS_EXPIRED`, `BUSY`.
   */
  request(p: {
    pass: Pass
    hold: Hold | { readonly holdId: Id }
    /** Compared with the server's price, never trusted. */
    amount?: number | Money
    buyer: Buyer
    paymentToken: string
    idempotencyKey: string
  }): Promise<PaymentStatus & { readonly replayed: boolean }>
  status(p: { requestId: Id; visitor: Id }): Promise<PaymentStatus>
  /** Changes as they happen, the present state first, ending after a final state or when `signal` aborts. */
  watch(p: { requestId: Id; visitor?: Id; signal?: AbortSignal }): AsyncIterable<PaymentStatus>
  /** `accepted`: decided now or soon. @throws `ALREADY_PAID`, `OUTCOME_UNKNOWN`, `NOT_FOUND`. */
  cancel(p: { requestId: Id; visitor: Id }): Promise<PaymentStatus>
  /** The one code path of webhook, poller, consumer and reconciler. `parked`: unknown requestId or a charge without a payment. */
  settle(p: { requestId: Id; event: GatewayEvent; source: Id }): Promise<'settled' | 'repeated' | 'parked'>
}

/** Reservations: `engine.bookings`. */
export interface Bookings {
  list(p: { visitor?: Id; scheduleId?: Id; after?: string }): Promise<Page<Booking>>
  get(p: { reservationId: Id; visitor?: Id }): Promise<Booking>
  /** Refund first; the seats are free only when it is DONE. Repeatable. Without `visitor`: an operator. */
  cancel(p: { reservationId: Id; visitor?: Id; by?: Id }): Promise<Booking>
}
