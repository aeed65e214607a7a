import { expect, test } from 'vitest'
import { auditRows } from '../shared/audit.memory.ts'
import { type ManualRuntime, manualRuntime, settle } from '../shared/contract.ts'
import { createMemoryRecord } from '../shared/record.memory.ts'
import { changeFeedContract } from './change-feed.contract.ts'
import { createMemoryChangeFeed } from './change-feed.memory.ts'
import { deadLettersContract } from './dead-letters.contract.ts'
import { createMemoryDeadLetters, deadLetterRows } from './dead-letters.memory.ts'
import type { DeadLetters } from './dead-letters.port.ts'
import { eventBusContract } from './event-bus.contract.ts'
import { createMemoryEventBus } from './event-bus.memory.ts'
import type { Message } from './message.ts'
import { outboxContract } from './outbox.contract.ts'
import { appendOutbox, createMemoryOutbox, outboxRows } from './outbox.memory.ts'

const clockOf = (runtime: ManualRuntime) => ({ now: runtime.now, advance: runtime.advance })

const deadLetterCases = deadLettersContract(() => {
  const runtime = manualRuntime()
  const record = createMemoryRecord()
  const audit = async () => [...record.table(auditRows).values()]
  return { port: createMemoryDeadLetters({ record, runtime }), ...clockOf(runtime), audit }
})

const outboxCases = outboxContract(() => {
  const runtime = manualRuntime()
  const record = createMemoryRecord()
  return {
    port: createMemoryOutbox({ record, runtime }),
    ...clockOf(runtime),
    append: async (messages: readonly Message[]) => appendOutbox(record, messages),
    unpublished: async () => [...record.table(outboxRows).keys()],
  }
})

const eventBusCases = eventBusContract(() => {
  const runtime = manualRuntime()
  const record = createMemoryRecord()
  return {
    port: createMemoryEventBus({ runtime, deadLetters: createMemoryDeadLetters({ record, runtime }) }),
    settled: () => runtime.elapse(60_000),
    parked: async () => [...record.table(deadLetterRows).values()].map(({ letter }) => letter),
  }
})

const changeFeedCases = changeFeedContract(() => {
  const port = createMemoryChangeFeed<{ readonly value: number }>({ runtime: manualRuntime() })
  return {
    port,
    peer: () => port,
    publishLost: async (channel: string, value: number) => {
      const published = port.publish({ channel, changes: [{ value }] })
      port.lose({ channel })
      await published
    },
    settled: settle,
  }
})

for (const { name, run } of [...deadLetterCases, ...outboxCases, ...eventBusCases, ...changeFeedCases]) test(name, run)

const message = (key: string, n: number): Message => ({
  eventId: `${key}-${n}`,
  topic: 'payment-requested',
  key,
  schema: 1,
  at: n,
  data: {},
})

const newBus = (deadLetters?: DeadLetters) => {
  const runtime = manualRuntime()
  const record = createMemoryRecord()
  const letters = createMemoryDeadLetters({ record, runtime })
  return { runtime, record, bus: createMemoryEventBus({ runtime, deadLetters: deadLetters ?? letters }) }
}

test('the memory bus delivers at the end of the turn, without the clock', async () => {
  const { bus } = newBus()
  const seen: string[] = []
  await bus.subscribe({
    topic: 'payment-requested',
    group: 'g',
    handle: async (batch) => {
      seen.push(...batch.map(({ eventId }) => eventId))
      return batch.map(() => 'done' as const)
    },
  })
  await bus.publish({ topic: 'payment-requested', messages: [message('a', 1)] })
  await settle()
  expect(seen).toEqual(['a-1'])
})

