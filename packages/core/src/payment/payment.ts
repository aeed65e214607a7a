import type { Brand } from '../shared/brand.ts'
import type { Money } from '../shared/money.ts'
import type { Id } from '../shared/types.ts'

/** Inside PENDING: REQUESTED, CHARGING, UNKNOWN, NEEDS_REVIEW. */
export const paymentStates = ['REQUESTED', 'CHARGING', 'UNKNOWN', 'NEEDS_REVIEW', 'COMPLETED', 'FAILED'] as const
export type PaymentState = (typeof paymentStates)[number]

/** What the world sees. */
export type PublicPaymentState = 'PENDING' | 'COMPLETED' | 'FAILED'

export const publicState = (state: PaymentState): PublicPaymentState =>
  state === 'COMPLETED' || state === 'FAILED' ? state : 'PENDING'

export type RefundState = 'none' | 'PENDING' | 'DONE' | 'ERROR'

/** What the gateway said of one charge, after its answer was read and checked. */
export type Charge = Brand<{ readonly key: Id; readonly requestId: Id; readonly amount: Money }, 'Charge'>
