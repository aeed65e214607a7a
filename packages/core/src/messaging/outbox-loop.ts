import { newId } from '../shared/ids.ts'
import type { Loop } from '../shared/loop.ts'
import type { Observer } from '../shared/observer.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Ms } from '../shared/types.ts'
import type { EventBus } from './event-bus.port.ts'
import { outboxLanes } from './lane.ts'
import { type Message, type Topic, topics } from './message.ts'
import type { Outbox } from './outbox.port.ts'

type Lane = Awaited<ReturnType<Outbox['lease']>>[number]

const leaseMs: Ms = 30_000

/** Of one send, and of one lease. */
const batchSize = 256

/**
 * The relay: leases lanes, publishes their rows, marks what the broker acknowledged. No transaction spans a send, so a crash
 * between the two publishes again. `tick` goes on until nothing is left, or the broker stops acknowledging.
 */
export function createOutboxLoop(p: {
  readonly outbox: Outbox
  readonly eventBus: EventBus
  readonly runtime: Pick<Runtime, 'now' | 'random'>
  readonly observer: Observer
}): Loop {
  const relay = newId(p.runtime)

  /** Leases, publishes and marks once; how many rows were published, of how many. */
  const step = async (): Promise<{ acked: number; found: number }> => {
    const leasedAt = p.runtime.now()
    const lanes = await p.outbox.lease({ relay, lanes: outboxLanes, leaseMs, limit: batchSize })
    const messages = lanes.flatMap(({ rows }) => rows.map((row) => row.message))
    if (messages.length === 0) return { acked: 0, found: 0 }
    // A third of the lease is left for the send: what is published after it ran out may stand behind a later row of its lane.
    const mayPublish = () => p.runtime.now() - leasedAt < (leaseMs * 2) / 3
    const sent = await publishRounds(p.eventBus, messages, mayPublish)
    await p.outbox.mark({ published: lanes.map((lane) => ackedOf(lane, sent.acked)) })
    report(p.observer, messages, sent.acked)
    if (sent.fault !== undefined) throw sent.fault
    return { acked: sent.acked.size, found: messages.length }
  }

  return {
    name: 'outbox',
    everyMs: 20,
    async tick() {
      for (;;) {
        const { acked, found } = await step()
        if (found === 0 || acked < found) return
      }
    },
  }
}

const ackedOf = ({ lane, token, rows }: Lane, acked: ReadonlySet<Id>) => ({
  lane,
  token,
  eventIds: rows.map((row) => row.message.eventId).filter((eventId) => acked.has(eventId)),
})

/**
 * One send per topic and round. A message waits for the next round when its booking has one of another topic before it, and for
 * the next lease when that one was not acknowledged: so the order of a booking holds over topics too.
 */
async function publishRounds(eventBus: EventBus, messages: readonly Message[], mayPublish: () => boolean) {
  const acked = new Set<Id>()
  const stuck = new Set<Id>()
  for (const round of inRounds(messages)) {
    for (const topic of topics) {
      const batch = round.filter((message) => message.topic === topic && !stuck.has(message.key))
      if (batch.length === 0) continue
      if (!mayPublish()) return { acked, fault: undefined }
      try {
        const replies = await eventBus.publish({ topic, messages: batch })
        for (const [i, message] of batch.entries()) {
          if (replies[i] === 'acked' && !stuck.has(message.key)) acked.add(message.eventId)
          else stuck.add(message.key)
        }
      } catch (fault) {
        return { acked, fault: fault ?? new Error('publish failed') }
      }
    }
  }
  return { acked, fault: undefined }
}

/** Round *n* holds the messages with *n* changes of topic before them in their booking. */
export function inRounds(messages: readonly Message[]): readonly (readonly Message[])[] {
  const rounds: Message[][] = []
  const last = new Map<Id, { topic: Topic; round: number }>()
  for (const message of messages) {
    const before = last.get(message.key)
    const round = before ? before.round + (before.topic === message.topic ? 0 : 1) : 0
    last.set(message.key, { topic: message.topic, round })
    rounds[round] ??= []
    rounds[round].push(message)
  }
  return rounds
}

function report(observer: Observer, messages: readonly Message[], acked: ReadonlySet<Id>): void {
  for (const topic of topics) {
    const published = messages.filter((message) => message.topic === topic && acked.has(message.eventId)).length
    if (published > 0) observer.count('outbox_published', { topic }, published)
  }
  if (acked.size < messages.length) observer.count('outbox_unacknowledged', {}, messages.length - acked.size)
}
