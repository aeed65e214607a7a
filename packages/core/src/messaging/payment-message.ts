import { isId } from '../shared/ids.ts'
import { accepted, type Outcome, refused } from '../shared/outcome.ts'
import type { Id, Ms } from '../shared/types.ts'
import type { Message, MessageInvalid, Topic } from './message.ts'

/** `data` of both topics, schema 1: whoever needs more than ids reads the record. */
export interface PaymentMessageData {
  readonly requestId: Id
  readonly reservationId: Id
  readonly scheduleId: Id
}

const schema = 1

/** The event of a payment: once requested, once completed, so its id follows from the two. */
export function paymentMessage(p: PaymentMessageData & { readonly topic: Topic; readonly at: Ms }): Message {
  const { topic, at, requestId, reservationId, scheduleId } = p
  const data: PaymentMessageData = { requestId, reservationId, scheduleId }
  return { eventId: `${requestId}-${topic}`, topic, key: requestId, schema, at, data: { ...data } }
}

/** What a consumer may rely on. Unknown further ids are tolerated; anything that is not an id is refused, so nothing private travels. */
export function parsePaymentMessage(message: Message): Outcome<PaymentMessageData, MessageInvalid> {
  const { requestId, reservationId, scheduleId } = message.data
  const problems = Object.entries({ requestId, reservationId, scheduleId, ...message.data })
    .filter(([, value]) => !isId(value))
    .map(([name]) => `data.${isId(name) ? name : 'name'} must be an id`)
  if (message.schema !== schema) problems.push(`schema ${message.schema} is not known`)
  if (requestId !== message.key) problems.push('key must be the requestId')
  if (problems.length > 0) return refused({ reason: 'MESSAGE_INVALID', problems })
  return accepted({ requestId, reservationId, scheduleId } as PaymentMessageData)
}
