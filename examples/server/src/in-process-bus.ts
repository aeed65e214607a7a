import { type Runtime, systemRuntime, type Topic } from '@b-ticketing/core'
import { overdue, withDeadline } from '@b-ticketing/core/adapter-kit'
import type { EventBus, Message } from '@b-ticketing/core/ports'

/** How long `publish` waits for the consumers. */
const patienceMs = 5_000

/**
 * A bus that reaches no further than this process, behind an outbox that outlives it. A message is acknowledged when every group has
 * handled it: until then it stays in the outbox, so that the end of the process loses none.
 */
export function acknowledgeWhenHandled(bus: EventBus, runtime: Pick<Runtime, 'sleep'> = systemRuntime): EventBus {
  const groups = new Map<Topic, Set<string>>()
  const waiting = new Map<string, (() => void)[]>()

  const handled = (group: string, { eventId }: Message): void => {
    const key = `${group}/${eventId}`
    for (const resolve of waiting.get(key) ?? []) resolve()
    waiting.delete(key)
  }
  const whenHandled = (group: string, { eventId }: Message): Promise<void> =>
    new Promise((resolve) => {
      const key = `${group}/${eventId}`
      waiting.set(key, [...(waiting.get(key) ?? []), resolve])
    })

  return {
    async publish({ topic, messages }) {
      const mine = [...(groups.get(topic) ?? [])]
      if (mine.length === 0) return messages.map(() => 'unknown')
      const byAll = messages.map((message) => Promise.all(mine.map((group) => whenHandled(group, message))))
      const replies = await bus.publish({ topic, messages })
      const inTime = await withDeadline({ runtime, ms: patienceMs, work: () => Promise.all(byAll) })
      return inTime === overdue ? messages.map(() => 'unknown') : replies
    },
    async subscribe({ topic, group, handle }) {
      groups.set(topic, (groups.get(topic) ?? new Set()).add(group))
      return bus.subscribe({
        topic,
        group,
        handle: async (batch) => {
          const replies = await handle(batch)
          // Poison is parked by the bus, and would only come again.
          for (const message of batch) handled(group, message)
          return replies
        },
      })
    },
  }
}
