import fc from 'fast-check'
import { expect, test } from 'vitest'
import { manualRuntime } from '../shared/contract.ts'
import { silentObserver } from '../shared/observer.ts'
import { createMemoryRecord } from '../shared/record.memory.ts'
import { createMemoryDeadLetters } from './dead-letters.memory.ts'
import { createMemoryEventBus } from './event-bus.memory.ts'
import type { EventBus, PublishReply } from './event-bus.port.ts'
import type { Message, Topic } from './message.ts'
import { appendOutbox, createMemoryOutbox, outboxRows } from './outbox.memory.ts'
import type { Outbox } from './outbox.port.ts'
import { createOutboxLoop, inRounds } from './outbox-loop.ts'

const message = (key: string, n: number, topic: Topic = 'payment-requested'): Message => ({
  eventId: `${key}-${n}`,
  topic,
  key,
  schema: 1,
  at: n,
  data: {},
})

type Publish = (
  topic: Topic,
  messages: readonly Message[],
) => readonly PublishReply[] | Promise<readonly PublishReply[]>

/** A record, a broker that is a list, and relays on both. */
function world(publish: Publish = (_, messages) => messages.map(() => 'acked'), outboxOf = (outbox: Outbox) => outbox) {
  const runtime = manualRuntime()
  const record = createMemoryRecord()
  const sent: string[] = []
  const sends: string[][] = []
  const eventBus: Pick<EventBus, 'publish'> = {
    publish: async ({ topic, messages }) => {
      sends.push(messages.map(({ eventId }) => eventId))
      const replies = await publish(topic, messages)
      sent.push(...messages.filter((_, i) => replies[i] === 'acked').map(({ eventId }) => eventId))
      return replies
    },
  }
  const relay = () =>
    createOutboxLoop({
      outbox: outboxOf(createMemoryOutbox({ record, runtime })),
      eventBus: eventBus as EventBus,
      runtime,
      observer: silentObserver,
    })
  const left = () => [...record.table(outboxRows).keys()]
  return { runtime, record, relay, sent, sends, left, append: (all: Message[]) => appendOutbox(record, all) }
}

test('a tick publishes everything, one send per topic, and marks it', async () => {
  const { relay, append, sends, left } = world()
  append([message('a', 1), message('b', 1, 'payment-completed'), message('c', 1), message('d', 1, 'payment-completed')])
  await relay().tick()
  expect(sends).toEqual([
    ['a-1', 'c-1'],
    ['b-1', 'd-1'],
  ])
  expect(left()).toEqual([])
})

test('a backlog leaves in one tick, in sends of at most 256', async () => {
  const { relay, append, sends, sent, left } = world()
  append(Array.from({ length: 1_000 }, (_, n) => message(`key-${n % 50}`, n)))
  await relay().tick()
  expect([sent.length, left()]).toEqual([1_000, []])
  expect(Math.max(...sends.map((ids) => ids.length))).toBeLessThanOrEqual(256)
})

test('an empty outbox sends nothing', async () => {
  const { relay, sends } = world()
  await relay().tick()
  expect(sends).toEqual([])
})

test('I11: `unknown` is not marked, and comes again with what follows it in its booking', async () => {
  let broken = true
  const { relay, append, left, sent } = world((_, messages) =>
    messages.map(({ eventId }) => (broken && eventId === 'a-1' ? 'unknown' : 'acked')),
  )
  append([message('a', 1), message('b', 1), message('a', 2), message('a', 3, 'payment-completed')])
  const loop = relay()
  await loop.tick()
  expect(left()).toEqual(['a-1', 'a-2', 'a-3'])
  broken = false
  await loop.tick()
  expect(left()).toEqual([])
  expect(sent.slice(-3)).toEqual(['a-1', 'a-2', 'a-3'])
})

test('a tick ends when the broker acknowledges nothing', async () => {
  const { relay, append, sends, left } = world((_, messages) => messages.map(() => 'unknown'))
  append([message('a', 1)])
  await relay().tick()
  expect([sends.length, left()]).toEqual([1, ['a-1']])
})

test('a broker that is down is a fault of the tick; lanes are given back at once and nothing is lost', async () => {
  let down = true
  const { relay, append, left } = world((_, messages) => {
    if (down) throw new Error('no broker')
    return messages.map(() => 'acked')
  })
  append([message('a', 1), message('b', 1)])
  await expect(relay().tick()).rejects.toThrow('no broker')
  expect(left()).toEqual(['a-1', 'b-1'])
  down = false
  await relay().tick()
  expect(left()).toEqual([])
})

test('a missing reply is as good as unknown', async () => {
  const { relay, append, left } = world(() => [])
  append([message('a', 1)])
  await relay().tick()
  expect(left()).toEqual(['a-1'])
})

