import { expect, test } from 'vitest'
import { manualRuntime } from '../shared/contract.ts'
import { chargeStep, refundStep } from './charge.ts'
import { paymentGatewayContract } from './payment-gateway.contract.ts'
import { createScriptedGateway, type SandboxToken } from './payment-gateway.memory.ts'
import type { GatewayWebhook } from './payment-gateway.port.ts'

const kit = paymentGatewayContract(() => {
  const runtime = manualRuntime()
  return { port: createScriptedGateway({ runtime }), now: runtime.now, advance: runtime.advance }
})
for (const { name, run } of kit) test(name, run)

const amount = { value: 42_000, currency: 'KRW' }

function sandbox() {
  const runtime = manualRuntime()
  const webhooks: GatewayWebhook[] = []
  const gateway = createScriptedGateway({ runtime, deliver: (webhook) => webhooks.push(webhook) })
  const step = (token: SandboxToken | string, kind: 'charge' | 'ask' | 'cancel' = 'charge') =>
    chargeStep({ gateway, runtime }, kind, {
      requestId: 'r1',
      amount,
      paymentToken: token,
      chargeWithinMs: 45_000,
      reason: 'TIMED_OUT',
    })
  return { runtime, webhooks, gateway, step }
}

async function after<T>(
  ms: number,
  runtime: ReturnType<typeof manualRuntime>,
  work: Promise<T>,
): Promise<T | 'running'> {
  let result: T | 'running' = 'running'
  void work.then((value) => {
    result = value
  })
  await runtime.elapse(ms)
  return result
}

test('tok_approve and tok_decline answer at once, with a webhook and one line in the ledger', async () => {
  const { runtime, webhooks, gateway, step } = sandbox()
  expect((await step('tok_approve')).is).toBe('charged')
  await runtime.elapse(0)
  expect(webhooks.map(({ event }) => event.type)).toEqual(['charge.succeeded'])
  expect(gateway.ledger()).toEqual([
    { at: runtime.now(), type: 'charge', key: 'r1', requestId: 'r1', amount, status: 'succeeded' },
  ])
  const other = sandbox()
  expect(await other.step('tok_decline')).toEqual({ is: 'declined', reason: 'card_declined' })
  expect(await other.step('tok_approve')).toEqual({ is: 'declined', reason: 'card_declined' })
})

test('tok_slow answers after 3 s', async () => {
  const { runtime, step } = sandbox()
  const work = step('tok_slow')
  expect(await after(2_999, runtime, work)).toBe('running')
  expect(await after(1, runtime, work)).toMatchObject({ is: 'charged' })
})

test('a slow charge that was cancelled meanwhile is declined, never captured', async () => {
  const { runtime, gateway, step } = sandbox()
  const work = step('tok_slow')
  await runtime.elapse(1_000)
  expect(await step('', 'cancel')).toEqual({ is: 'declined', reason: 'TIMED_OUT' })
  expect(await after(3_000, runtime, work)).toEqual({ is: 'declined', reason: 'cancelled' })
  expect(gateway.ledger().map(({ type }) => type)).toEqual(['cancel'])
})

test('tok_timeout is never charged: unknown after the deadline, not found after it', async () => {
  const { runtime, gateway, step } = sandbox()
  const work = step('tok_timeout')
  expect(await after(9_999, runtime, work)).toBe('running')
  expect(await after(1, runtime, work)).toEqual({ is: 'unknown' })
  expect(await step('', 'ask')).toEqual({ is: 'not-found' })
  expect(gateway.ledger()).toEqual([])
})

test('tok_charged_then_timeout is found by asking, no webhook comes', async () => {
  const { runtime, webhooks, step } = sandbox()
  expect(await after(10_000, runtime, step('tok_charged_then_timeout'))).toEqual({ is: 'unknown' })
  expect(await step('', 'ask')).toMatchObject({ is: 'charged' })
  expect(webhooks).toEqual([])
})

test('tok_late: the answer is lost, the charge open, then captured and told by webhook', async () => {
  const { runtime, webhooks, step } = sandbox()
  const work = step('tok_late')
  await runtime.elapse(1_000)
  expect(await step('', 'ask')).toEqual({ is: 'still-open' })
  await runtime.elapse(4_000)
  expect(webhooks).toHaveLength(1)
  expect(await step('', 'ask')).toMatchObject({ is: 'charged' })
  expect(await after(5_000, runtime, work)).toEqual({ is: 'unknown' })
})

test('tok_duplicate: three deliveries of one event, the later ones older', async () => {
  const { runtime, webhooks, step } = sandbox()
  await step('tok_duplicate')
  await runtime.elapse(1_000)
  expect(webhooks).toHaveLength(3)
  expect(new Set(webhooks.map(({ webhookId }) => webhookId)).size).toBe(1)
  const times = webhooks.map(({ timestamp }) => timestamp)
  expect(times).toEqual([...times].sort((a, b) => b - a))
})

test('I13: another amount than asked is never read as charged, and all of it goes back', async () => {
  const { runtime, gateway, step } = sandbox()
  expect(await step('tok_wrong_amount')).toEqual({ is: 'other-amount', taken: { value: 42_001, currency: 'KRW' } })
  expect(await refundStep({ gateway, runtime }, 'r1')).toBe('DONE')
  expect(await refundStep({ gateway, runtime }, 'r1')).toBe('DONE')
  expect(gateway.ledger().map(({ type, amount: { value } }) => [type, value])).toEqual([
    ['charge', 42_001],
    ['refund', 42_001],
  ])
})

test('I4: the refund of a free seat is DONE, and nothing moves', async () => {
  const { runtime, gateway } = sandbox()
  const order = { requestId: 'r1', amount: { value: 0, currency: 'KRW' }, paymentToken: 'tok_approve' }
  await chargeStep({ gateway, runtime }, 'charge', { ...order, chargeWithinMs: 45_000, reason: 'TIMED_OUT' })
  expect(await refundStep({ gateway, runtime }, 'r1')).toBe('DONE')
  expect(gateway.ledger().map(({ type }) => type)).toEqual(['charge'])
})

test('a webhook that is refused comes again', async () => {
  const runtime = manualRuntime()
  let deliveries = 0
  const deliver = () => {
    deliveries++
    if (deliveries < 3) throw new Error('503')
  }
  const gateway = createScriptedGateway({ runtime, deliver })
  const signal = new AbortController().signal
  await gateway.charge({ key: 'r1', requestId: 'r1', amount, paymentToken: 'tok_approve', signal })
  await runtime.elapse(60_000)
  expect(deliveries).toBe(3)
})

test('a gateway that throws, hangs or answers nonsense is unknown, within the deadline', async () => {
  const { runtime, gateway } = sandbox()
  const order = { requestId: 'r1', amount, paymentToken: 't', chargeWithinMs: 45_000, reason: 'x' }
  const broken = {
    ...gateway,
    charge: () => Promise.reject(new Error('socket')),
    find: () => Promise.resolve({ is: 'surprise' } as never),
    cancel: () => new Promise<never>(() => {}),
  }
  expect(await chargeStep({ gateway: broken, runtime }, 'charge', order)).toEqual({ is: 'unknown' })
  expect(await chargeStep({ gateway: broken, runtime }, 'ask', order)).toEqual({ is: 'unknown' })
  expect(await after(5_000, runtime, chargeStep({ gateway: broken, runtime }, 'cancel', order))).toEqual({
    is: 'unknown',
  })
})
