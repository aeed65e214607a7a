import type { DeadLetters } from '../messaging/dead-letters.port.ts'
import { paymentMessage } from '../messaging/payment-message.ts'
import { chargeStep, refundStep } from '../payment/charge.ts'
import { type Decision, decide, type PaymentChange, type PaymentEvent } from '../payment/decide.ts'
import { backOff, paymentTimes, type RefundState } from '../payment/payment.ts'
import type { PaymentGateway } from '../payment/payment-gateway.port.ts'
import type { AuditNote } from '../shared/audit.ts'
import { createBatch } from '../shared/batch.ts'
import { busy } from '../shared/errors.ts'
import type { Observer } from '../shared/observer.ts'
import type { Runtime } from '../shared/runtime.ts'
import { aged, bookingOf, factsOf, type PaymentRecord } from './booking.ts'
import type { Advance, AdvanceReply, BookingStore } from './booking-store.port.ts'
import { createHearing, type Hearing } from './hearing.ts'
import { type Alert, createAlert } from './payment-alert.ts'
import type { Projection } from './projection.ts'

export interface Settled {
  /** As it stands now. */
  readonly record: PaymentRecord
  /** What the table said of the event that came in. */
  readonly decision: Decision
}

/**
 * The one code path of consumer, webhook, poller, canceller and reconciler: decide, advance, project, tell. Safe when any
 * number of processes do it at once: the record's compare-and-set lets one of them through, the others decide again.
 */
export interface Settlement extends Hearing {
  /** One event and all that follows from it at the gateway, until nothing more can be known now. @throws `BUSY`. */
  settle(p: {
    readonly record: PaymentRecord
    readonly event: PaymentEvent
    readonly consumed?: Advance['consumed']
  }): Promise<Settled>
  /** The transition alone, for a consumer that calls the gateway after its transaction: `follow` does. */
  apply(p: {
    readonly record: PaymentRecord
    readonly event: PaymentEvent
    readonly consumed?: Advance['consumed']
  }): Promise<Settled>
  follow(settled: Settled): Promise<Settled>
  /** COMPLETED → refund PENDING, once, or again after ERROR. The seats stay sold until it is DONE. `audit` is written with the change. */
  startRefund(record: PaymentRecord, audit?: AuditNote): Promise<PaymentRecord>
  /** Asks the gateway for the refund that is PENDING; DONE frees the seats. Repeatable. */
  refund(record: PaymentRecord): Promise<PaymentRecord>
}

export interface SettlementDeps {
  readonly bookingStore: BookingStore
  readonly gateway: PaymentGateway
  readonly deadLetters: Pick<DeadLetters, 'park'>
  readonly projection: Projection
  readonly runtime: Runtime
  readonly observer: Observer
}

/** What is written in the transaction of a change. */
type Beside = Pick<Advance, 'consumed' | 'audit'>

/** A lost race is decided again; so many in a row mean that something else is wrong. */
const mostRaces = 8
/** ask → charge, ask → cancel → ask …: a gateway that contradicts itself is left to the due loop. */
const mostSteps = 6