test('I5: a relay that dies between publishing and marking: another publishes again after its lease', async () => {
  let dies = true
  const { runtime, relay, append, sent, left } = world(undefined, (outbox) => ({
    ...outbox,
    mark: async (p) => {
      if (dies) throw new Error('killed')
      await outbox.mark(p)
    },
  }))
  append([message('a', 1)])
  await expect(relay().tick()).rejects.toThrow('killed')
  dies = false
  await relay().tick()
  expect([sent, left()]).toEqual([['a-1'], ['a-1']])
  runtime.advance(30_000)
  await relay().tick()
  expect([sent, left()]).toEqual([['a-1', 'a-1'], []])
})

test('a relay that was stopped past its lease sends no more of it', async () => {
  const { runtime, relay, append, sent } = world(undefined, (outbox) => ({
    ...outbox,
    lease: async (p) => {
      const leased = await outbox.lease(p)
      runtime.advance(30_000)
      return leased
    },
  }))
  append([message('a', 1)])
  await relay().tick()
  expect(sent).toEqual([])
})

test('I16: N relays at once publish each message once', async () => {
  const { relay, append, sent, left } = world()
  append(Array.from({ length: 500 }, (_, n) => message(`key-${n % 50}`, n)))
  await Promise.all(Array.from({ length: 8 }, () => relay().tick()))
  while (left().length > 0) await relay().tick()
  expect(sent.length).toBe(500)
  expect(new Set(sent).size).toBe(500)
})

test('rounds keep the order of a booking over topics', () => {
  const all = [
    message('a', 1),
    message('a', 2, 'payment-completed'),
    message('b', 1, 'payment-completed'),
    message('a', 3, 'payment-completed'),
    message('a', 4),
  ]
  expect(inRounds(all).map((round) => round.map(({ eventId }) => eventId))).toEqual([
    ['a-1', 'b-1'],
    ['a-2', 'a-3'],
    ['a-4'],
  ])
})

test('I11: under random faults every committed message arrives at least once, in order per booking', async () => {
  const faults = fc.array(fc.constantFrom('ok', 'ok', 'unknown', 'lost', 'throw', 'mark'), { maxLength: 40 })
  let hit = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(4), { minLength: 1, maxLength: 40 }),
      faults,
      fc.nat(3),
      async (keys, script, crash) => {
        const runtime = manualRuntime()
        const record = createMemoryRecord()
        const deadLetters = createMemoryDeadLetters({ record, runtime })
        const bus = createMemoryEventBus({ runtime, deadLetters })
        const next = () => {
          const fault = script.shift() ?? 'ok'
          if (fault !== 'ok') hit++
          return fault
        }
        const faulty: EventBus = {
          ...bus,
          publish: async (p) => {
            const fault = next()
            if (fault === 'throw') throw new Error('no broker')
            if (fault === 'lost') return p.messages.map(() => 'unknown' as const)
            const replies = await bus.publish(p)
            return fault === 'unknown' ? replies.map(() => 'unknown' as const) : replies
          },
        }
        const outbox = createMemoryOutbox({ record, runtime })
        const dying: Outbox = {
          ...outbox,
          mark: async (p) => (next() === 'mark' ? Promise.reject(new Error('killed')) : outbox.mark(p)),
        }
        const firsts = new Map<string, number[]>()
        let handled = 0
        const handle = async (batch: readonly Message[]) => {
          if (crash > 0 && ++handled % (crash + 1) === 0) throw new Error('the record is down')
          for (const { key, at } of batch) {
            const seen = firsts.get(key) ?? []
            if (!seen.includes(at)) firsts.set(key, [...seen, at])
          }
          return batch.map(() => 'done' as const)
        }
        for (const topic of ['payment-requested', 'payment-completed'] as const) {
          await bus.subscribe({ topic, group: 'g', handle })
        }
        const relays = [1, 2].map(() =>
          createOutboxLoop({ outbox: dying, eventBus: faulty, runtime, observer: silentObserver }),
        )
        const wanted = new Map<string, number[]>()
        for (const [n, k] of keys.entries()) {
          appendOutbox(record, [message(`key-${k}`, n + 1)])
          wanted.set(`key-${k}`, [...(wanted.get(`key-${k}`) ?? []), n + 1])
          if (n % 3 === 0) await Promise.all(relays.map((relay) => relay.tick().catch(() => {})))
        }
        for (let i = 0; i < 200 && record.table(outboxRows).size > 0; i++) {
          await Promise.all(relays.map((relay) => relay.tick().catch(() => {})))
          await runtime.elapse(10_000)
        }
        await runtime.elapse(60_000)
        expect(record.table(outboxRows).size).toBe(0)
        expect(firsts).toEqual(wanted)
      },
    ),
    { numRuns: 60, seed: 21 },
  )
  expect(hit).toBeGreaterThan(100)
})
