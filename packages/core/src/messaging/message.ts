import { TicketingError } from '../shared/errors.ts'
import { isId } from '../shared/ids.ts'
import { accepted, type Outcome, refused } from '../shared/outcome.ts'
import type { Id, Ms } from '../shared/types.ts'

export const topics = ['payment-requested', 'payment-completed'] as const
export type Topic = (typeof topics)[number]

export const consumerGroups = { payment: 'payment-service-group', notification: 'notification-service-group' } as const

/** A fact of the record on its way to other services. Ids only: never an e-mail address, never a payment token. */
export interface Message {
  /** Stable: the same event always carries the same id, however often it is published. */
  readonly eventId: Id
  readonly topic: Topic
  /** Keyed by requestId: order is kept per booking. */
  readonly key: Id
  /** Version of the shape of `data`, from 1. */
  readonly schema: number
  readonly at: Ms
  readonly data: Readonly<Record<string, unknown>>
}

/** A fault of the message itself: it counts toward the dead letters. `problems` name fields, never their values. */
export interface MessageInvalid {
  readonly reason: 'MESSAGE_INVALID'
  readonly problems: readonly string[]
}

const isTopic = (value: unknown): value is Topic => topics.some((topic) => topic === value)

/** Reads an envelope from anywhere; what is not part of it is left out. `data` is read by its own topic's function. */
export function parseMessage(value: unknown): Outcome<Message, MessageInvalid> {
  if (!isRecord(value)) return refused({ reason: 'MESSAGE_INVALID', problems: ['message must be an object'] })
  const { eventId, topic, key, schema, at, data } = value
  const problems: string[] = []
  if (!isId(eventId)) problems.push('eventId must be an id')
  if (!isTopic(topic)) problems.push('topic is unknown')
  if (!isId(key)) problems.push('key must be an id')
  if (!isCount(schema, 1, Number.MAX_SAFE_INTEGER)) problems.push('schema must be a positive integer')
  if (!isCount(at, 0, latestInstant)) problems.push('at must be an instant in ms')
  if (!isRecord(data)) problems.push('data must be an object')
  if (problems.length > 0) return refused({ reason: 'MESSAGE_INVALID', problems })
  return accepted({ eventId, topic, key, schema, at, data } as Message)
}

/** Of one `publish`, and of one `handle`. */
export const maxMessages = 256

/** @throws TicketingError `INVALID` for a topic that is none. */
export function demandTopic(topic: unknown): Topic {
  if (isTopic(topic)) return topic
  throw new TicketingError('INVALID', 'topic is unknown')
}

/** What every bus takes. @throws TicketingError `INVALID` */
export function demandMessages(topic: Topic, messages: readonly Message[]): void {
  demandTopic(topic)
  if (!Array.isArray(messages) || messages.length > maxMessages) {
    throw new TicketingError('INVALID', `messages must be a list of at most ${maxMessages}`)
  }
  for (const message of messages) {
    const parsed = parseMessage(message)
    if (!parsed.ok) throw new TicketingError('INVALID', 'not a message', { details: { problems: parsed.problems } })
    if (parsed.value.topic !== topic) throw new TicketingError('INVALID', 'the message is of another topic')
  }
}

/** The last instant a calendar can name. */
const latestInstant = 8_640_000_000_000_000

const isCount = (value: unknown, min: number, max: number): boolean =>
  Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
