import type { Money } from '../shared/money.ts'
import type { Id } from '../shared/types.ts'

export type GatewayAnswer =
  | { readonly is: 'succeeded'; readonly amount: Money }
  | { readonly is: 'declined'; readonly reason: string }
  /** Accepted, not decided yet: ask again by key. */
  | { readonly is: 'pending' }
  /** The answer was lost, late or unreadable: nothing is known. */
  | { readonly is: 'unknown' }

/** Repeatable by key: a charge with a known key answers that charge and never captures again. Never throws for an outcome. */
export interface PaymentGateway {
  charge(p: {
    readonly key: Id
    readonly requestId: Id
    readonly amount: Money
    readonly paymentToken: string
    readonly signal: AbortSignal
  }): Promise<GatewayAnswer>
  find(p: { readonly key: Id; readonly signal?: AbortSignal }): Promise<GatewayAnswer | { readonly is: 'not-found' }>
  /** `cancelled` of an unknown key too: a later charge with it fails. `captured`: too late. */
  cancel(p: {
    readonly key: Id
    readonly requestId: Id
    readonly signal?: AbortSignal
  }): Promise<'cancelled' | 'captured' | 'unknown'>
  /** Full or partial; all refunds of a charge never exceed it. */
  refund(p: {
    readonly key: Id
    readonly chargeKey: Id
    readonly requestId: Id
    readonly amount: Money
    readonly signal?: AbortSignal
  }): Promise<GatewayAnswer>
}

/** What a webhook, a poll or an answer says, as `settle` takes it. */
export interface GatewayEvent {
  readonly type: 'charge.succeeded' | 'charge.failed' | 'charge.canceled' | 'refund.succeeded' | 'refund.failed'
  readonly key: Id
  readonly requestId: Id
  readonly amount: Money
  readonly reason?: string
}