export function createSettlement(p: SettlementDeps): Settlement {
  const advance = createBatch<Advance, AdvanceReply>({
    runtime: p.runtime,
    run: (_, changes) => p.bookingStore.advance({ changes }),
  })

  const alert = createAlert(p.observer)

  const make = async (record: PaymentRecord, change: PaymentChange, event: string, beside: Beside = {}) => {
    const reply = await advance('advance', { ...commandOf(record, change, event), ...beside })
    if (reply.is === 'unknown') throw busy('the record does not know this payment any more')
    // A stale answer may be about this very change, made while its reply was lost: then nobody else would show it.
    await p.projection.show(reply.record, { seats: reply.is !== 'advanced' || change.claims !== 'keep' })
    return reply
  }

  const apply: Settlement['apply'] = async ({ record, event, consumed }) => {
    const beside = consumed ? { consumed } : {}
    let current = record
    for (let races = 0; races < mostRaces; races++) {
      const decision = decide(factsOf(current), event, current.storeTime)
      if (decision.alert) alert(decision.do, current.requestId, { event: event.is, state: current.state })
      if (!decision.change) return { record: current, decision }
      let reply = await make(current, decision.change, event.is, beside)
      if (reply.is === 'seats-gone' && decision.otherwise) {
        reply = await make(current, decision.otherwise, `${event.is}-seats-gone`, beside)
      }
      if (reply.is === 'advanced') return { record: reply.record, decision }
      if (reply.is === 'consumed')
        return { record: reply.record, decision: { ...decision, do: 'ignore', gateway: null } }
      if (reply.is === 'seats-gone') throw claimsMissing(current, alert)
      current = reply.record
    }
    throw busy('this payment is being changed by others')
  }

  const follow: Settlement['follow'] = async (settled) => {
    const { decision } = settled
    let next = settled
    for (let steps = 0; next.decision.gateway && steps < mostSteps; steps++) {
      const { requestId, amount, paymentToken, chargeUntil, storeTime } = next.record
      const reason = decision.cancelReason
      const order = { requestId, amount, paymentToken, chargeWithinMs: chargeUntil - storeTime, reason }
      const since = p.runtime.now()
      const event = await chargeStep(p, next.decision.gateway, order)
      next = await apply({ record: aged(p.runtime, next.record, since), event })
    }
    return { record: next.record, decision }
  }

  const settle: Settlement['settle'] = async (command) => follow(await apply(command))

  const changeRefund = async (record: PaymentRecord, refund: RefundState, from: RefundState, beside: Beside = {}) => {
    let current = record
    for (let races = 0; races < mostRaces; races++) {
      if (current.refund !== from) return current
      const reply = await make(current, refundChange(current, refund), `refund-${refund.toLowerCase()}`, beside)
      if (reply.is === 'advanced') return reply.record
      current = reply.record
    }
    throw busy('this payment is being changed by others')
  }

  const refund: Settlement['refund'] = async (record) => {
    if (record.refund !== 'PENDING') return record
    const since = p.runtime.now()
    const outcome = await refundStep(p, record.requestId)
    if (outcome === 'ERROR') alert('refund-refused', record.requestId)
    // Money without a booking has no owner who could ask again: it stays due, lease by lease, until the gateway gives it back.
    if (outcome === 'ERROR' && record.state === 'FAILED') return record
    return changeRefund(aged(p.runtime, record, since), outcome, 'PENDING')
  }

  return {
    settle,
    apply,
    follow,
    refund,
    hear: createHearing({ ...p, alert, settle, refund }),
    startRefund: (record, audit) =>
      changeRefund(record, 'PENDING', record.refund === 'ERROR' ? 'ERROR' : 'none', audit ? { audit } : {}),
  }
}

function commandOf(record: PaymentRecord, change: PaymentChange, event: string): Advance {
  const { requestId, reservationId, scheduleId, storeTime } = record
  const completes = change.to === 'COMPLETED' && record.state !== 'COMPLETED'
  const refund = change.refund ?? record.refund
  return {
    requestId,
    from: { state: record.state, version: record.version },
    ...change,
    event,
    ...(change.to === 'COMPLETED' && { booking: bookingOf(record, refund, storeTime) }),
    outbox: completes
      ? [paymentMessage({ topic: 'payment-completed', at: storeTime, requestId, reservationId, scheduleId })]
      : [],
  }
}

function refundChange(record: PaymentRecord, refund: RefundState): PaymentChange {
  const to = record.state
  if (refund !== 'PENDING') {
    const frees = refund === 'DONE' && to === 'COMPLETED'
    // Shown once more later: the state before was final, and would be shown for long if this process died now.
    return { to, refund, claims: frees ? 'free' : 'keep', dueInMs: paymentTimes.confirmFreedMs }
  }
  // Whoever starts a refund has its lease; whoever learned nothing leaves it to the due loop.
  const again = record.refund === 'PENDING'
  const pause = backOff({ attempts: record.attempts, now: record.storeTime, chargeUntil: 0 })
  const { leaseMs } = paymentTimes
  return { to, refund, claims: 'keep', attempts: again ? record.attempts + 1 : 0, dueInMs: again ? pause : leaseMs }
}

/** An open payment without its claims: the record contradicts itself. Nothing is sold; the due loop comes again. */
function claimsMissing(record: PaymentRecord, alert: Alert) {
  alert('claims-missing', record.requestId)
  return busy('the claims of this payment are missing')
}
