import { createScriptedGateway, type LedgerEntry, type ScriptedGateway } from '@b-ticketing/core/memory'
import type { GatewayWebhook, PaymentGateway } from '@b-ticketing/core/ports'
import type { Desk } from './desk.ts'
import type { Journal } from './journal.ts'
import type { Random } from './random.ts'
import type { VirtualProcess } from './scheduler.ts'

export interface SimulatedGateway {
  readonly port: PaymentGateway
  ledger(): readonly LedgerEntry[]
  /** From now on every webhook arrives. */
  heal(): void
}

/**
 * The scripted gateway on the far side of a bad line: its webhooks get lost, come twice, and overtake one another. Beyond the
 * sandbox, `tok_fickle` is declined and captured later all the same, which only its webhook tells: that one always arrives.
 */
export function createSimulatedGateway(p: {
  readonly world: VirtualProcess
  readonly random: Random
  readonly journal: Journal
  readonly desk: () => Desk
  readonly quiet: boolean
}): SimulatedGateway {
  const { world, random, journal } = p
  const { runtime } = world
  const fickle = new Map<string, 'declined' | 'captured' | 'cancelled'>()
  let healed = p.quiet

  const settle = async ({ event, webhookId }: GatewayWebhook): Promise<void> => {
    const { requestId } = event
    const answer = await p.desk().insist({
      actor: 'gateway',
      what: `webhook ${event.type} of ${requestId}`,
      tries: 40,
      call: (engine) => engine.payments.settle({ requestId, event, source: 'webhook' }),
    })
    if (answer.is === 'value') journal.met(`webhook ${answer.value}`)
    void webhookId
  }

  const deliver = async (webhook: GatewayWebhook): Promise<void> => {
    const always = fickle.get(webhook.event.key) === 'captured'
    if (!healed && !always && random.chance(0.15)) return journal.met('webhook lost')
    if (!healed && random.chance(0.15)) {
      journal.met('webhook twice')
      void runtime.sleep({ ms: random.below(5_000) }).then(() => settle(webhook))
    }
    if (!healed && random.chance(0.2)) {
      journal.met('webhook late')
      await runtime.sleep({ ms: random.below(10_000) })
    }
    await settle(webhook)
  }

  const inner: ScriptedGateway = createScriptedGateway({ runtime, deliver: (webhook) => void deliver(webhook) })
  const declined = { is: 'declined', reason: 'card_declined' } as const

  const captureLater = async (order: Parameters<PaymentGateway['charge']>[0]): Promise<void> => {
    await runtime.sleep({ ms: 500 + random.below(15_000) })
    if (fickle.get(order.key) !== 'declined') return
    fickle.set(order.key, 'captured')
    journal.met('fickle capture')
    await inner.charge({ ...order, paymentToken: 'tok_approve', signal: new AbortController().signal })
  }

  const port: PaymentGateway = {
    charge: async (order) => {
      const state = fickle.get(order.key)
      if (order.paymentToken !== 'tok_fickle' || state === 'captured') return inner.charge(order)
      if (state === undefined) {
        fickle.set(order.key, 'declined')
        void captureLater(order)
      }
      return declined
    },
    find: async (q) => (fickle.has(q.key) && fickle.get(q.key) !== 'captured' ? declined : inner.find(q)),
    cancel: async (q) => {
      if (fickle.get(q.key) === 'declined') fickle.set(q.key, 'cancelled')
      return inner.cancel(q)
    },
    refund: (q) => inner.refund(q),
  }

  return {
    port,
    ledger: () => inner.ledger(),
    heal: () => {
      healed = true
    },
  }
}
