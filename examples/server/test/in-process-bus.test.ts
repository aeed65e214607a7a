import { manualRuntime } from '@b-ticketing/core/conformance'
import { createMemoryDeadLetters, createMemoryEventBus, createMemoryRecord } from '@b-ticketing/core/memory'
import type { Message } from '@b-ticketing/core/ports'
import { expect, test } from 'vitest'
import { acknowledgeWhenHandled } from '../src/in-process-bus.ts'

const message = (eventId: string): Message => ({
  ...{ eventId, topic: 'payment-completed', key: eventId, schema: 1, at: 1, data: {} },
})

function open() {
  const runtime = manualRuntime()
  const deadLetters = createMemoryDeadLetters({ record: createMemoryRecord(), runtime })
  const bus = acknowledgeWhenHandled(createMemoryEventBus({ runtime, deadLetters }), runtime)
  const publish = (...ids: string[]) => bus.publish({ topic: 'payment-completed', messages: ids.map(message) })
  return { bus, runtime, publish }
}

test('nothing is acknowledged before every group has handled it', async () => {
  const { bus, publish, runtime } = open()
  const finish: (() => void)[] = []
  const topic = 'payment-completed'
  await bus.subscribe({ topic, group: 'quick', handle: async (batch) => batch.map(() => 'done') })
  const slow = (batch: readonly Message[]) =>
    new Promise<'done'[]>((resolve) => finish.push(() => resolve(batch.map(() => 'done'))))
  await bus.subscribe({ topic, group: 'slow', handle: slow })
  let replies: readonly string[] | null = null
  void publish('a').then((answer) => {
    replies = answer
  })
  await runtime.elapse(100)
  expect(replies).toBeNull()
  finish[0]!()
  await runtime.elapse(100)
  expect(replies).toEqual(['acked'])
})

test('with nobody to handle it, or for too long, it stays in the outbox', async () => {
  const { bus, publish, runtime } = open()
  expect(await publish('a')).toEqual(['unknown'])
  const fails = async () => {
    throw new Error('the record is away')
  }
  await bus.subscribe({ topic: 'payment-completed', group: 'g', handle: fails })
  const replies = publish('b', 'c')
  await runtime.elapse(6_000)
  expect(await replies).toEqual(['unknown', 'unknown'])
})

test('poison is parked, and does not stand in the way', async () => {
  const { bus, publish } = open()
  const handle = async (batch: readonly Message[]) => batch.map(() => ({ poison: 'unreadable' }))
  await bus.subscribe({ topic: 'payment-completed', group: 'g', handle })
  expect(await publish('a')).toEqual(['acked'])
})
