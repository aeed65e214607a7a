import { TicketingError } from '@b-ticketing/core'
import { expect, test } from 'vitest'
import { messageOf, requested } from './kafka.test-support.ts'
import type { TopicRecords } from './kafka-client.ts'
import { createPublisher } from './publisher.ts'

const busy = () => new TicketingError('BUSY', 'down')

/** A publisher over a sender that does as it is told; `sends` are the keys of each request, by topic. */
function publisherOver(send: (batch: readonly TopicRecords[]) => Promise<void>, timeoutMs = 60_000) {
  const sends: Record<string, string[]>[] = []
  const publisher = createPublisher({
    timeoutMs,
    nameOf: (topic) => topic,
    sender: {
      send: async (batch) => {
        sends.push(
          Object.fromEntries(batch.map(({ topic, messages }) => [topic, messages.map(({ key }) => String(key))])),
        )
        await send(batch)
      },
    },
  })
  const publish = (...keys: string[]) =>
    publisher.publish({ topic: requested, messages: keys.map((key) => messageOf(key, 1)) })
  const complete = (key: string) =>
    publisher.publish({ topic: 'payment-completed', messages: [messageOf(key, 1, 'payment-completed')] })
  return { sends, publish, complete }
}

const large = (key: string, n: number) => ({ ...messageOf(key, n), data: { pad: 'x'.repeat(60_000) } })

test('what is published while a request is on its way is the next request', async () => {
  let finish = () => {}
  const first = new Promise<void>((resolve) => {
    finish = resolve
  })
  const { sends, publish } = publisherOver(() => (sends.length === 1 ? first : Promise.resolve()))
  const one = Promise.all([publish('a'), publish('b')])
  await new Promise(setImmediate)
  const two = Promise.all([publish('c'), publish('d', 'e')])
  await new Promise(setImmediate)
  expect(sends).toEqual([{ 'payment-requested': ['a', 'b'] }])
  finish()
  expect([await one, await two]).toEqual([
    [['acked'], ['acked']],
    [['acked'], ['acked', 'acked']],
  ])
  expect(sends[1]).toEqual({ 'payment-requested': ['c', 'd', 'e'] })
})

test('of one call nothing is acknowledged, or sent, after what is not known', async () => {
  const sent: string[] = []
  const publisher = createPublisher({
    timeoutMs: 60_000,
    nameOf: (topic) => topic,
    sender: {
      send: async ([topic]) => {
        sent.push(...(topic?.messages ?? []).map(({ headers }) => String(headers.ce_id)))
        if (sent.length > 8) throw busy()
      },
    },
  })
  const messages = Array.from({ length: 30 }, (_, n) => large('a', n))
  const replies = await publisher.publish({ topic: requested, messages })
  const acked = replies.filter((reply) => reply === 'acked').length
  expect(replies).toEqual(replies.map((_, i) => (i < acked ? 'acked' : 'unknown')))
  expect([acked > 0, sent.length < messages.length]).toEqual([true, true])
})

test('a topic that is refused does not take the other one down', async () => {
  const refused = new TicketingError('STORE_FAULT', 'no permission')
  const { sends, publish, complete } = publisherOver(async (batch) => {
    if (batch.some(({ topic }) => topic === 'payment-completed')) throw refused
  })
  const [one, two] = await Promise.allSettled([publish('a'), complete('b')])
  expect([one, two]).toEqual([
    { status: 'fulfilled', value: ['acked'] },
    { status: 'rejected', reason: refused },
  ])
  expect(sends).toHaveLength(3)
})

test('a request that never ends is not known at the bound, and more than 10 000 waiting messages are BUSY', async () => {
  const { sends, publish } = publisherOver(() => new Promise(() => {}), 200)
  const first = publish('a')
  await new Promise(setImmediate)
  const keys = Array.from({ length: 250 }, (_, i) => `key-${i}`)
  const waiting = Array.from({ length: 40 }, () => publish(...keys))
  await expect(publish('b')).rejects.toMatchObject({ code: 'BUSY', retryInMs: 1_000 })
  expect(await first).toEqual(['unknown'])
  expect(new Set((await Promise.all(waiting)).flat())).toEqual(new Set(['unknown']))
  expect(sends).toHaveLength(1)
})

test('what was answered in the line is not sent any more', async () => {
  let fail = () => {}
  const first = new Promise<void>((_, reject) => {
    fail = () => reject(busy())
  })
  const { sends, publish } = publisherOver(() => (sends.length === 1 ? first : Promise.resolve()), 200)
  const one = publish('a')
  await new Promise(setImmediate)
  expect(await Promise.all([one, publish('b')])).toEqual([['unknown'], ['unknown']])
  fail()
  expect(await publish('c')).toEqual(['acked'])
  expect(sends).toEqual([{ 'payment-requested': ['a'] }, { 'payment-requested': ['c'] }])
})
