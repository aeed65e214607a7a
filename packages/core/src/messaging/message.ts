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
  /** Version of the shape of `data`. */
  readonly schema: number
  readonly at: Ms
  readonly data: Readonly<Record<string, unknown>>
}
