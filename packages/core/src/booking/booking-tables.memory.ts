import { defineTable } from '../shared/record.memory.ts'
import type { Id } from '../shared/types.ts'
import type { HistoryRow } from './booking.ts'
import type { StoredPayment } from './stored-payment.ts'

/** By requestId, oldest first. */
export const payments = defineTable<StoredPayment>('payment')

/** RequestIds that can never be opened. */
export const tombstones = defineTable<true>('payment-tombstone')

/** requestId by `visitor/key`, by holdId (the latest), by reservationId. */
export const idempotencyRows = defineTable<Id>('payment-idempotency')
export const holdPayments = defineTable<Id>('payment-by-hold')
export const reservationPayments = defineTable<Id>('payment-by-reservation')

/** requestIds of a visitor, oldest first. */
export const visitorPayments = defineTable<Id[]>('payment-by-visitor')

/** What has a `dueAt`: the index the due loop reads. */
export const duePayments = defineTable<number>('payment-due')

/** Append-only, by requestId. */
export const histories = defineTable<HistoryRow[]>('payment-history')

/** Consumed events, by `consumer/eventId`. */
export const inbox = defineTable<true>('inbox')
