import { sharedKafka } from '@b-ticketing/services'
import { type Consumer, KafkaJSNonRetriableError } from 'kafkajs'
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
  streamOf,
  type TestBus,
  until,
} from './kafka.test-support.ts'
import type { KafkaConsumer } from './kafka-client.ts'

const kafka = await sharedKafka()

const bySession = 60_000

describe.skipIf(kafka === null).concurrent('consumers on Kafka', () => {
  const brokers = kafka?.brokers ?? []
  const opened: (() => Promise<unknown>)[] = []
  afterAll(() => Promise.all(opened.map((close) => close())))

  const open = (options: KafkaAdapterOptions = {}, client: readonly string[] | KafkaClient = brokers) => {
    const bus = openBus(client, options)
    opened.push(bus.close)
    return bus
  }

  /** A client whose consumers the test gets hold of, as kafkajs made them; `change` stands between them and the adapter. */
  const openChanged = (change: (consumer: KafkaConsumer, made: number) => KafkaConsumer) => {
    const client = kafkajs(brokers)
    const consumers: Consumer[] = []
    const bus = open(
      {},
      {
        producer: (config) => client.producer(config),
        admin: (config) => client.admin(config),
        consumer: (config) => {
          const consumer = client.consumer(config)
          consumers.push(consumer)
          return change(consumer, consumers.length)
        },
      },
    )
    return { bus, consumers }
  }

  const health = (bus: TestBus) => bus.health().consumers[0]

  test(
    'a consumer that stops is made anew, and goes on where it was',
    async () => {
      const { bus, consumers } = openChanged((consumer) => consumer)
      const one = await consume(bus)
      await publishAll(bus, [messageOf('a', 1)])
      await until(() => one.seen.length === 1)
      const before = consumers.length
      await consumers.at(-1)?.stop()
      await until(() => health(bus)?.state === 'consuming' && consumers.length > before)
      await publishAll(bus, [messageOf('a', 2)])
      await until(() => one.seen.length === 2)
      expect([one.ids(), health(bus)?.restarts, bus.health().ok]).toEqual([['a-1', 'a-2'], before, true])
    },
    bySession,
  )

  test(
    'a consumer that falls silent without a word is made anew',
    async () => {
      const mute: ReturnType<KafkaConsumer['on']>[] = []
      const { bus, consumers } = openChanged((consumer) => ({
        ...consumer,
        on: (event, listener) => {
          const off = consumer.on(event, listener)
          mute.push(off)
          return off
        },
      }))
      const one = await consume(bus)
      const before = consumers.length
      for (const off of mute) off()
      await consumers.at(-1)?.stop()
      await publishAll(bus, [messageOf('a', 1)])
      await until(() => one.seen.length === 1)
      expect([consumers.length, health(bus)?.restarts]).toEqual([before + 1, before])
    },
    bySession,
  )

  test(
    'a consumer that idles is never taken for silent, and neither is one that has no partition',
    async () => {
      const here = open({ partitions: 1 })
      const members = [here, open({ partitions: 1, prefix: here.prefix })]
      const restarts = () => members.map((bus) => health(bus)?.restarts)
      await Promise.all(members.map((bus) => consume(bus)))
      await until(() => members.some((bus) => health(bus)?.partitions === 1))
      await until(() => members.some((bus) => health(bus)?.partitions === 0))
      const before = restarts()
      const idle = performance.now()
      await until(() => performance.now() - idle > 15_000)
      expect(restarts()).toEqual(before)
      for (const bus of members) expect(bus.health()).toMatchObject({ ok: true, producer: 'unused' })
    },
    bySession,
  )

  test(
    'a crash that kafkajs does not survive is survived',
    async () => {
      let crashes = 2
      const { bus, consumers } = openChanged((consumer) => ({
        ...consumer,
        run: (config) =>
          consumer.run({
            ...config,
            eachBatch: async (batch) => {
              if (crashes-- > 0) throw new KafkaJSNonRetriableError('out of order')
              await config.eachBatch(batch)
            },
          }),
      }))
      const one = await consume(bus)
      await publishAll(bus, [messageOf('a', 1)])
      await until(() => one.seen.length === 1)
      expect(crashes).toBeLessThan(0)
      expect(consumers.length).toBeGreaterThanOrEqual(3)
    },
    bySession,
  )

  test(
    'a dependency that is down for longer than a session pauses the consumer, which stays in its group',
    async () => {
      const counted: string[] = []
      const gauges = new Map<string, number>()
      const bus = open({
        observer: {
          log: () => {},
          count: (name) => void counted.push(name),
          gauge: (name, value) => void gauges.set(name, value),
        },
      })
      let down = true
      const one = await consume(bus, {
        handle: async (batch) => {
          if (down) throw new Error('the database is down')
          return batch.map(() => 'done')
        },
      })
      const sent = streamOf(8, 4)
      await publishAll(bus, sent)
      await until(() => health(bus)?.state === 'paused')
      const restarts = health(bus)?.restarts
      expect([bus.health().ok, health(bus)?.fault, health(bus)?.partitions]).toEqual([false, 'the database is down', 4])
      expect(gauges.get('kafka_consumer_lag')).toBeGreaterThan(0)
      const paused = performance.now()
      await until(() => performance.now() - paused > 8_000)
      down = false
      await until(() => health(bus)?.state === 'consuming' && health(bus)?.lag === 0)
      expect(idsOf(one.seen)).toEqual(idsOf(sent))
      expect(outOfOrder(one.seen)).toEqual([])
      expect([await bus.parked(), health(bus)?.restarts, counted.includes('kafka_rebalances')]).toEqual([
        [],
        restarts,
        false,
      ])
    },
    bySession,
  )

  test(
    'a handle that hangs costs its own messages a while, not the membership',
    async () => {
      const bus = open({ handleTimeoutMs: 1_000 })
      let hangs = 2
      const one = await consume(bus, {
        handle: (batch) => (hangs-- > 0 ? new Promise(() => {}) : Promise.resolve(batch.map(() => 'done'))),
      })
      await publishAll(bus, [messageOf('a', 1), messageOf('a', 2)])
      await until(() => one.seen.length > 0)
      const restarts = health(bus)?.restarts
      await until(() => health(bus)?.lag === 0 && one.seen.length === 6)
      expect(one.ids()).toEqual(['a-1', 'a-2', 'a-1', 'a-2', 'a-1', 'a-2'])
      expect([health(bus)?.restarts, health(bus)?.state]).toEqual([restarts, 'consuming'])
    },
    bySession,
  )

  test(
    'a member that hangs while another joins is waited for, and has its share afterwards',
    async () => {
      const here = open({ handleTimeoutMs: 3_000 })
      const there = open({ prefix: here.prefix })
      let hang = true
      const one = await consume(here, {
        handle: (batch) => {
          if (!hang) return Promise.resolve(batch.map(() => 'done'))
          hang = false
          return new Promise(() => {})
        },
      })
      await publishAll(here, [messageOf('a', 1)])
      await until(() => one.seen.length > 0)
      const two = await consume(there)
      await until(() => [here, there].every((bus) => health(bus)?.partitions === 2))
      const sent = streamOf(16, 2)
      await publishAll(here, sent)
      await until(() => idsOf([...one.seen, ...two.seen]).length === sent.length + 1)
      expect(health(here)?.state).toBe('consuming')
    },
    bySession,
  )

  test(
    'close does not wait for ever, and what was not finished comes to the next member',
    async () => {
      const here = open({ closeTimeoutMs: 500 })
      const there = open({ prefix: here.prefix })
      const stuck = await consume(here, { handle: () => new Promise(() => {}) })
      await publishAll(here, [messageOf('a', 1)])
      await until(() => stuck.seen.length === 1)
      await here.close()
      expect(health(here)?.state).toBe('closed')
      await expect(here.eventBus.publish({ topic: 'payment-requested', messages: [] })).rejects.toMatchObject({
        code: 'CLOSED',
      })
      const next = await consume(there)
      await until(() => next.seen.length === 1)
    },
    bySession,
  )

  test(
    'a member that leaves gives its partitions away at once',
    async () => {
      const here = open({ sessionTimeoutMs: 30_000 })
      const there = open({ prefix: here.prefix, sessionTimeoutMs: 30_000 })
      await consume(here)
      const two = await consume(there)
      const stream = keepPublishing(there, 8)
      await here.close()
      await until(() => health(there)?.partitions === 4)
      const sent = await stream.stop()
      await publishAll(there, [messageOf('last', 1)])
      await until(() => two.ids().includes('last-1'))
      expect(sent.length).toBeGreaterThan(0)
    },
    bySession,
  )
})