test('while poison cannot be parked it is not passed over', async () => {
  let down = true
  const parked: string[] = []
  const { runtime, bus } = newBus({
    park: async ({ letters }) => {
      if (down) throw new Error('the record is down')
      parked.push(...letters.map(({ reason }) => reason))
    },
    list: async () => ({ items: [], next: null }),
    replayed: async () => false,
  })
  const seen: string[] = []
  await bus.subscribe({
    topic: 'payment-requested',
    group: 'g',
    handle: async (batch) => {
      seen.push(...batch.map(({ eventId }) => eventId))
      return batch.map(({ at }) => (at === 1 ? { poison: 'bad' } : ('done' as const)))
    },
  })
  await bus.publish({ topic: 'payment-requested', messages: [message('a', 1)] })
  await settle()
  await bus.publish({ topic: 'payment-requested', messages: [message('a', 2)] })
  await runtime.elapse(60_000)
  expect([parked, seen.includes('a-2')]).toEqual([[], false])
  down = false
  await runtime.elapse(60_000)
  expect([parked, seen.includes('a-2')]).toEqual([['bad'], true])
})

test('a group that lags too far makes publishing wait, in one piece per key; nothing of it is lost', async () => {
  const { runtime, bus } = newBus()
  let down = true
  const seen: string[] = []
  await bus.subscribe({
    topic: 'payment-requested',
    group: 'g',
    handle: async (batch) => {
      if (down) throw new Error('down')
      seen.push(...batch.map(({ eventId }) => eventId))
      return batch.map(() => 'done' as const)
    },
  })
  let accepted = 0
  for (let n = 0; n < 20; n++) {
    const messages = Array.from({ length: 100 }, (_, i) => message('a', n * 100 + i))
    const replies = await bus.publish({ topic: 'payment-requested', messages })
    const refused = replies.indexOf('unknown')
    expect(replies.slice(refused < 0 ? replies.length : refused)).not.toContain('acked')
    accepted += replies.filter((reply) => reply === 'acked').length
  }
  expect(accepted).toBe(1_250)
  down = false
  await runtime.elapse(60_000)
  expect(seen).toEqual(Array.from({ length: 1_250 }, (_, i) => `a-${i}`))
  expect(await bus.publish({ topic: 'payment-requested', messages: [message('a', 9_999)] })).toEqual(['acked'])
})

test('without any group the newest messages are kept', async () => {
  const { bus } = newBus()
  for (let n = 0; n < 20; n++) {
    const messages = Array.from({ length: 100 }, (_, i) => message('a', n * 100 + i))
    expect(await bus.publish({ topic: 'payment-requested', messages })).not.toContain('unknown')
  }
  const seen: string[] = []
  await bus.subscribe({
    topic: 'payment-requested',
    group: 'g',
    handle: async (batch) => {
      seen.push(...batch.map(({ eventId }) => eventId))
      return batch.map(() => 'done' as const)
    },
  })
  await settle()
  expect([seen[0], seen.at(-1), seen.length]).toEqual(['a-750', 'a-1999', 1_250])
})

test('a feed drops what is too much for one turn, and says so by a gap', async () => {
  const feed = createMemoryChangeFeed<{ value: number }>({ runtime: manualRuntime() })
  let changes = 0
  let gaps = 0
  await feed.subscribe({ channel: 'c', onChange: () => changes++, onGap: () => gaps++ })
  await feed.publish({ channel: 'c', changes: Array.from({ length: 5_000 }, (_, value) => ({ value })) })
  await settle()
  await feed.publish({ channel: 'c', changes: [{ value: 1 }] })
  await settle()
  expect([changes, gaps]).toEqual([4_097, 1])
})

test('readers of a feed that come or go while it delivers disturb nobody', async () => {
  const feed = createMemoryChangeFeed<{ value: number }>({ runtime: manualRuntime() })
  const seen: string[] = []
  const first = await feed.subscribe({
    channel: 'c',
    onGap: () => {},
    onChange: ({ value }) => {
      seen.push(`first ${value}`)
      void first.close()
      void feed.subscribe({ channel: 'c', onGap: () => {}, onChange: (change) => seen.push(`late ${change.value}`) })
    },
  })
  await feed.subscribe({ channel: 'c', onGap: () => {}, onChange: ({ value }) => seen.push(`second ${value}`) })
  await feed.publish({ channel: 'c', changes: [{ value: 1 }, { value: 2 }] })
  await settle()
  await feed.publish({ channel: 'c', changes: [{ value: 3 }] })
  await settle()
  expect(seen).toEqual(['first 1', 'second 1', 'second 2', 'second 3', 'late 3'])
})
