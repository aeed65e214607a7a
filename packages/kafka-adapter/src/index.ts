import { type Observer, TicketingError } from '@b-ticketing/core'
import { bundle } from '@b-ticketing/core/adapter-kit'
import type { Adapters, DeadLetters } from '@b-ticketing/core/ports'
import type { ConsumerHealth } from './consumer-state.ts'
import { createDeadLetterBox } from './dead-letter-box.ts'
import { createKafkaEventBus } from './event-bus.ts'
import type { KafkaClient } from './kafka-client.ts'
import { safeObserver } from './observer.ts'
import { type KafkaConnection, openClient } from './open-client.ts'
import { createSender } from './sender.ts'
import { timingOf } from './timing.ts'
import { createTopics, demandSound } from './topics.ts'

export interface KafkaAdapterOptions {
  /** The record's dead letters; without them a message that cannot be handled goes to `<topic>.dlq` alone. */
  readonly deadLetters?: DeadLetters
  readonly observer?: Observer
  /** Stands before every topic and group: two deployments on one cluster need two. */
  readonly prefix?: string
  /** Of a topic that is made here; default 12. Bounds how many processes of a group have work. */
  readonly partitions?: number
  /** Copies of a topic that is made here; default -1, as the brokers are set. */
  readonly replicas?: number
  /** How long a topic that is made here keeps messages; default 7 days. */
  readonly retentionMs?: number
  /** Most that a `publish` takes; default 5 000. Then its messages are `unknown`. */
  readonly publishTimeoutMs?: number
  /** Most that one `handle` may take; default 30 000. Then it counts as a fault, and its messages come again. */
  readonly handleTimeoutMs?: number
  /** How soon the group goes on without a process that died; default 10 000. Brokers allow 6 000 and more. */
  readonly sessionTimeoutMs?: number
  /** How long `close` waits for a running `handle`; default 10 000. */
  readonly closeTimeoutMs?: number
}

export interface KafkaHealth {
  /** Whether the producer is not down, and every consumer of this process is at work or about to be. */
  readonly ok: boolean
  /** `down`: a send failed, and since then neither was one acknowledged nor did the brokers answer. */
  readonly producer: 'unused' | 'up' | 'down'
  readonly consumers: readonly ConsumerHealth[]
  /** What `doctor` says, as of the last look. */
  readonly warnings: readonly string[]
}

export type KafkaAdapters = Pick<Adapters, 'eventBus'> & {
  /** Makes missing topics and looks at the others. @throws TicketingError `CONFIG_INVALID` when a topic loses messages; `BUSY`, `STORE_FAULT` */
  doctor(): Promise<{ readonly warnings: readonly string[] }>
  /** As it is now, without asking the brokers. */
  health(): KafkaHealth
  /** Finishes what is running, leaves the groups, disconnects; within `closeTimeoutMs` and a little. Repeatable. */
  close(): Promise<void>
}

/**
 * The bus over Kafka. A `Kafka` of yours (kafkajs) is borrowed; for `{ brokers, clientId, ssl, sasl }` one is made. Nothing is
 * sent before the first call.
 * @throws TicketingError `CONFIG_INVALID`
 */
export function kafkaAdapters(kafka: KafkaClient | KafkaConnection, options: KafkaAdapterOptions = {}): KafkaAdapters {
  const settings = readOptions(options)
  const { prefix, partitions } = settings
  const observer = safeObserver(options.observer)
  const timing = timingOf(settings)
  const client = isClient(kafka) ? kafka : openClient(demandConnection(kafka), observer)
  const topics = createTopics({ client, prefix, settings, observer })
  const sender = createSender({ client, ready: topics.ensure, timeoutMs: timing.publishTimeoutMs })
  const deadLetterBox = createDeadLetterBox({ sender, topics, deadLetters: options.deadLetters, observer })
  const eventBus = createKafkaEventBus({
    ...{ client, prefix, sender, topics, deadLetterBox, timing, observer },
    concurrency: partitions,
  })
  const close = async (): Promise<void> => {
    await eventBus.close()
    await sender.close()
  }
  return {
    ...bundle({ eventBus }, close),
    doctor: async () => demandSound(await topics.ensure()),
    health: () => {
      const consumers = eventBus.consumers()
      const producer = sender.state()
      const ok = producer !== 'down' && consumers.every(({ state }) => state === 'consuming' || state === 'rebalancing')
      return { ok, producer, consumers, warnings: topics.problems().map(({ message }) => message) }
    },
  }
}

const isClient = (kafka: unknown): kafka is KafkaClient =>
  typeof kafka === 'object' && kafka !== null && ['producer', 'consumer', 'admin'].every((name) => name in kafka)

function demandConnection(kafka: KafkaConnection): KafkaConnection {
  const { brokers } = kafka ?? {}
  const listed = Array.isArray(brokers) && brokers.length > 0 && brokers.every((broker) => typeof broker === 'string')
  if (listed || typeof brokers === 'function') return kafka
  throw invalid('kafkaAdapters needs a kafkajs Kafka or { brokers: ["host:port", …] }')
}

function readOptions(options: KafkaAdapterOptions) {
  const { prefix = '', replicas = -1 } = options
  if (typeof prefix !== 'string' || !/^[A-Za-z0-9._-]{0,100}$/.test(prefix)) {
    throw invalid('prefix must be of letters, digits, ".", "_" and "-"')
  }
  if (replicas !== -1) demandPositive('replicas', replicas)
  const numbers = {
    partitions: 12,
    retentionMs: 7 * 24 * 60 * 60_000,
    publishTimeoutMs: 5_000,
    handleTimeoutMs: 30_000,
    sessionTimeoutMs: 10_000,
    closeTimeoutMs: 10_000,
  }
  for (const name of Object.keys(numbers) as (keyof typeof numbers)[]) {
    numbers[name] = demandPositive(name, options[name] ?? numbers[name])
  }
  if (numbers.sessionTimeoutMs < 1_000) throw invalid('sessionTimeoutMs must be at least 1000')
  return { prefix, replicas, ...numbers }
}

function demandPositive(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value
  throw invalid(`${name} must be a positive integer`)
}

const invalid = (message: string): TicketingError => new TicketingError('CONFIG_INVALID', message)

export type { ConsumerHealth } from './consumer-state.ts'
export type { KafkaClient } from './kafka-client.ts'
export type { KafkaConnection } from './open-client.ts'
