import { afterEach, expect, test, vi } from 'vitest'
import { startConsumer } from './consumer-run.ts'
import type { ConsumerEvent, KafkaClient } from './kafka-client.ts'
import { timingOf } from './timing.ts'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
  vi.useRealTimers()
})

/** A consumer that has joined, of which the test tells what happens; silent after `2 * sessionTimeoutMs`. */
function joinedConsumer(sessionTimeoutMs: number) {
  const listeners = new Map<ConsumerEvent, (event: { readonly payload: unknown }) => void>()
  const nothing = async () => {}
  const consumer: ReturnType<KafkaClient['consumer']> = {
    ...{ connect: nothing, subscribe: nothing, run: nothing, disconnect: nothing },
    on: (event, listener) => {
      listeners.set(event, listener)
      return () => {}
    },
  }
  const run = startConsumer({
    client: { consumer: () => consumer } as Partial<KafkaClient> as KafkaClient,
    ...{ group: 'group', topic: 'topic', concurrency: 1 },
    timing: timingOf({ publishTimeoutMs: 1, handleTimeoutMs: 1, closeTimeoutMs: 1, sessionTimeoutMs }),
    ...{ ready: nothing, eachBatch: nothing, onJoin: () => {}, onRebalance: () => {} },
  })
  ends.push(run.dispose)
  let reason: string | null = null
  void run.ended.then((end) => {
    reason = end
  })
  const tell = (event: ConsumerEvent, payload: unknown = {}) => listeners.get(event)?.({ payload })
  tell('consumer.group_join', { memberAssignment: {} })
  return { tell, reason: () => reason }
}

test('heartbeats that are acknowledged are all it takes to be alive, and without them it is silent', async () => {
  vi.useFakeTimers()
  const { tell, reason } = joinedConsumer(10_000)
  for (let beats = 0; beats < 300; beats++) {
    await vi.advanceTimersByTimeAsync(5_000)
    tell('consumer.heartbeat')
  }
  await vi.advanceTimersByTimeAsync(20_000)
  expect(reason()).toBe(null)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(reason()).toBe('silence')
})

test('a process that was held up for longer than the silence hears first, and judges then', async () => {
  const { tell, reason } = joinedConsumer(100)
  const held = performance.now()
  while (performance.now() - held < 300);
  // Timers that are due come before what the sockets brought meanwhile.
  await new Promise((resolve) => setTimeout(resolve))
  tell('consumer.heartbeat')
  await new Promise(setImmediate)
  expect(reason()).toBe(null)
})
