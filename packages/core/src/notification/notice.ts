import type { Money } from '../shared/money.ts'
import type { Id } from '../shared/types.ts'

/** One mail per (reservationId, template, copy). */
export interface Notice {
  readonly id: Id
  readonly reservationId: Id
  readonly requestId: Id
  readonly template: 'payment-completed'
  /** 0; an operator's resend adds 1. */
  readonly copy: number
  readonly to: { readonly address: string; readonly name?: string }
  readonly locale: 'ko' | 'en'
  readonly amount: Money
  readonly seats: readonly string[]
  readonly scheduleName: string
}
