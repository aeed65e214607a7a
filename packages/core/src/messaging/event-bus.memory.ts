import { crc32 } from '../shared/crc32.ts'
import { demandId } from '../shared/ids.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id } from '../shared/types.ts'
import type { DeadLetters } from './dead-letters.port.ts'
import { afterHandling, type Remaining, redeliveryPauseMs } from './delivery.ts'
import type { EventBus, Subscription } from './event-bus.port.ts'
import { demandMessages, demandTopic, type Message, maxMessages, type Topic, topics } from './message.ts'

/** Keys of one partition are delivered together; one consumer of a group has it at a time. */
const partitionCount = 8

/** 10 000 a topic. A group that lags this far behind makes publishing wait; without any group the oldest are dropped. */
const maxLag = 10_000 / partitionCount

type Consumer = Parameters<EventBus['subscribe']>[0] & {
  readonly closing: AbortController
  readonly running: Set<Promise<void>>
}

interface Group {
  readonly consumers: Consumer[]
  /** By partition: the number of the next message. */
  readonly next: number[]
  readonly busy: boolean[]
}

interface Partition {
  /** Number of `log[0]`; what came before is consumed by all groups. */
  first: number
  readonly log: Message[]
}

/** Partitions and group offsets as a broker has them; delivery happens at the end of the turn. */
export function createMemoryEventBus(p: {
  readonly runtime: Pick<Runtime, 'defer' | 'sleep'>
  readonly deadLetters: DeadLetters
}): EventBus {
  const { runtime, deadLetters } = p
  const channels = new Map(topics.map((topic) => [topic, createChannel()]))

  const deliver = async (consumer: Consumer, batch: readonly Message[]): Promise<boolean> => {
    const { signal } = consumer.closing
    let remaining: Remaining = { messages: batch, attempts: 0 }
    for (let faults = 0; remaining.messages.length > 0; ) {
      if (signal.aborted) return false
      try {
        const after = afterHandling(consumer.group, remaining, await consumer.handle(remaining.messages))
        if (after.letters.length > 0) await deadLetters.park({ letters: after.letters })
        remaining = after.remaining
        faults = 0
      } catch {
        await runtime.sleep({ ms: redeliveryPauseMs(++faults), signal })
      }
    }
    return true
  }

  const drain = async (channel: Channel, group: Group, index: number): Promise<void> => {
    const partition = channel.partitions[index]!
    while (group.consumers.length > 0) {
      const at = group.next[index]! - partition.first
      const batch = partition.log.slice(at, at + maxMessages)
      if (batch.length === 0) break
      const consumer = group.consumers[index % group.consumers.length]!
      const delivery = deliver(consumer, batch)
      const running = delivery.then(() => {})
      consumer.running.add(running)
      if (await delivery) group.next[index]! += batch.length
      consumer.running.delete(running)
      trim(channel, index)
    }
    group.busy[index] = false
  }

  /** Wakes the partitions that have something for the group and are not being delivered. */
  const wake = (channel: Channel, group: Group): void => {
    for (const [index, { first, log }] of channel.partitions.entries()) {
      if (group.busy[index] || group.consumers.length === 0 || group.next[index]! - first >= log.length) continue
      group.busy[index] = true
      runtime.defer(() => void drain(channel, group, index))
    }
  }

  return {
    async publish({ topic, messages }) {
      const channel = channelOf(channels, topic)
      demandMessages(topic, messages)
      const replies = messages.map((message) => append(channel, message))
      for (const group of channel.groups.values()) wake(channel, group)
      return replies
    },

    async subscribe(wanted) {
      const channel = channelOf(channels, wanted.topic)
      const group = groupOf(channel, demandId(wanted.group, 'group'))
      const consumer: Consumer = { ...wanted, closing: new AbortController(), running: new Set() }
      group.consumers.push(consumer)
      wake(channel, group)
      return subscriptionOf(consumer, group, () => wake(channel, group))
    },
  }
}

interface Channel {
  readonly partitions: readonly Partition[]
  readonly groups: Map<Id, Group>
}

const createChannel = (): Channel => ({
  partitions: Array.from({ length: partitionCount }, () => ({ first: 0, log: [] })),
  groups: new Map(),
})

const channelOf = (channels: ReadonlyMap<Topic, Channel>, topic: unknown): Channel => channels.get(demandTopic(topic))!

function groupOf(channel: Channel, id: Id): Group {
  const known = channel.groups.get(id)
  if (known) return known
  const group: Group = {
    consumers: [],
    next: channel.partitions.map(({ first }) => first),
    busy: channel.partitions.map(() => false),
  }
  channel.groups.set(id, group)
  return group
}

function append(channel: Channel, message: Message): 'acked' | 'unknown' {
  const partition = channel.partitions[crc32(message.key) % partitionCount]!
  if (partition.log.length >= maxLag) {
    if (channel.groups.size > 0) return 'unknown'
    partition.log.shift()
    partition.first++
  }
  partition.log.push(message)
  return 'acked'
}

/** Drops what every group has consumed, in large steps because each costs the length of the rest. */
function trim(channel: Channel, index: number): void {
  const partition = channel.partitions[index]!
  const consumed = Math.min(...[...channel.groups.values()].map((group) => group.next[index]!)) - partition.first
  if (consumed < maxLag / 10 && consumed < partition.log.length) return
  partition.log.splice(0, consumed)
  partition.first += consumed
}

function subscriptionOf(consumer: Consumer, group: Group, wake: () => void): Subscription {
  return {
    async close() {
      const at = group.consumers.indexOf(consumer)
      if (at >= 0) group.consumers.splice(at, 1)
      consumer.closing.abort()
      await Promise.all(consumer.running)
      wake()
    },
  }
}
