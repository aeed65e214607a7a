import assert from 'node:assert/strict'
import { bindCases, type ContractCase, type SubjectFactory } from '../shared/contract.ts'
import type { Id } from '../shared/types.ts'
import type { DeadLetter } from './dead-letters.port.ts'
import type { EventBus, HandleReply } from './event-bus.port.ts'
import type { Message, Topic } from './message.ts'

export interface EventBusSubject {
  readonly port: EventBus
  /** Returns once nothing is on its way any more: delivered, parked, or waiting for a consumer. */
  settled(): Promise<void>
  /** Reads the dead letters of this bus. */
  parked(): Promise<readonly DeadLetter[]>
  close?(): void | Promise<void>
}

const topic: Topic = 'payment-requested'
const group = 'payment-service-group'

const message = (key: Id, n: number, of: Topic = topic): Message => ({
  eventId: `${key}-${n}`,
  topic: of,
  key,
  schema: 1,
  at: 1_800_000_000_000 + n,
  data: { requestId: key },
})

/** `count` messages of each of `keys` keys, interleaved. */
const messages = (keys: number, count: number): Message[] =>
  Array.from({ length: keys * count }, (_, i) => message(`key-${i % keys}`, Math.floor(i / keys)))

type Judge = (message: Message, seenBefore: number) => HandleReply

async function consumer(port: EventBus, p: { group?: Id; topic?: Topic; judge?: Judge } = {}) {
  const seen: Message[] = []
  const subscription = await port.subscribe({
    topic: p.topic ?? topic,
    group: p.group ?? group,
    handle: async (batch) =>
      batch.map((received) => {
        const before = seen.filter(({ eventId }) => eventId === received.eventId).length
        seen.push(received)
        return p.judge?.(received, before) ?? 'done'
      }),
  })
  return { seen, ids: () => seen.map(({ eventId }) => eventId), close: () => subscription.close() }
}

async function publish(port: EventBus, all: readonly Message[]): Promise<void> {
  for (let i = 0; i < all.length; i += 256) {
    const batch = all.slice(i, i + 256)
    const replies = await port.publish({ topic: batch[0]!.topic, messages: batch })
    assert.deepEqual(
      replies,
      batch.map(() => 'acked'),
    )
  }
}

const sortedIds = (all: readonly Message[]): Id[] => all.map(({ eventId }) => eventId).sort()

/** First deliveries of each key are in order of `at`. */
function isInOrder(seen: readonly Message[]): void {
  const last = new Map<Id, number>()
  const known = new Set<Id>()
  for (const { key, at, eventId } of seen) {
    if (known.has(eventId)) continue
    known.add(eventId)
    assert.ok(at > (last.get(key) ?? 0), `${eventId} came out of order`)
    last.set(key, at)
  }
}

