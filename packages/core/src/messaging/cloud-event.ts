import { accepted, type Outcome, refused } from '../shared/outcome.ts'
import { isRecord, type Message, type MessageInvalid, parseMessage } from './message.ts'

/** A message as a broker carries it: the versioned envelope as JSON, and its CloudEvents 1.0 attributes as headers. */
export interface CloudEvent {
  readonly key: string
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

/** Larger than any message of ours, so that garbage is refused before it is parsed. */
const maxLength = 65_536

export const toCloudEvent = (message: Message): CloudEvent => ({
  key: message.key,
  value: JSON.stringify(message),
  headers: {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_id: message.eventId,
    ce_source: '/b-ticketing/payments',
    ce_type: `b-ticketing.${message.topic}.v${message.schema}`,
    ce_subject: message.key,
    ce_time: new Date(message.at).toISOString(),
  },
})

/** The envelope decides; a key or an event id beside it that says something else is a problem. Headers may be missing. */
export function fromCloudEvent(event: {
  readonly key: string | null
  readonly value: string | null
  readonly headers?: Readonly<Record<string, string | undefined>>
}): Outcome<Message, MessageInvalid> {
  const { key, value, headers } = event
  if (value === null || value.length > maxLength) return invalid('value must be JSON of at most 64 kB')
  const parsed = parseMessage(readJson(value))
  if (!parsed.ok) return parsed
  const message = parsed.value
  if (key !== null && key !== message.key) return invalid('key must be the key of the envelope')
  if (headers?.ce_id !== undefined && headers.ce_id !== message.eventId) return invalid('ce_id must be the eventId')
  return accepted(message)
}

const invalid = (problem: string) => refused({ reason: 'MESSAGE_INVALID' as const, problems: [problem] })

function readJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return isRecord(value) ? value : null
  } catch {
    return null
  }
}
