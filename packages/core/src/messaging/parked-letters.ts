import { TicketingError } from '../shared/errors.ts'
import { demandId } from '../shared/ids.ts'
import type { Id, Page } from '../shared/types.ts'
import type { DeadLetter, DeadLetters, UnreadableRecord } from './dead-letters.port.ts'
import type { EventBus } from './event-bus.port.ts'

/** What could not be handled, as an operator uses it: `engine.deadLetters`. */
export interface ParkedLetters {
  list(p?: { after?: string }): Promise<Page<DeadLetter>>
  /**
   * Sends it again the way it came, audited; a letter replayed before is answered without a second sending.
   * @throws `NOT_FOUND`, `INVALID` (an unreadable record: it is no message), `BUSY` (it was not sent, and is open still).
   */
  replay(p: { id: Id; by?: Id }): Promise<void>
}

export function createParkedLetters(p: {
  readonly deadLetters: DeadLetters
  readonly eventBus: Pick<EventBus, 'publish'>
  /** Takes a webhook's body once more. */
  readonly hear: (data: Readonly<Record<string, unknown>>) => Promise<unknown>
}): ParkedLetters {
  const send = async (message: Sendable): Promise<void> => {
    if (message.topic === 'webhook') return void (await p.hear(message.data))
    const [reply] = await p.eventBus.publish({ topic: message.topic, messages: [message] })
    if (reply !== 'acked') throw new TicketingError('BUSY', 'the bus did not take the message', { retryInMs: 1_000 })
  }

  return {
    list: async ({ after } = {}) =>
      p.deadLetters.list({ ...(after !== undefined && { after: demandId(after, 'after') }) }),
    async replay({ id, by = 'operator' }) {
      demandId(by, 'by')
      const { items } = await p.deadLetters.list({ id: demandId(id, 'id') })
      const [letter] = items
      if (!letter) throw new TicketingError('NOT_FOUND', 'no such dead letter')
      if (letter.replayedAt !== null) return
      const { message, source, reason } = letter
      if (message.topic === 'unreadable') throw new TicketingError('INVALID', 'what came was no message')
      // Marked first: sent again and failing again, it is parked anew, which opens it once more. So does a send that fails.
      if (!(await p.deadLetters.replayed({ id, by }))) return
      await send(message).catch(async (error: unknown) => {
        await p.deadLetters.park({ letters: [{ id, source, reason, message }] })
        throw error
      })
    },
  }
}

type Sendable = Exclude<DeadLetter['message'], UnreadableRecord>
