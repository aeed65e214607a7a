import { TicketingError } from '../shared/errors.ts'
import type { Ms } from '../shared/types.ts'
import { deadLetterId } from './dead-letter.ts'
import type { DeadLetter } from './dead-letters.port.ts'
import type { HandleReply } from './event-bus.port.ts'
import type { Message } from './message.ts'

/** A message of poison is tried this often before it is parked. */
const poisonAttempts = 5

/** What of a batch is still to be handled; all of it has been tried `attempts` times. */
export interface Remaining {
  readonly messages: readonly Message[]
  readonly attempts: number
}

export interface AfterHandling {
  readonly remaining: Remaining
  /** To be parked before the batch is passed over. */
  readonly letters: readonly Omit<DeadLetter, 'at' | 'replayedAt'>[]
}

/**
 * What follows from a consumer's replies: only poison comes again, and is parked in the end.
 * @throws TicketingError `STORE_FAULT` for a reply missing or unreadable: a fault of the consumer, so nothing is passed over.
 */
export function afterHandling(group: string, tried: Remaining, replies: readonly HandleReply[]): AfterHandling {
  if (!Array.isArray(replies) || replies.length !== tried.messages.length || !replies.every(isReply)) {
    throw new TicketingError('STORE_FAULT', `consumer ${group} did not answer every message`)
  }
  const poisoned = tried.messages.flatMap((message, i) => {
    const reply = replies[i]!
    return reply === 'done' ? [] : [{ message, reason: reply.poison }]
  })
  const attempts = tried.attempts + 1
  if (attempts < poisonAttempts) {
    return { remaining: { messages: poisoned.map(({ message }) => message), attempts }, letters: [] }
  }
  const letters = poisoned.map(({ message, reason }) => ({
    id: deadLetterId({ source: group, eventId: message.eventId }),
    source: group,
    reason,
    message,
  }))
  return { remaining: { messages: [], attempts }, letters }
}

/** The type is a consumer's promise; this is what it keeps of it. */
const isReply = (reply: unknown): boolean =>
  reply === 'done' ||
  (typeof reply === 'object' && reply !== null && 'poison' in reply && typeof reply.poison === 'string')

/** Pause after the n-th fault in a row of a dependency (from 1). */
export const redeliveryPauseMs = (faults: number): Ms => Math.min(5_000, 50 * 2 ** Math.min(faults, 10))
