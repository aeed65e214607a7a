import type { Money } from '../shared/money.ts'
import type { Id, Ms } from '../shared/types.ts'

export type GatewayAnswer =
  | { readonly is: 'succeeded'; readonly amount: Money }
  | { readonly is: 'declined'; readonly reason: string }
  /** Accepted, not decided yet: ask again by key. */
  | { readonly is: 'pending' }
  /** The answer was lost, late or unreadable: nothing is known. */
  | { readonly is: 'unknown' }

/**
 * A payment provider. Every call is repeatable by its key and never throws for an outcome: a throw, a late or an unreadable
 * answer counts as `unknown`. Amounts in minor units. The signal ends the waiting, never a capture that is on its way.
 */
export interface PaymentGateway {
  /** Captures the amount once per key: a known key answers its charge, whatever is asked, and never captures again. */
  charge(p: {
    readonly key: Id
    readonly requestId: Id
    readonly amount: Money
    readonly paymentToken: string
    readonly signal: AbortSignal
  }): Promise<GatewayAnswer>
  /** The charge of this key. `amount` is what was really captured. A cancelled charge is `declined`. */
  find(p: { readonly key: Id; readonly signal?: AbortSignal }): Promise<GatewayAnswer | { readonly is: 'not-found' }>
  /**
   * `cancelled`: nothing was captured and nothing ever will be under this key, also when it was unknown until now: a later
   * charge with it is declined. `captured`: too late. A gateway that cannot promise this answers `unknown` and is waited out.
   */
  cancel(p: {
    readonly key: Id
    readonly requestId: Id
    readonly signal?: AbortSignal
  }): Promise<'cancelled' | 'captured' | 'unknown'>
  /** Full or partial, once per key; all refunds of a charge never exceed it. A declined one may be tried again under its key. */
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

/** An event as the gateway delivers it: at least once, in any order. */
export interface GatewayWebhook {
  /** The same for every delivery of one event. */
  readonly webhookId: Id
  readonly timestamp: Ms
  readonly event: GatewayEvent
}
