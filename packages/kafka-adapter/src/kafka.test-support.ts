import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemRuntime } from '@b-ticketing/core'
import { createMemoryDeadLetters, createMemoryRecord } from '@b-ticketing/core/memory'
import type { DeadLetter, EventBus, Message, Topic } from '@b-ticketing/core/ports'
import { type Admin, Kafka, logLevel } from 'kafkajs'
import { type KafkaAdapterOptions, type KafkaAdapters, type KafkaClient, kafkaAdapters } from './index.ts'

/** Quick, and as patient as a busy machine needs. */
const quick: KafkaAdapterOptions = {
  partitions: 4,
  replicas: 1,
  sessionTimeoutMs: 6_000,
  publishTimeoutMs: 10_000,
}

/** Resolves once `check` answers true; what is awaited comes soon, on a busy machine later. @throws Error after a minute */
export async function until(check: () => boolean | Promise<boolean>, what = String(check)): Promise<void> {
  for (const end = performance.now() + 60_000; performance.now() < end; await sleep(50)) if (await check()) return
  throw new Error(`never came true: ${what}`)
}

/** kafkajs for looking behind the adapter. */
export const kafkajs = (brokers: readonly string[]): Kafka =>
  new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING, connectionTimeout: 5_000, retry: { retries: 8 } })

/** Topics and groups that nobody else has. */
export interface TestBus extends KafkaAdapters {
  readonly prefix: string
  parked(): Promise<readonly DeadLetter[]>
}

export function openBus(
  kafka: readonly string[] | KafkaClient,
  options: KafkaAdapterOptions & { readonly prefix?: string } = {},
): TestBus {
  const prefix = options.prefix ?? `test-${randomUUID()}.`
  const deadLetters = createMemoryDeadLetters({ record: createMemoryRecord(), runtime: systemRuntime })
  const connection = Array.isArray(kafka) ? { brokers: [...kafka], clientId: 'test' } : (kafka as KafkaClient)
  return {
    prefix,
    ...kafkaAdapters(connection, { ...quick, deadLetters, ...options, prefix }),
    parked: async () => (await (options.deadLetters ?? deadLetters).list({})).items,
  }
}

export const requested: Topic = 'payment-requested'

export const messageOf = (key: string, n: number, topic: Topic = requested): Message => ({
  eventId: `${key}-${n}`,
  topic,
  key,
  schema: 1,
  at: 1_800_000_000_000 + n,
  data: { requestId: key },
})

type Handle = Parameters<EventBus['subscribe']>[0]['handle']

/** A consumer that remembers what it saw, in order; `judge` answers for each message. */
export async function consume(
  { eventBus }: Pick<KafkaAdapters, 'eventBus'>,
  p: { readonly group?: string; readonly topic?: Topic; readonly handle?: Handle } = {},
) {
  const seen: Message[] = []
  const { close } = await eventBus.subscribe({
    topic: p.topic ?? requested,
    group: p.group ?? 'payment-service-group',
    handle: async (batch) => {
      seen.push(...batch)
      return p.handle ? p.handle(batch) : batch.map(() => 'done' as const)
    },
  })
  return { seen, ids: () => seen.map(({ eventId }) => eventId), close }
}

/** Committed and newest offsets of a group's topic, summed over its partitions: how much is not done. */
export async function backlogOf(admin: Admin, topic: string, groupId: string): Promise<number> {
  const [ends, [committed]] = await Promise.all([
    admin.fetchTopicOffsets(topic),
    admin.fetchOffsets({ groupId, topics: [topic] }),
  ])
  const done = new Map(committed?.partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]))
  return ends.reduce((sum, { partition, high }) => sum + Number(high) - (done.get(partition) ?? 0), 0)
}

/** `count` messages of each of `keys` keys, in order per key. */
export const streamOf = (keys: number, count: number): readonly Message[] =>
  Array.from({ length: keys * count }, (_, i) => messageOf(`key-${i % keys}`, Math.floor(i / keys)))

/** Publishes in calls of 100, each again until it is acknowledged, as the outbox does. */
export async function publishAll({ eventBus }: Pick<KafkaAdapters, 'eventBus'>, all: readonly Message[]) {
  for (let from = 0; from < all.length; from += 100) {
    const messages = all.slice(from, from + 100)
    const send = async () =>
      (await eventBus.publish({ topic: requested, messages })).every((reply) => reply === 'acked')
    await until(send, 'acknowledged')
  }
}

/** Publishes a round of all keys after the other until `stop`, which answers what was published. */
export function keepPublishing(bus: Pick<KafkaAdapters, 'eventBus'>, keys: number) {
  const sent: Message[] = []
  let going = true
  const done = (async () => {
    for (let round = 0; going; round++) {
      const messages = Array.from({ length: keys }, (_, key) => messageOf(`key-${key}`, round))
      sent.push(...messages)
      await publishAll(bus, messages)
      await sleep(20)
    }
  })()
  return {
    stop: async () => {
      going = false
      await done
      return sent
    },
  }
}

/** Keys whose first deliveries are not in order of `at`: none, as it should be. */
export function outOfOrder(seen: readonly Message[]): readonly string[] {
  const last = new Map<string, number>()
  const known = new Set<string>()
  return seen.flatMap(({ key, at, eventId }) => {
    if (known.has(eventId)) return []
    known.add(eventId)
    const before = last.get(key) ?? 0
    last.set(key, at)
    return at > before ? [] : [eventId]
  })
}

export const idsOf = (messages: readonly Message[]): readonly string[] =>
  [...new Set(messages.map(({ eventId }) => eventId))].sort()
