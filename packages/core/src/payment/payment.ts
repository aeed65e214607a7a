import type { Brand } from '../shared/brand.ts'
import { type Money, sameMoney } from '../shared/money.ts'
import type { Id, Ms } from '../shared/types.ts'

/** Inside PENDING: REQUESTED, CHARGING, UNKNOWN, NEEDS_REVIEW. */
export const paymentStates = ['REQUESTED', 'CHARGING', 'UNKNOWN', 'NEEDS_REVIEW', 'COMPLETED', 'FAILED'] as const
export type PaymentState = (typeof paymentStates)[number]

/** What the world sees. */
export type PublicPaymentState = 'PENDING' | 'COMPLETED' | 'FAILED'

export const publicState = (state: PaymentState): PublicPaymentState =>
  state === 'COMPLETED' || state === 'FAILED' ? state : 'PENDING'

export type RefundState = 'none' | 'PENDING' | 'DONE' | 'ERROR'

/** What a transition does with the claims: sell = PAYING → COMPLETED · free = delete own · retake = claim the same seats again. */
export type ClaimsChange = 'keep' | 'sell' | 'free' | 'retake'

/** Why a payment failed, where the reason is ours and not the gateway's. */
export const ownReasons = ['CANCELLED', 'TIMED_OUT', 'SEATS_GONE', 'AMOUNT_DIFFERS'] as const
export type OwnReason = (typeof ownReasons)[number]

/** A capture of exactly the amount asked for: nothing completes a payment without one. */
export type Charge = Brand<{ readonly key: Id; readonly amount: Money }, 'Charge'>

/** The one maker of a Charge; null when the gateway took another amount or currency. */
export const checkCharge = (p: { readonly key: Id; readonly asked: Money; readonly taken: Money }): Charge | null =>
  sameMoney(p.asked, p.taken) ? ({ key: p.key, amount: p.taken } as Charge) : null

/** One payment is one charge: its gateway key is its requestId, and that of its one refund is derived. */
export const chargeKey = (requestId: Id): Id => requestId
export const refundKey = (requestId: Id): Id => `${requestId}-refund`

export const paymentTimes = {
  /** A worker's lease; a gateway session (`chargeDeadlineMs`, then one question) is shorter. */
  leaseMs: 30_000,
  /** `chargeUntil` = request + this. */
  chargeWithinMs: 45_000,
  reviewAfterMs: 15 * 60_000,
  reviewEveryMs: 60_000,
  chargeDeadlineMs: 10_000,
  askDeadlineMs: 5_000,
  backOffMs: 1_000,
  backOffCapMs: 30_000,
  /** When the due loop looks once more whether freed seats were projected. */
  confirmFreedMs: 2_000,
} as const satisfies Record<string, Ms>

/** Pause before the next question: doubling to a cap, and never past the instant that changes the answer. */
export function backOff(p: { readonly attempts: number; readonly now: Ms; readonly chargeUntil: Ms }): Ms {
  const ms = Math.min(paymentTimes.backOffCapMs, paymentTimes.backOffMs * 2 ** Math.min(p.attempts, 10))
  return p.now < p.chargeUntil ? Math.min(ms, p.chargeUntil - p.now) : ms
}
