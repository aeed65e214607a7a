import type { Money } from '../shared/money.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Ms } from '../shared/types.ts'
import type { GatewayAnswer, GatewayEvent, GatewayWebhook, PaymentGateway } from './payment-gateway.port.ts'

/** What the sandbox obeys; any other token is declined. */
export const sandboxTokens = [
  'tok_approve',
  'tok_decline',
  /** Answers after 3 s. */
  'tok_slow',
  /** Never charged, never answered. */
  'tok_timeout',
  /** Charged, never answered, no webhook: only a question finds it. */
  'tok_charged_then_timeout',
  /** Accepted, the answer is lost; captured 5 s later, told by webhook. */
  'tok_late',
  /** Its webhook comes three times, out of order. */
  'tok_duplicate',
  /** Captures one minor unit more than asked. */
  'tok_wrong_amount',
] as const
export type SandboxToken = (typeof sandboxTokens)[number]

/** One movement of money, or of a promise about it, as the provider's own books show it. */
export interface LedgerEntry {
  readonly at: Ms
  readonly type: 'charge' | 'cancel' | 'refund'
  readonly key: Id
  readonly requestId: Id
  readonly amount: Money
  readonly status: 'succeeded' | 'declined' | 'cancelled'
}

export interface ScriptedGateway extends PaymentGateway {
  /** Append-only, oldest first. */
  ledger(): readonly LedgerEntry[]
}

interface BookedCharge {
  readonly key: Id
  readonly requestId: Id
  readonly amount: Money
  state: 'pending' | 'succeeded' | 'declined' | 'cancelled'
  reason: string
  refunded: number
}

const eventTypes = {
  succeeded: 'charge.succeeded',
  declined: 'charge.failed',
  cancelled: 'charge.canceled',
} as const

const slowMs = 3_000
const lateMs = 5_000
/** How long an unanswered caller is kept waiting when its own signal does not end it. */
const hangMs = 60_000
const nothing: Money = { value: 0, currency: 'XXX' }

/** The sandbox provider: scripted by the payment token, with books of its own, all time through the runtime. */
export function createScriptedGateway(p: {
  readonly runtime: Pick<Runtime, 'now' | 'sleep' | 'defer'>
  /** Where webhooks go. A throw or rejection is delivered again, up to 5 times with a doubling pause from 1 s. */
  readonly deliver?: (webhook: GatewayWebhook) => unknown
}): ScriptedGateway {
  const { runtime } = p
  const charges = new Map<Id, BookedCharge>()
  const refunds = new Map<Id, GatewayAnswer>()
  const entries: LedgerEntry[] = []

  const write = (entry: Omit<LedgerEntry, 'at'>): void => void entries.push({ at: runtime.now(), ...entry })

  const answerOf = (charge: BookedCharge): GatewayAnswer => {
    if (charge.state === 'succeeded') return { is: 'succeeded', amount: charge.amount }
    return charge.state === 'pending' ? { is: 'pending' } : { is: 'declined', reason: charge.reason }
  }

  const attempt = async (webhook: GatewayWebhook): Promise<void> => {
    for (let failures = 0; failures < 5; failures++) {
      try {
        await p.deliver?.(webhook)
        return
      } catch {
        await runtime.sleep({ ms: 1_000 * 2 ** failures })
      }
    }
  }

  const tell = (event: GatewayEvent, times = 1): void => {
    if (!p.deliver) return
    const at = runtime.now()
    // Repeats are older than the first delivery: their timestamps run backwards.
    for (let repeat = 0; repeat < times; repeat++) {
      const webhook = { webhookId: `${event.type.replace('.', '-')}-${event.key}`, timestamp: at - repeat, event }
      if (repeat === 0) runtime.defer(() => void attempt(webhook))
      else void runtime.sleep({ ms: repeat * 200 }).then(() => attempt(webhook))
    }
  }

  /** Decides a charge that is still open, books it, and tells so by `webhooks` deliveries. */
  const close = (charge: BookedCharge, state: keyof typeof eventTypes, reason = '', webhooks = 1): GatewayAnswer => {
    if (charge.state !== 'pending') return answerOf(charge)
    charge.state = state
    charge.reason = reason
    const { key, requestId, amount } = charge
    write({ type: state === 'cancelled' ? 'cancel' : 'charge', key, requestId, amount, status: state })
    tell({ type: eventTypes[state], key, requestId, amount, ...(reason !== '' && { reason }) }, webhooks)
    return answerOf(charge)
  }

  const open = (order: { key: Id; requestId: Id; amount: Money }): BookedCharge => {
    const { key, requestId, amount } = order
    const charge: BookedCharge = { key, requestId, amount, state: 'pending', reason: '', refunded: 0 }
    charges.set(key, charge)
    return charge
  }

  const hang = async (signal: AbortSignal): Promise<GatewayAnswer> => {
    await runtime.sleep({ ms: hangMs, signal })
    return { is: 'unknown' }
  }

  const capture = (charge: BookedCharge, webhooks = 1): GatewayAnswer => close(charge, 'succeeded', '', webhooks)

  return {
    ledger: () => [...entries],

    async charge({ key, requestId, amount, paymentToken, signal }) {
      const known = charges.get(key)
      if (known) return answerOf(known)
      const order = { key, requestId, amount }
      switch (paymentToken as SandboxToken) {
        case 'tok_approve':
          return capture(open(order))
        case 'tok_duplicate':
          return capture(open(order), 3)
        case 'tok_wrong_amount':
          return capture(open({ ...order, amount: { ...amount, value: amount.value + 1 } }))
        case 'tok_decline':
          return close(open(order), 'declined', 'card_declined')
        case 'tok_slow': {
          const charge = open(order)
          const captured = runtime.sleep({ ms: slowMs }).then(() => capture(charge))
          const left = runtime.sleep({ ms: hangMs, signal }).then((): GatewayAnswer => ({ is: 'unknown' }))
          return Promise.race([captured, left])
        }
        case 'tok_late': {
          const charge = open(order)
          void runtime.sleep({ ms: lateMs }).then(() => capture(charge))
          return hang(signal)
        }
        case 'tok_charged_then_timeout':
          capture(open(order), 0)
          return hang(signal)
        case 'tok_timeout':
          return hang(signal)
        default:
          return close(open(order), 'declined', 'invalid_token')
      }
    },

    async find({ key }) {
      const charge = charges.get(key)
      return charge ? answerOf(charge) : { is: 'not-found' }
    },

    async cancel({ key, requestId }) {
      const charge = charges.get(key) ?? open({ key, requestId, amount: nothing })
      if (charge.state === 'succeeded') return 'captured'
      close(charge, 'cancelled', 'cancelled')
      return 'cancelled'
    },

    async refund({ key, chargeKey, requestId, amount }) {
      const known = refunds.get(key)
      if (known) return known
      const charge = charges.get(chargeKey)
      const fits =
        charge?.state === 'succeeded' &&
        charge.amount.currency === amount.currency &&
        amount.value > 0 &&
        charge.refunded + amount.value <= charge.amount.value
      write({ type: 'refund', key, requestId, amount, status: fits ? 'succeeded' : 'declined' })
      if (!fits) return { is: 'declined', reason: 'refund_exceeds_charge' }
      charge.refunded += amount.value
      const answer = { is: 'succeeded', amount } as const
      refunds.set(key, answer)
      tell({ type: 'refund.succeeded', key, requestId, amount })
      return answer
    },
  }
}
