import { sharedKafka } from '@b-ticketing/services'
import type { Kafka, Message as KafkaMessage } from 'kafkajs'
import { Partitioners } from 'kafkajs'
import { afterAll, describe, expect, test } from 'vitest'
import type { KafkaAdapterOptions, KafkaClient } from './index.ts'
import {
  consume,
  idsOf,
  kafkajs,
  keepPublishing,
  messageOf,
  openBus,
  outOfOrder,
  publishAll,
  requested,
  streamOf,
  until,
} from './kafka.test-support.ts'

const kafka = await sharedKafka()

describe.skipIf(kafka === null).concurrent('messages on Kafka', () => {
  const brokers = kafka?.brokers ?? []
  const opened: (() => Promise<unknown>)[] = []
  afterAll(() => Promise.all(opened.map((close) => close())))

  const open = (options: KafkaAdapterOptions = {}, client: readonly string[] | KafkaClient = brokers) => {
    const bus = openBus(client, options)
    opened.push(bus.close)
    return bus
  }

  /** Puts records into a topic past the adapter. */
  const put = async (topic: string, messages: KafkaMessage[]): Promise<void> => {
    const producer = kafkajs(brokers).producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    await producer.send({ topic, messages })
    await producer.disconnect()
  }

  /** The first `count` records of a topic, as they stand there. */
  const records = async (topic: string, count: number): Promise<KafkaMessage[]> => {
    const consumer = kafkajs(brokers).consumer({ groupId: `reader-of-${topic}` })
    opened.push(() => consumer.disconnect())
    const found: KafkaMessage[] = []
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ message }) => {
        found.push(message)
      },
    })
    await until(() => found.length >= count, `${count} records`)
    return found
  }

  const text = (value: unknown): string => String(value)

  test('a record has the requestId as key, CloudEvents headers and versioned JSON', async () => {
    const bus = open()
    await publishAll(bus, [messageOf('request-1', 1)])
    const [record] = await records(`${bus.prefix}payment-requested`, 1)
    expect(text(record?.key)).toBe('request-1')
    expect(JSON.parse(text(record?.value))).toEqual(messageOf('request-1', 1))
    const headers = Object.entries(record?.headers ?? {}).map(([name, value]) => [name, text(value)])
    expect(Object.fromEntries(headers)).toEqual({
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: 'request-1-1',
      ce_source: '/b-ticketing/payments',
      ce_type: 'b-ticketing.payment-requested.v1',
      ce_subject: 'request-1',
      ce_time: '2027-01-15T08:00:00.001Z',
    })
  })

  test('duplicates, late and very old messages come as they stand; the inbox of the consumer knows them', async () => {
    const bus = open()
    await bus.doctor()
    const sent = [messageOf('a', 2), messageOf('a', 1), messageOf('a', 2), { ...messageOf('a', 3), at: 0 }]
    await put(
      `${bus.prefix}payment-requested`,
      sent.map((message, i) => ({
        key: 'a',
        value: JSON.stringify(message),
        // A record of another producer may lack the headers, and be older than the topic.
        ...(i === 3 && { timestamp: '1000' }),
      })),
    )
    const one = await consume(bus)
    await until(() => one.seen.length === 4)
    expect(one.seen).toEqual(sent)
  })

  test('what is no message is parked with its bytes, and nothing waits behind it', async () => {
    const bus = open()
    const topic = `${bus.prefix}payment-requested`
    await bus.doctor()
    const good = JSON.stringify(messageOf('a', 1))
    const bad: KafkaMessage[] = [
      { key: 'a', value: null },
      { key: 'a', value: '' },
      { key: 'a', value: 'not json' },
      { key: 'a', value: Buffer.from([0xff, 0xfe, 0x00, 0x80]) },
      { key: 'a', value: '[1,2]' },
      { key: 'b', value: good },
      { key: 'a', value: good, headers: { ce_id: 'another' } },
      { key: 'a', value: JSON.stringify(messageOf('a', 1, 'payment-completed')) },
      { key: 'a', value: `{"pad":"${'x'.repeat(70_000)}"}` },
      { key: Buffer.from([0xff]), value: good },
    ]
    await put(topic, [{ key: 'a', value: good }, ...bad, { key: 'a', value: JSON.stringify(messageOf('a', 2)) }])
    const one = await consume(bus)
    await until(() => one.ids().includes('a-2'))
    expect(one.ids()).toEqual(['a-1', 'a-2'])
    await until(async () => (await bus.parked()).length === bad.length)

    const letters = await bus.parked()
    for (const { message, source } of letters)
      expect([message.topic, source]).toEqual(['unreadable', 'payment-service-group'])
    const copies = await records(`${topic}.dlq`, bad.length)
    const bytes = (value: unknown) => (value === null ? null : Buffer.from(value as Buffer).toString('hex'))
    expect(copies.map(({ value }) => bytes(value)).sort()).toEqual(bad.map(({ value }) => bytes(value)).sort())
    expect(copies.map(({ headers }) => text(headers?.dlq_letter)).sort()).toEqual(letters.map(({ id }) => id).sort())
    expect(copies.map(({ headers }) => text(headers?.dlq_topic))).toEqual(bad.map(() => topic))
  })

  test('poison is parked in the topic and the record, and can be sent again', async () => {
    const bus = open()
    let cured = false
    const one = await consume(bus, {
      handle: async (batch) =>
        batch.map(({ eventId }) => (eventId === 'a-2' && !cured ? { poison: 'no such payment' } : 'done')),
    })
    await publishAll(bus, [messageOf('a', 1), messageOf('a', 2), messageOf('a', 3)])
    await until(async () => (await bus.parked()).length === 1 && one.ids().includes('a-3'))
    expect(one.ids().filter((id) => id === 'a-2')).toHaveLength(5)
    const [copy] = await records(`${bus.prefix}payment-requested.dlq`, 1)
    const [letter] = await bus.parked()
    expect([text(copy?.key), JSON.parse(text(copy?.value))]).toEqual(['a', messageOf('a', 2)])
    expect([text(copy?.headers?.dlq_letter), text(copy?.headers?.dlq_reason)]).toEqual([letter?.id, 'no such payment'])

    cured = true
    await publishAll(bus, [letter?.message as ReturnType<typeof messageOf>])
    await until(() => one.ids().filter((id) => id === 'a-2').length === 6)
    expect(await bus.parked()).toHaveLength(1)
  })

  test('while the record cannot park, poison is not passed over', async () => {
    let down = true
    const parked: string[] = []
    const bus = open({
      deadLetters: {
        park: async ({ letters }) => {
          if (down) throw new Error('the record is down')
          parked.push(...letters.map(({ id }) => id))
        },
        list: async () => ({ items: [], next: null }),
        replayed: async () => false,
      },
    })
    const one = await consume(bus, {
      handle: async (batch) => batch.map(({ at }) => (at % 2 === 0 ? 'done' : { poison: 'bad' })),
    })
    await publishAll(bus, [messageOf('a', 1)])
    await until(() => bus.health().consumers[0]?.state === 'paused')
    await publishAll(bus, [messageOf('a', 2)])
    expect([one.ids().includes('a-2'), bus.health().consumers[0]?.fault]).toEqual([false, 'the record is down'])
    down = false
    await until(() => one.ids().includes('a-2'))
    expect(parked).toHaveLength(1)
  })

  test('all that a turn publishes is one request, also of two topics', async () => {
    const client = kafkajs(brokers)
    const requests: string[] = []
    const bus = open(
      {},
      { ...clientOf(client), producer: (config) => countRequests(client.producer(config), requests) },
    )
    const replies = await Promise.all(
      Array.from({ length: 400 }, (_, i) => {
        const topic = i % 2 === 0 ? requested : 'payment-completed'
        return bus.eventBus.publish({ topic, messages: [messageOf(`key-${i}`, 1, topic)] })
      }),
    )
    expect(new Set(replies.flat())).toEqual(new Set(['acked']))
    expect(requests.filter((name) => name === 'Produce')).toHaveLength(1)
  })

  test('a long call is more than one request, and every message arrives', async () => {
    const bus = open()
    const one = await consume(bus)
    const large = { ...messageOf('a', 1), data: { requestId: 'a', pad: 'x'.repeat(60_000) } }
    const messages = Array.from({ length: 40 }, (_, n) => ({ ...large, eventId: `a-${n}`, at: n + 1 }))
    expect(new Set(await bus.eventBus.publish({ topic: requested, messages }))).toEqual(new Set(['acked']))
    await until(() => one.seen.length === messages.length)
    expect(outOfOrder(one.seen)).toEqual([])
  })

  test('a regular expression decides no topic', async () => {
    const { eventBus } = open()
    const handle = async () => []
    for (const topic of [/payment-.*/, 'payment-.*', '*', '']) {
      await expect(eventBus.subscribe({ topic: topic as never, group: 'g', handle })).rejects.toMatchObject({
        code: 'INVALID',
      })
    }
  })

  test('two processes of a group handle each message once between them', async () => {
    const here = open()
    const there = open({ prefix: here.prefix })
    const [one, two] = [await consume(here), await consume(there)]
    await until(() => [here, there].every((bus) => bus.health().consumers[0]?.partitions === 2))
    const sent = streamOf(40, 10)
    await publishAll(here, sent)
    await until(() => one.seen.length + two.seen.length >= sent.length)
    expect([...one.ids(), ...two.ids()].sort()).toEqual(sent.map(({ eventId }) => eventId).sort())
    expect(Math.min(one.seen.length, two.seen.length)).toBeGreaterThan(0)
    for (const { seen } of [one, two]) expect(outOfOrder(seen)).toEqual([])
  })

  test('members that come and go in the middle of a stream: at least once, in order per key', async () => {
    const here = open()
    const there = open({ prefix: here.prefix })
    const all: ReturnType<typeof messageOf>[] = []
    const slow = async (batch: readonly ReturnType<typeof messageOf>[]) => {
      all.push(...batch)
      await new Promise((resolve) => setTimeout(resolve, 30))
      return batch.map(() => 'done' as const)
    }
    const one = await consume(here, { handle: slow })
    const stream = keepPublishing(here, 16)
    const two = await consume(there, { handle: slow })
    await until(() => one.seen.length > 0 && two.seen.length > 0)
    await one.close()
    const three = await consume(here, { handle: slow })
    await until(() => three.seen.length > 0)
    const sent = await stream.stop()
    await until(() => idsOf(all).length === sent.length)
    expect(outOfOrder(all)).toEqual([])
  })
})

const clientOf = (client: Kafka): KafkaClient => ({
  producer: (config) => client.producer(config),
  consumer: (config) => client.consumer(config),
  admin: (config) => client.admin(config),
})

function countRequests(producer: ReturnType<Kafka['producer']>, requests: string[]) {
  producer.on('producer.network.request', ({ payload }) => void requests.push(payload.apiName))
  return producer
}
