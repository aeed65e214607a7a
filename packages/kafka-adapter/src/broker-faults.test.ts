import { ownKafka } from '@b-ticketing/services'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import type { KafkaAdapterOptions, KafkaClient } from './index.ts'
import {
  consume,
  idsOf,
  keepPublishing,
  messageOf,
  openBus,
  outOfOrder,
  publishAll,
  requested,
  type TestBus,
  until,
} from './kafka.test-support.ts'

const kafka = await ownKafka()

describe.skipIf(kafka === null)('faults of a real broker', () => {
  const broker = kafka as NonNullable<typeof kafka>
  const opened: TestBus[] = []
  afterEach(() => Promise.all(opened.splice(0).map((bus) => bus.close())))
  afterAll(() => kafka?.close())

  const open = (
    options: KafkaAdapterOptions = {},
    client: readonly string[] | KafkaClient = broker.brokers,
  ): TestBus => {
    const bus = openBus(client, { publishTimeoutMs: 1_500, ...options })
    opened.push(bus)
    return bus
  }

  const state = (bus: TestBus) => bus.health().consumers[0]?.state

  /** Publishes one message; @returns the replies, and how long they took. */
  const publishOne = async (bus: TestBus, key: string) => {
    const begun = performance.now()
    const replies = await bus.eventBus.publish({ topic: requested, messages: [messageOf(key, 1)] })
    return { replies, ms: performance.now() - begun }
  }

  test('kill -9 in the middle of a stream: unknown meanwhile, and nothing is lost', { timeout: 120_000 }, async () => {
    const [here, there] = [open(), open()]
    const late = open({ prefix: here.prefix })
    const one = await consume(here)
    const stream = keepPublishing(here, 8)
    await until(() => one.seen.length > 50)

    await broker.kill()
    const { replies, ms } = await publishOne(there, 'meanwhile')
    expect(replies).toEqual(['unknown'])
    expect(ms).toBeLessThan(10_000)
    await expect.poll(() => there.health()).toMatchObject({ ok: false, producer: 'down' })
    // A process that starts now starts all the same, and joins when it can.
    const subscribing = consume(late, { group: 'notification-service-group' })
    await until(() => state(here) === 'joining')
    await broker.start()

    const two = await subscribing
    await until(() => state(here) === 'consuming' && state(late) === 'consuming')
    const sent = await stream.stop()
    await until(() => idsOf(one.seen).length === sent.length && idsOf(two.seen).length === sent.length)
    for (const { seen } of [one, two]) expect(outOfOrder(seen)).toEqual([])
    // Nothing was published here since the one that failed.
    await until(() => there.health().producer === 'up')
    await until(async () => (await publishOne(there, 'after')).replies[0] === 'acked')
    expect(await here.parked()).toEqual([])
  })

  test('a broker that freezes: publishing ends within its bound, and goes on afterwards', {
    timeout: 120_000,
  }, async () => {
    const bus = open()
    const one = await consume(bus)
    await publishAll(bus, [messageOf('a', 1)])
    await until(() => one.seen.length === 1)

    await broker.pause()
    const { replies, ms } = await publishOne(bus, 'b')
    expect([replies, ms > 1_400]).toEqual([['unknown'], true])
    expect(ms).toBeLessThan(10_000)
    await broker.resume()

    await publishAll(bus, [messageOf('a', 2), messageOf('b', 1)])
    await until(() => idsOf(one.seen).length === 3)
    expect(outOfOrder(one.seen)).toEqual([])
    await until(() => bus.health().ok)
  })

  test('a broker that freezes while nothing is sent is seen, and so is that it is back', {
    timeout: 120_000,
  }, async () => {
    // Silence is 4 s here; kafkajs repeats its requests meanwhile. The second member has no partition, and fetches nothing.
    const impatient = new Kafka({ brokers: [...broker.brokers], requestTimeout: 1_500, logLevel: logLevel.NOTHING })
    const options = { partitions: 1, sessionTimeoutMs: 2_000 }
    const here = open(options, impatient)
    const members = [here, open({ ...options, prefix: here.prefix }, impatient)]
    const seen = await Promise.all(members.map((bus) => consume(bus)))
    const consumers = () => members.map((bus) => bus.health().consumers[0])
    const shares = () => consumers().map((consumer) => consumer?.partitions ?? 0)
    await until(
      () => members.every((bus) => bus.health().ok) && Math.max(...shares()) === 1 && Math.min(...shares()) === 0,
    )
    const before = consumers().map((consumer) => consumer?.restarts ?? 0)
    const firstDown = async (bus: TestBus) => {
      await until(() => !bus.health().ok)
      return bus.health().consumers[0]
    }

    await broker.pause()
    // It is shown before the consumer has left its group, which no broker confirms, and a new one is made.
    expect(await Promise.all(members.map(firstDown))).toMatchObject(
      before.map((restarts) => ({ state: 'joining', partitions: 0, fault: 'the consumer ended: silence', restarts })),
    )
    const { replies } = await publishOne(here, 'meanwhile')
    expect(replies).toEqual(['unknown'])
    await until(() => here.health().producer === 'down')
    await until(() => consumers().every((consumer, i) => (consumer?.restarts ?? 0) > before[i]!))

    await broker.resume()
    await until(() => members.every((bus) => bus.health().ok))
    expect(here.health().producer).toBe('up')
    await publishAll(here, [messageOf('a', 1)])
    await until(() => seen.some((one) => one.ids().includes('a-1')))
  })

  test('close ends within its bound while the broker is frozen', { timeout: 120_000 }, async () => {
    const bus = openBus(broker.brokers, { publishTimeoutMs: 1_500, closeTimeoutMs: 1_000 })
    await consume(bus)
    await broker.pause()
    const begun = performance.now()
    await bus.close()
    expect(performance.now() - begun).toBeLessThan(15_000)
    await broker.resume()
  })
})
