import type { Catalogue } from '../catalogue/catalogue.port.ts'
import type { GatewayEvent } from '../payment/payment-gateway.port.ts'
import type { Hold } from '../seating/hold.ts'
import { TicketingError } from '../shared/errors.ts'
import { demandId } from '../shared/ids.ts'
import type { Money } from '../shared/money.ts'
import type { Id, Page } from '../shared/types.ts'
import type { Pass } from '../waiting-room/pass.ts'
import { type Booking, type Buyer, type PaymentRecord, type PaymentStatus, statusOf } from './booking.ts'
import { demandEvent } from './gateway-event.ts'
import { createPaymentRequest, type PaymentRequestDeps } from './payment-request.ts'
import { createPaymentStatus } from './payment-status.ts'
import type { PaymentView } from './payment-view.port.ts'
import type { Settlement } from './settlement.ts'

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

export interface BookingsDeps extends PaymentRequestDeps {
  readonly settlement: Settlement
  readonly paymentView: PaymentView
  /** For the audit trail of operators' refunds. */
  readonly catalogue: Pick<Catalogue, 'note'>
}

export function createBookings(p: BookingsDeps): { readonly payments: Payments; readonly bookings: Bookings } {
  const payments: Payments = {
    request: createPaymentRequest(p),
    ...createPaymentStatus(p),

    async cancel({ requestId, visitor }) {
      demandId(visitor, 'visitor')
      const [found] = await p.bookingStore.find({ keys: [{ requestId: demandId(requestId, 'requestId') }] })
      const record = demandOwn(found, visitor, 'payment')
      const settled = await p.settlement.settle({ record, event: { is: 'cancel' } })
      return demandCancelled(settled)
    },

    async settle({ requestId, event, source }) {
      demandId(requestId, 'requestId')
      return p.settlement.hear({ requestId, event: demandEvent(event), source: demandId(source, 'source') })
    },
  }

  const demandBooked = async (reservationId: Id, visitor: Id | undefined): Promise<PaymentRecord> => {
    if (visitor !== undefined) demandId(visitor, 'visitor')
    const keys = [{ reservationId: demandId(reservationId, 'reservationId') }]
    const [found] = await p.bookingStore.find({ keys })
    return demandOwn(found?.booking ? found : null, visitor, 'reservation')
  }

  const bookings: Bookings = {
    async list({ visitor, scheduleId, after }) {
      const page = await p.bookingStore.list({
        ...(visitor !== undefined && { visitor: demandId(visitor, 'visitor') }),
        ...(scheduleId !== undefined && { scheduleId: demandId(scheduleId, 'scheduleId') }),
        ...(after !== undefined && { after: demandId(after, 'after') }),
        bookedOnly: true,
      })
      return { items: page.items.map(({ booking }) => booking!), next: page.next }
    },

    get: async ({ reservationId, visitor }) => (await demandBooked(reservationId, visitor)).booking!,

    async cancel({ reservationId, visitor, by }) {
      const record = await demandBooked(reservationId, visitor)
      const begun = await p.settlement.startRefund(record)
      if (visitor === undefined && begun.started) {
        const detail = { requestId: record.requestId, amount: record.amount.value, currency: record.amount.currency }
        await p.catalogue.note({ by: by ?? 'operator', action: 'refund', subject: reservationId, detail })
      }
      return (await p.settlement.refund(begun.record)).booking!
    },
  }

  return { payments, bookings }
}

function demandOwn(record: PaymentRecord | null | undefined, visitor: Id | undefined, noun: string): PaymentRecord {
  if (record && (visitor === undefined || record.visitor === visitor)) return record
  throw new TicketingError('NOT_FOUND', `no such ${noun}`)
}

/** What a cancel answers: the table's refusal, or what the gateway's answer made of the payment. */
function demandCancelled({ record, decision }: Awaited<ReturnType<Settlement['settle']>>): PaymentStatus {
  const { requestId, state } = record
  if (decision.refuse) throw new TicketingError(decision.refuse, 'too late to cancel', { details: { requestId } })
  if (state === 'COMPLETED') throw new TicketingError('ALREADY_PAID', 'it was paid', { details: { requestId } })
  if (state === 'UNKNOWN' || state === 'NEEDS_REVIEW') {
    throw new TicketingError('OUTCOME_UNKNOWN', 'the gateway has not decided', { details: { requestId } })
  }
  return statusOf(record)
}
