import { overdue, withDeadline } from '../shared/deadline.ts'
import type { Money } from '../shared/money.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Ms } from '../shared/types.ts'
import type { GatewayStep, PaymentEvent } from './decide.ts'
import { chargeKey, checkCharge, paymentTimes, type RefundState, refundKey } from './payment.ts'
import type { GatewayAnswer, PaymentGateway } from './payment-gateway.port.ts'

interface GatewayDeps {
  readonly gateway: PaymentGateway
  readonly runtime: Pick<Runtime, 'sleep'>
}

/** What one step needs to know of its payment. */
export interface ChargeOrder {
  readonly requestId: Id
  readonly amount: Money
  readonly paymentToken: string | null
  /** How long the payment may still be charged. */
  readonly chargeWithinMs: Ms
  /** What a confirmed cancel is put down to. */
  readonly reason: string
}

const unknown = { is: 'unknown' } as const

/** One bounded call: an answer that is late, thrown or unreadable is unknown, never a refusal. */
async function call<T extends { readonly is: string }>(
  { runtime }: GatewayDeps,
  ms: Ms,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | { readonly is: 'unknown' }> {
  try {
    const answer = await withDeadline({ runtime, ms, work })
    return answer === overdue ? unknown : answer
  } catch {
    return unknown
  }
}

/** The gateway's answer as an event; a capture of another amount or currency is never a success. */
function readAnswer(order: ChargeOrder, answer: GatewayAnswer | { readonly is: 'not-found' }): PaymentEvent {
  switch (answer.is) {
    case 'succeeded': {
      const charge = checkCharge({ key: chargeKey(order.requestId), asked: order.amount, taken: answer.amount })
      return charge ? { is: 'charged', charge } : { is: 'other-amount', taken: answer.amount }
    }
    case 'declined':
      return { is: 'declined', reason: answer.reason }
    case 'pending':
      return { is: 'still-open' }
    case 'not-found':
    case 'unknown':
      return { is: answer.is }
    default:
      return unknown
  }
}

const ask = (deps: GatewayDeps, requestId: Id): Promise<GatewayAnswer | { readonly is: 'not-found' }> =>
  call<GatewayAnswer | { readonly is: 'not-found' }>(deps, paymentTimes.askDeadlineMs, (signal) =>
    deps.gateway.find({ key: chargeKey(requestId), signal }),
  )

/** One step against the gateway: bounded in time, repeatable by key, its outcome an event for `decide`. Never throws. */
export async function chargeStep(deps: GatewayDeps, step: GatewayStep, order: ChargeOrder): Promise<PaymentEvent> {
  const { requestId, amount, paymentToken } = order
  const key = chargeKey(requestId)
  switch (step) {
    case 'ask':
      return readAnswer(order, await ask(deps, requestId))
    case 'cancel': {
      const answer = await call(deps, paymentTimes.askDeadlineMs, async (signal) => ({
        is: await deps.gateway.cancel({ key, requestId, signal }),
      }))
      if (answer.is === 'cancelled') return { is: 'declined', reason: order.reason }
      return answer.is === 'captured' ? readAnswer(order, await ask(deps, requestId)) : unknown
    }
    case 'charge': {
      if (paymentToken === null) return readAnswer(order, await ask(deps, requestId))
      const ms = Math.max(paymentTimes.backOffMs, Math.min(paymentTimes.chargeDeadlineMs, order.chargeWithinMs))
      const work = (signal: AbortSignal) => deps.gateway.charge({ key, requestId, amount, paymentToken, signal })
      return readAnswer(order, await call(deps, ms, work))
    }
  }
}

/**
 * Gives back all that was captured under the payment's key, which may differ from the price. One refund key a payment, so
 * that any number of parallel or repeated refunds gives the money back once. `PENDING`: not known yet, repeat.
 */
export async function refundStep(deps: GatewayDeps, requestId: Id): Promise<Exclude<RefundState, 'none'>> {
  const charge = await ask(deps, requestId)
  if (charge.is === 'unknown' || charge.is === 'pending') return 'PENDING'
  if (charge.is !== 'succeeded') return 'ERROR'
  // Of a free seat there is nothing to give back, and no gateway would.
  if (charge.amount.value === 0) return 'DONE'
  const answer = await call(deps, paymentTimes.chargeDeadlineMs, (signal) =>
    deps.gateway.refund({
      key: refundKey(requestId),
      chargeKey: chargeKey(requestId),
      requestId,
      amount: charge.amount,
      signal,
    }),
  )
  if (answer.is === 'succeeded') return 'DONE'
  return answer.is === 'declined' ? 'ERROR' : 'PENDING'
}
