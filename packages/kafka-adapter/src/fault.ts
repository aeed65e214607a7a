import { isTicketingError, TicketingError } from '@b-ticketing/core'

/** What kafkajs throws, as far as we look at it. */
interface KafkaFault {
  readonly name: string
  readonly type?: string
  readonly retriable?: boolean
}

/**
 * Every error of a client as one of ours. `BUSY`: the brokers cannot be reached, did not answer in time, or cannot serve now.
 * `STORE_FAULT`: they refused what we asked (a wrong password, no permission): a setting, or a bug.
 */
export function asFault(error: unknown): TicketingError {
  if (isTicketingError(error)) return error
  if (isRefusal(rootOf(error))) return new TicketingError('STORE_FAULT', 'Kafka refused the request', { cause: error })
  return unavailable('Kafka cannot be reached', error)
}

export const unavailable = (message: string, cause?: unknown): TicketingError =>
  new TicketingError('BUSY', message, { retryInMs: 1_000, ...(cause !== undefined && { cause }) })

const isRefusal = ({ name, retriable }: KafkaFault): boolean =>
  (name === 'KafkaJSProtocolError' && retriable === false) || name.startsWith('KafkaJSSASL')

const lostMembership: readonly (string | undefined)[] = [
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'NOT_COORDINATOR_FOR_GROUP',
  'FENCED_INSTANCE_ID',
]

/** Whether the group goes on without this member until it has joined anew. */
export const isRebalance = (error: unknown): boolean => lostMembership.includes(rootOf(error).type)

/** kafkajs wraps what it gave up on. */
function rootOf(error: unknown): KafkaFault {
  let root = error
  while (root instanceof Error && root.cause instanceof Error) root = root.cause
  return root instanceof Error ? root : { name: typeof root }
}
