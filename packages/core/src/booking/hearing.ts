import type { DeadLetters } from '../messaging/dead-letters.port.ts'
import { chargeStep } from '../payment/charge.ts'
import { decide, type PaymentEvent } from '../payment/decide.ts'
import { chargeKey, checkCharge, refundKey } from '../payment/payment.ts'
import type { GatewayEvent, PaymentGateway } from '../payment/payment-gateway.port.ts'
import { createBatch } from '../shared/batch.ts'
import { sha256Hex } from '../shared/crypto.ts'
import { busy } from '../shared/errors.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id } from '../shared/types.ts'
import { aged, factsOf, type PaymentRecord } from './booking.ts'
import type { BookingStore } from './booking-store.port.ts'
import type { Alert } from './payment-alert.ts'
import type { Projection } from './projection.ts'

export interface Hearing {
  /** What the gateway says by itself. Confirmed by asking it; `parked`: no such payment or charge. @throws `BUSY`. */
  hear(p: {
    readonly requestId: Id
    readonly event: GatewayEvent
    readonly source: Id
  }): Promise<'settled' | 'repeated' | 'parked'>
}

/** What the gateway says is taken as a hint: the gateway itself is asked before anything is settled. */
export function createHearing(p: {
  readonly bookingStore: Pick<BookingStore, 'find'>
  readonly gateway: PaymentGateway
  readonly deadLetters: Pick<DeadLetters, 'park'>
  readonly projection: Pick<Projection, 'show'>
  readonly runtime: Runtime
  readonly alert: Alert
  readonly settle: (p: { readonly record: PaymentRecord; readonly event: PaymentEvent }) => Promise<unknown>
  readonly refund: (record: PaymentRecord) => Promise<unknown>
}): Hearing['hear'] {
  const { alert, settle, refund } = p

  const readBatch = createBatch<Id, PaymentRecord | null>({
    runtime: p.runtime,
    run: (_, ids) => p.bookingStore.find({ keys: ids.map((requestId) => ({ requestId })) }),
  })
  const read = (requestId: Id): Promise<PaymentRecord | null> => readBatch('find', requestId)

  const park = async (event: GatewayEvent, source: Id): Promise<'parked'> => {
    const { type, key, requestId, amount } = event
    const id = `orphan-${sha256Hex(JSON.stringify([type, key, requestId])).slice(0, 32)}`
    const reason = 'an event of the gateway without a payment'
    alert('park', requestId, { type })
    const data = { type, key, requestId, amount }
    await p.deadLetters.park({ letters: [{ id, source, reason, message: { topic: 'webhook', data } }] })
    return 'parked'
  }

  /** Told again, perhaps because the answer was lost: then what was made of it may not have been shown either. */
  const repeated = async (record: PaymentRecord): Promise<'repeated'> => {
    await p.projection.show(record)
    return 'repeated'
  }

  const hearCharge = async (record: PaymentRecord, event: GatewayEvent, source: Id) => {
    const decision = decide(factsOf(record), claimed(record, event), record.storeTime)
    if (decision.do === 'ignore-loudly') alert('ignored', record.requestId, { type: event.type, state: record.state })
    if (decision.do === 'ignore' || decision.do === 'ignore-loudly') return repeated(record)
    const { requestId, amount } = record
    const since = p.runtime.now()
    const answer = await chargeStep(p, 'ask', { requestId, amount, paymentToken: null, chargeWithinMs: 0, reason: '' })
    if (answer.is === 'not-found') return park(event, source)
    if (answer.is === 'unknown' || answer.is === 'still-open') throw busy('the gateway does not confirm its event yet')
    await settle({ record: aged(p.runtime, record, since), event: answer })
    return 'settled'
  }

  return async ({ requestId, event, source }) => {
    const record = await read(requestId)
    if (!record || event.requestId !== requestId) return park(event, source)
    if (event.type === 'refund.succeeded' || event.type === 'refund.failed') {
      if (event.key !== refundKey(requestId)) return park(event, source)
      if (record.refund !== 'PENDING') return repeated(record)
      await refund(record)
      return 'settled'
    }
    if (event.key !== chargeKey(requestId)) return park(event, source)
    return hearCharge(record, event, source)
  }
}

/** The event as the gateway's message claims it; only its kind is used until the gateway confirms it. */
function claimed(record: PaymentRecord, event: GatewayEvent): PaymentEvent {
  if (event.type !== 'charge.succeeded') return { is: 'declined', reason: event.reason ?? event.type }
  const charge = checkCharge({ key: event.key, asked: record.amount, taken: event.amount })
  return charge ? { is: 'charged', charge } : { is: 'other-amount', taken: event.amount }
}