/** What every EventBus does. */
export const eventBusContract = (factory: SubjectFactory<EventBusSubject>): readonly ContractCase[] =>
  bindCases('EventBus', factory, {
    'the factory gives an empty bus': async ({ port, settled, parked }) => {
      const one = await consumer(port)
      await settled()
      assert.deepEqual([one.seen, await parked()], [[], []])
    },

    'a message arrives as it was published': async ({ port, settled }) => {
      const one = await consumer(port)
      const sent = { ...message('a', 1), data: { requestId: 'a', nested: { list: [1, null, '결제'] } } }
      await publish(port, [sent])
      await settled()
      assert.deepEqual(one.seen, [sent])
    },

    'without a fault each message reaches the group once, in order per key': async ({ port, settled }) => {
      const one = await consumer(port)
      const sent = messages(20, 30)
      await publish(port, sent)
      await settled()
      assert.deepEqual(sortedIds(one.seen), sortedIds(sent))
      isInOrder(one.seen)
    },

    'two consumers of a group share the work': async ({ port, settled }) => {
      const one = await consumer(port)
      const two = await consumer(port)
      const sent = messages(40, 5)
      await publish(port, sent)
      await settled()
      assert.ok(one.seen.length > 0 && two.seen.length > 0, 'one consumer got nothing')
      assert.deepEqual(sortedIds([...one.seen, ...two.seen]), sortedIds(sent))
      for (const { seen } of [one, two]) isInOrder(seen)
    },

    'two groups both get everything': async ({ port, settled }) => {
      const one = await consumer(port)
      const two = await consumer(port, { group: 'notification-service-group' })
      const sent = messages(10, 5)
      await publish(port, sent)
      await settled()
      for (const { seen } of [one, two]) {
        assert.deepEqual(sortedIds(seen), sortedIds(sent))
        isInOrder(seen)
      }
    },

    'topics are independent': async ({ port, settled }) => {
      const one = await consumer(port)
      const two = await consumer(port, { topic: 'payment-completed' })
      await publish(port, [message('a', 1)])
      await publish(port, [message('a', 2, 'payment-completed')])
      await settled()
      assert.deepEqual([one.ids(), two.ids()], [['a-1'], ['a-2']])
    },

    'a new group starts at the oldest message kept': async ({ port, settled }) => {
      await publish(port, messages(3, 3))
      const late = await consumer(port)
      await settled()
      assert.deepEqual(sortedIds(late.seen), sortedIds(messages(3, 3)))
      isInOrder(late.seen)
    },

    'a throw brings the messages again and skips nothing': async ({ port, settled, parked }) => {
      let faults = 7
      const judge: Judge = () => {
        if (faults-- > 0) throw new Error('the database is down')
        return 'done'
      }
      const one = await consumer(port, { judge })
      const sent = messages(5, 10)
      await publish(port, sent)
      await settled()
      assert.deepEqual(new Set(one.ids()), new Set(sortedIds(sent)))
      isInOrder(one.seen)
      assert.deepEqual(await parked(), [], 'a fault of a dependency never parks a message')
    },

    'while a dependency is down messages of the same key wait behind it': async ({ port, settled }) => {
      const done: Id[] = []
      let faults = 3
      await port.subscribe({
        topic,
        group,
        handle: async (batch) => {
          if (faults-- > 0) throw new Error('down')
          done.push(...batch.map(({ eventId }) => eventId))
          return batch.map(() => 'done' as const)
        },
      })
      for (let n = 1; n <= 5; n++) await publish(port, [message('a', n)])
      await settled()
      assert.deepEqual(done, ['a-1', 'a-2', 'a-3', 'a-4', 'a-5'])
    },

    'a reply that is missing or unreadable is a fault of the consumer': async ({ port, settled, parked }) => {
      const replies = [
        [],
        undefined,
        ['done', 'done', 'done'],
        ['maybe'],
        [{ poison: 7 }],
      ] as unknown as HandleReply[][]
      const seen: Id[] = []
      await port.subscribe({
        topic,
        group,
        handle: async (batch) => {
          seen.push(...batch.map(({ eventId }) => eventId))
          return replies.length > 0 ? replies.shift()! : batch.map(() => 'done' as const)
        },
      })
      await publish(port, [message('a', 1)])
      await settled()
      assert.deepEqual(seen, new Array(6).fill('a-1'))
      assert.deepEqual(await parked(), [])
    },

    'poison is tried 5 times, then parked and passed over': async ({ port, settled, parked }) => {
      const judge: Judge = ({ eventId }) => (eventId === 'a-2' ? { poison: 'no such schedule' } : 'done')
      const one = await consumer(port, { judge })
      await publish(port, [message('a', 1), message('a', 2), message('a', 3), message('b', 1)])
      await settled()
      assert.equal(one.ids().filter((id) => id === 'a-2').length, 5)
      assert.deepEqual([...new Set(one.ids())].sort(), ['a-1', 'a-2', 'a-3', 'b-1'])
      const [letter, ...others] = await parked()
      assert.deepEqual(others, [])
      assert.deepEqual(
        [letter?.source, letter?.reason, letter?.message, letter?.replayedAt],
        [group, 'no such schedule', message('a', 2), null],
      )
    },

    'poison that is accepted in time is not parked': async ({ port, settled, parked }) => {
      const judge: Judge = (_, before) => (before < 4 ? { poison: 'not yet' } : 'done')
      const one = await consumer(port, { judge })
      await publish(port, [message('a', 1)])
      await settled()
      assert.deepEqual([one.ids().length, await parked()], [5, []])
    },

    'a fault between two attempts does not hide poison': async ({ port, settled, parked }) => {
      const judge: Judge = (_, before) => {
        if (before % 2 === 1) throw new Error('down')
        return { poison: 'unreadable' }
      }
      await consumer(port, { judge })
      await publish(port, [message('a', 1)])
      await settled()
      assert.equal((await parked()).length, 1)
    },

    'poison of one group is parked for that group alone': async ({ port, settled, parked }) => {
      await consumer(port, { judge: () => ({ poison: 'unreadable' }) })
      const other = await consumer(port, { group: 'notification-service-group' })
      await publish(port, [message('a', 1)])
      await settled()
      assert.deepEqual(other.ids(), ['a-1'])
      assert.deepEqual(
        (await parked()).map(({ source }) => source),
        [group],
      )
    },

    'two groups that fail on the same message park a letter each': async ({ port, settled, parked }) => {
      const judge: Judge = () => ({ poison: 'unreadable' })
      await consumer(port, { judge })
      await consumer(port, { judge, group: 'notification-service-group' })
      await publish(port, [message('a', 1)])
      await settled()
      assert.equal(new Set((await parked()).map(({ id }) => id)).size, 2)
    },

    'a group goes on where it stopped, whoever consumes': async ({ port, settled }) => {
      const one = await consumer(port)
      await publish(port, [message('a', 1)])
      await settled()
      await one.close()
      await publish(port, [message('a', 2)])
      await settled()
      const two = await consumer(port)
      await publish(port, [message('a', 3)])
      await settled()
      assert.deepEqual([one.ids(), two.ids()], [['a-1'], ['a-2', 'a-3']])
    },

    'what a closed consumer did not finish comes to the next one': async ({ port, settled }) => {
      const broken = await consumer(port, {
        judge: () => {
          throw new Error('down')
        },
      })
      await publish(port, messages(4, 2))
      await broken.close()
      const called = broken.seen.length
      const next = await consumer(port)
      await settled()
      assert.deepEqual(sortedIds(next.seen), sortedIds(messages(4, 2)))
      assert.equal(broken.seen.length, called, 'a closed consumer was called')
    },

    'close waits for a running handle, whose work counts': async ({ port, settled }) => {
      let finish = () => {}
      const gate = new Promise<void>((resolve) => {
        finish = resolve
      })
      let begun = () => {}
      const running = new Promise<void>((resolve) => {
        begun = resolve
      })
      let ended = false
      const subscription = await port.subscribe({
        topic,
        group,
        handle: async (batch) => {
          begun()
          await gate
          ended = true
          return batch.map(() => 'done' as const)
        },
      })
      await publish(port, [message('a', 1)])
      await running
      const closing = subscription.close().then(() => assert.ok(ended, 'close did not wait'))
      finish()
      await closing
      await subscription.close()
      const next = await consumer(port)
      await settled()
      assert.deepEqual(next.ids(), [])
    },

    'when one of two consumers leaves the other takes its part': async ({ port, settled }) => {
      const one = await consumer(port)
      const two = await consumer(port)
      await publish(port, messages(20, 1))
      await settled()
      await one.close()
      const before = one.seen.length
      await publish(
        port,
        messages(20, 2).filter(({ eventId }) => eventId.endsWith('-1')),
      )
      await settled()
      assert.equal(one.seen.length, before)
      assert.deepEqual(sortedIds([...one.seen, ...two.seen]), sortedIds(messages(20, 2)))
    },

    'publishing nothing is nothing': async ({ port }) => {
      assert.deepEqual(await port.publish({ topic, messages: [] }), [])
    },

    'bad input is INVALID and publishes nothing': async ({ port, settled }) => {
      const one = await consumer(port)
      const bad = [
        [message('a', 1), message('b', 1, 'payment-completed')],
        [message('a', 1), { ...message('b', 1), key: 'not an id' }],
        [message('a', 1), { ...message('b', 1), schema: 0 }],
        [message('a', 1), { ...message('b', 1), at: Number.NaN }],
        [message('a', 1), null],
        Array.from({ length: 257 }, (_, n) => message('a', n + 1)),
      ] as Message[][]
      for (const batch of bad) {
        await assert.rejects(port.publish({ topic, messages: batch }), { code: 'INVALID' })
      }
      const unknown = 'nobody-listens' as Topic
      await assert.rejects(port.publish({ topic: unknown, messages: [] }), { code: 'INVALID' })
      await assert.rejects(consumer(port, { topic: unknown }), { code: 'INVALID' })
      await assert.rejects(consumer(port, { group: 'not an id' }), { code: 'INVALID' })
      await settled()
      assert.deepEqual(one.seen, [])
    },
  })
