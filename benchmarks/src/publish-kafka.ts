import assert from 'node:assert/strict'
import { consumerGroups, type Message } from '@b-ticketing/core'
import { toCloudEvent } from '@b-ticketing/core/adapter-kit'
import { type KafkaAdapters, kafkaAdapters } from '@b-ticketing/kafka-adapter'
import { Kafka, logLevel, Partitioners, type Producer } from 'kafkajs'
import { withKafka } from './kafka-stand.ts'
import { digits, type Line, median, type Row } from './table.ts'

const topic = 'payment-requested'
const repeats = 5
/** Callers at once, each with one message. */
const callers = 400

/**
 * Messages a second of `payment-requested`, each published by a caller of its own and acknowledged. Peer: kafkajs, one send a
 * message, as many at once. Limit: kafkajs, batches of 100 of records that are ready to be sent, two at once.
 */
export const payPublish: Row = {
  name: 'pay-publish',
  run: () =>
    withKafka(async (brokers) => {
      const adapters = kafkaAdapters({ brokers, clientId: 'bench' }, { replicas: 1 })
      const kafka = new Kafka({ brokers, clientId: 'bench', logLevel: logLevel.NOTHING })
      const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
      try {
        await adapters.doctor()
        await producer.connect()
        const rates: Record<'ours' | 'peer' | 'limit', number[]> = { ours: [], peer: [], limit: [] }
        const sent = { ours: 0, peer: 0, limit: 0 }
        for (let round = 0; round <= repeats; round++) {
          const measured = {
            ours: await rate(sent, 'ours', 20_000, (messages) => () => publishEach(adapters, messages)),
            peer: await rate(sent, 'peer', 3_000, (messages) => () => sendEach(producer, messages)),
            limit: await rate(sent, 'limit', 20_000, (messages) => sendBatches(producer, messages)),
          }
          // The first round warms up.
          if (round > 0) for (const name of ['ours', 'peer', 'limit'] as const) rates[name].push(measured[name])
        }
        await check(adapters, sent)
        return result(median(rates.ours), median(rates.peer), median(rates.limit))
      } finally {
        await producer.disconnect()
        await adapters.close()
      }
    }),
}

type Contender = 'ours' | 'peer' | 'limit'

function result(ours: number, peer: number, limit: number): Awaited<ReturnType<Row['run']>> {
  const line: Line = { shape: `${callers} callers`, unit: '/s', lessIsBetter: false, ours, peer, limit }
  const [share, times] = [ours / limit, ours / peer]
  return {
    lines: [line],
    verdicts: [
      { target: '≥ 0.85 of kafkajs in batches of 100', reached: digits(share), met: share >= 0.85 },
      { target: '≥ 6× single sends', reached: `${digits(times)}×`, met: times >= 6 },
    ],
  }
}

async function rate(
  sent: Record<Contender, number>,
  name: Contender,
  count: number,
  prepare: (messages: Message[]) => () => Promise<unknown>,
): Promise<number> {
  const messages = Array.from({ length: count }, (_, i) => messageOf(name, sent[name] + i))
  sent[name] += count
  const publish = prepare(messages)
  const begun = performance.now()
  await publish()
  return (count * 1_000) / (performance.now() - begun)
}

function messageOf(name: Contender, n: number): Message {
  const requestId = `${name}-request-${1_000_000_000 + n}`
  const data = { requestId, reservationId: `${name}-reservation-${1_000_000_000 + n}`, scheduleId: 'game-1' }
  return { eventId: `${requestId}-${topic}`, topic, key: requestId, schema: 1, at: 1_800_000_000_000 + n, data }
}

/** `lanes` at once, each takes the next of `items` when its last is done. */
async function inLanes<T>(lanes: number, items: T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const rest = items.values()
  const lane = async () => {
    for (const item of rest) await work(item)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

const publishEach = ({ eventBus }: KafkaAdapters, messages: Message[]) =>
  inLanes(callers, messages, async (message) => {
    const [reply] = await eventBus.publish({ topic, messages: [message] })
    assert.equal(reply, 'acked')
  })

const recordOf = (message: Message) => {
  const { key, value, headers } = toCloudEvent(message)
  return { key, value, headers: { ...headers } }
}

const sendEach = (producer: Producer, messages: Message[]) =>
  inLanes(callers, messages, (message) => producer.send({ topic, acks: -1, messages: [recordOf(message)] }))

const sendBatches = (producer: Producer, messages: Message[]) => {
  const records = messages.map(recordOf)
  const batches = Array.from({ length: records.length / 100 }, (_, i) => records.slice(i * 100, (i + 1) * 100))
  return () => inLanes(2, batches, (batch) => producer.send({ topic, acks: -1, messages: batch }))
}

/** Every message of every contender stands in the topic, once. */
async function check({ eventBus }: KafkaAdapters, sent: Record<Contender, number>): Promise<void> {
  const total = sent.ours + sent.peer + sent.limit
  const seen = new Set<string>()
  let count = 0
  let resolve = () => {}
  const all = new Promise<void>((settle) => {
    resolve = settle
  })
  const subscription = await eventBus.subscribe({
    topic,
    group: consumerGroups.payment,
    handle: async (batch) => {
      count += batch.length
      for (const { eventId } of batch) seen.add(eventId)
      if (count >= total) resolve()
      return batch.map(() => 'done' as const)
    },
  })
  await all
  await subscription.close()
  assert.deepEqual([seen.size, count], [total, total], 'every message once')
}
