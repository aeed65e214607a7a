import { demandId, type Observer, systemRuntime, TicketingError, type Topic } from '@b-ticketing/core'
import { demandTopic, withDeadline } from '@b-ticketing/core/adapter-kit'
import type { EventBus } from '@b-ticketing/core/ports'
import { createBatchWorker } from './batch-worker.ts'
import type { ConsumerHealth } from './consumer-state.ts'
import type { DeadLetterBox } from './dead-letter-box.ts'
import type { KafkaClient } from './kafka-client.ts'
import { createPublisher } from './publisher.ts'
import type { Sender } from './sender.ts'
import { openSubscription, type WatchedSubscription } from './subscription.ts'
import type { Timing } from './timing.ts'
import type { Topics } from './topics.ts'

/** `subscribe` waits this long for the group. */
const joinPatienceMs = 15_000

export interface KafkaEventBus extends EventBus {
  consumers(): readonly ConsumerHealth[]
  /** Closes what is subscribed. */
  close(): Promise<void>
}

/** At least once, in order per key, over any number of processes. */
export function createKafkaEventBus(p: {
  readonly client: KafkaClient
  readonly prefix: string
  readonly sender: Sender
  readonly topics: Topics
  readonly deadLetterBox: DeadLetterBox
  /** How many partitions a consumer works off at a time. */
  readonly concurrency: number
  readonly timing: Timing
  readonly observer: Observer
}): KafkaEventBus {
  const { topics, timing } = p
  const subscriptions = new Set<WatchedSubscription>()
  const publisher = createPublisher({ ...p, nameOf: topics.nameOf, timeoutMs: timing.publishTimeoutMs })
  let closed = false

  const demandOpen = (): void => {
    if (closed) throw new TicketingError('CLOSED', 'the Kafka adapter is closed')
  }

  const open = (topic: Topic, group: string, handle: Parameters<EventBus['subscribe']>[0]['handle']) =>
    openSubscription({
      ...p,
      topic,
      group,
      names: { topic: topics.nameOf(topic), group: `${p.prefix}${group}` },
      worker: createBatchWorker({ ...p, topic, group, handle, handleTimeoutMs: timing.handleTimeoutMs }),
      ready: topics.ensure,
    })

  return {
    publish: async (params) => {
      demandOpen()
      return publisher.publish(params)
    },

    async subscribe({ topic, group, handle }) {
      demandOpen()
      const subscription = open(demandTopic(topic), demandId(group, 'group'), handle)
      subscriptions.add(subscription)
      // Without brokers it goes on joining, and shows it: a process starts all the same.
      await withDeadline({ runtime: systemRuntime, ms: joinPatienceMs, work: () => subscription.joined })
      return {
        close: async () => {
          await subscription.close()
          subscriptions.delete(subscription)
        },
      }
    },

    consumers: () => [...subscriptions].map((subscription) => subscription.health()),
    close: async () => {
      closed = true
      await Promise.all([...subscriptions].map((subscription) => subscription.close()))
    },
  }
}
