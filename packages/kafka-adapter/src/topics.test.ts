import { randomUUID } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { sharedKafka } from '@b-ticketing/services'
import { afterAll, describe, expect, test } from 'vitest'
import { type KafkaAdapterOptions, kafkaAdapters } from './index.ts'
import { kafkajs, openBus } from './kafka.test-support.ts'

const kafka = await sharedKafka()

describe.skipIf(kafka === null)('topics on Kafka', () => {
  const brokers = kafka?.brokers ?? []
  const admin = kafkajs(brokers).admin()
  afterAll(() => admin.disconnect())

  const make = async (topic: string, numPartitions: number, config: Record<string, string> = {}) => {
    await admin.connect()
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }))
    await admin.createTopics({ topics: [{ topic, numPartitions, configEntries }], waitForLeaders: false })
  }

  const topicsUnder = async (prefix: string) =>
    (await admin.listTopics()).filter((name) => name.startsWith(prefix)).sort()

  test('missing topics are made as the options say, by any number of processes at once', async () => {
    const options: KafkaAdapterOptions = { prefix: `test-${randomUUID()}.`, partitions: 3, retentionMs: 3_600_000 }
    const buses = Array.from({ length: 4 }, () => openBus(brokers, options))
    const found = await Promise.all(buses.map((bus) => bus.doctor()))
    await admin.connect()
    const names = await topicsUnder(options.prefix!)
    expect(names.map((name) => name.slice(options.prefix?.length))).toEqual([
      'payment-completed',
      'payment-completed.dlq',
      'payment-requested',
      'payment-requested.dlq',
    ])
    const { topics } = await admin.fetchTopicMetadata({ topics: names })
    expect(topics.map(({ partitions }) => partitions.length)).toEqual([3, 3, 3, 3])
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: names.map((name) => ({ type: 2, name, configNames: ['retention.ms', 'cleanup.policy'] })),
    })
    for (const { configEntries } of resources) {
      expect(configEntries.map(({ configValue }) => configValue).sort()).toEqual(['3600000', 'delete'])
    }
    const oneReplica = `${names.join(', ')}: one replica, so what its broker loses is lost`
    expect(found).toEqual(buses.map(() => ({ warnings: [oneReplica] })))
    await Promise.all(buses.map((bus) => bus.close()))
  })

  test('a topic that is laid out otherwise is reported, and used as it is', async () => {
    const lines: string[] = []
    const prefix = `test-${randomUUID()}.`
    await make(`${prefix}payment-requested`, 2, { 'retention.ms': '60000', 'max.message.bytes': '70000' })
    const observer = { log: (_: string, message: string) => void lines.push(message), count: () => {}, gauge: () => {} }
    const bus = openBus(brokers, { prefix, observer })
    const { warnings } = await bus.doctor()
    expect(warnings).toContain(`${prefix}payment-requested: 2 partitions, not 4`)
    expect(warnings).toContain(`${prefix}payment-requested: messages are kept for 60000 ms, not 604800000`)
    expect(warnings).toContain(`${prefix}payment-requested: requests of 70000 bytes at most, not 1000000`)
    expect(lines).toEqual(expect.arrayContaining([...warnings]))
    expect(bus.health().warnings).toEqual(warnings)
    await bus.close()
  })

  test('a topic that loses messages is refused', async () => {
    const prefix = `test-${randomUUID()}.`
    await make(`${prefix}payment-completed`, 4, { 'cleanup.policy': 'compact' })
    const bus = openBus(brokers, { prefix })
    await expect(bus.doctor()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: `${prefix}payment-completed: compacted, which forgets messages of a booking`,
    })
    await bus.close()
  })

  test('the account goes to the brokers: one that they do not know is refused', async () => {
    const sasl = { mechanism: 'scram-sha-256', username: 'u', password: 'p' } as const
    const adapters = kafkaAdapters({ brokers: [...brokers], sasl })
    // This broker knows no accounts at all.
    await expect(adapters.doctor()).rejects.toMatchObject({ name: 'TicketingError' })
    await adapters.close()
  })

  test('ssl goes to the connection', async () => {
    const firstByte = new Promise<number>((resolve) => {
      const server = createServer((socket) => {
        socket.on('error', () => {})
        socket.once('data', (data) => {
          resolve(data[0]!)
          socket.destroy()
          server.close()
        })
      })
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo
        const adapters = kafkaAdapters({ brokers: [`127.0.0.1:${port}`], ssl: true }, { publishTimeoutMs: 500 })
        adapters.doctor().catch(() => adapters.close())
      })
    })
    // A TLS handshake.
    expect(await firstByte).toBe(0x16)
  })
})

test('nothing is reached: BUSY, and a publish that is not known', async () => {
  const adapters = kafkaAdapters({ brokers: ['127.0.0.1:1'] }, { publishTimeoutMs: 300 })
  const message = { eventId: 'e', topic: 'payment-requested', key: 'k', schema: 1, at: 1, data: {} } as const
  expect(await adapters.eventBus.publish({ topic: message.topic, messages: [message] })).toEqual(['unknown'])
  await expect.poll(() => adapters.health()).toMatchObject({ ok: false, producer: 'down', consumers: [] })
  await expect(adapters.doctor()).rejects.toMatchObject({ code: 'BUSY' })
  await adapters.close()
  await adapters.close()
})

test.each([
  ['no brokers', {}, {}],
  ['an empty list of brokers', { brokers: [] }, {}],
  ['brokers that are no text', { brokers: [7] }, {}],
  ['nothing', undefined, {}],
  ['a prefix that is no name', { brokers: ['a:1'] }, { prefix: 'a b' }],
  ['no partitions', { brokers: ['a:1'] }, { partitions: 0 }],
  ['half a replica', { brokers: ['a:1'] }, { replicas: 0.5 }],
  ['a session shorter than its heartbeats', { brokers: ['a:1'] }, { sessionTimeoutMs: 5 }],
  ['an endless wait', { brokers: ['a:1'] }, { publishTimeoutMs: Number.POSITIVE_INFINITY }],
])('%s is CONFIG_INVALID', (_, connection, options) => {
  expect(() => kafkaAdapters(connection as never, options)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
})
