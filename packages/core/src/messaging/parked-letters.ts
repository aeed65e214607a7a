import { TicketingError } from '../shared/errors.ts'
import { demandId } from '../shared/ids.ts'
import type { Id, Page } from '../shared/types.ts'
import type { DeadLetter, DeadLetters } from './dead-letters.port.ts'
import type { EventBus } from './event-bus.port.ts'

/** What could not be handled, as an operator uses it: `engine.deadLetters`. */
export interface ParkedLetters {
  list(p?: { after?: string }): Promise<Page<DeadLetter>>
  /** Sends it again the way it came; a letter replayed before is answered without a second sending. @throws `NOT_FOUND`, `BUSY`. */
  replay(p: { id: Id; by?: Id }): Promise<void>
}

export function createParkedLetters(p: {
  readonly deadLetters: DeadLetters
  readonly eventBus: Pick<EventBus, 'publish'>
  /** Takes a webhook's body once more. */
  readonly hear: (data: Readonly<Record<string, unknown>>) => Promise<unknown>
}): ParkedLetters {
  const send = async ({ message }: DeadLetter): Promise<void> => {
    if (message.topic === 'webhook') return void (await p.hear(message.data))
    const [reply] = await p.eventBus.publish({ topic: message.topic, messages: [message] })
    if (reply !== 'acked') throw new TicketingError('BUSY', 'the bus did not take the message', { retryInMs: 1_000 })
  }

  return {
    list: async ({ after } = {}) =>
      p.deadLetters.list({ ...(after !== undefined && { after: demandId(after, 'after') }) }),
    async replay({ id, by = 'operator' }) {
      const { items } = await p.deadLetters.list({ id: demandId(id, 'id') })
      const [letter] = items
      if (!letter) throw new TicketingError('NOT_FOUND', 'no such dead letter')
      if (letter.replayedAt !== null) return
      // Marked first: sent again and failing again, it is parked anew, which opens it once more.
      if (await p.deadLetters.replayed({ id, by: demandId(by, 'by') })) await send(letter)
    },
  }
}
