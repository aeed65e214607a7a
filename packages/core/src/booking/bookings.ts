import type { AuditNote } from '../shared/audit.ts'
import { TicketingError } from '../shared/errors.ts'
import { demandId } from '../shared/ids.ts'
import type { Id } from '../shared/types.ts'
import { type PaymentRecord, type PaymentStatus, statusOf } from './booking.ts'
import { demandEvent } from './gateway-event.ts'
import { createPaymentRequest, type PaymentRequestDeps } from './payment-request.ts'
import { createPaymentStatus } from './payment-status.ts'
import type { PaymentView } from './payment-view.port.ts'
import type { Bookings, Payments } from './payments.ts'
import type { Settlement } from './settlement.ts'

export type { Bookings, Payments }

export interface BookingsDeps extends PaymentRequestDeps {
  readonly settlement: Settlement
  readonly paymentView: PaymentView
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

    async cancel({ reservationId, visitor, by = 'operator' }) {
      demandId(by, 'by')
      const record = await demandBooked(reservationId, visitor)
      const begun = await p.settlement.startRefund(record, visitor === undefined ? refundAudit(record, by) : undefined)
      return (await p.settlement.refund(begun)).booking!
    },
  }

  return { payments, bookings }
}

/** An operator's refund, for the trail. */
const refundAudit = ({ requestId, reservationId, amount }: PaymentRecord, by: Id): AuditNote => ({
  by,
  action: 'refund',
  subject: reservationId,
  detail: { requestId, amount: amount.value, currency: amount.currency },
})

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
