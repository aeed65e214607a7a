import type { BookingStoreSubject, OutboxSubject } from '@b-ticketing/core/conformance'
import type { Claim, Message, OpenRequest } from '@b-ticketing/core/ports'
import { createMysqlBookingStore } from './booking-store.ts'
import type { TestDatabase } from './mysql.test-support.ts'
import { createMysqlOutbox } from './outbox.ts'
import { appendOutbox } from './outbox-rows.ts'

export const bookingStoreSubject = (database: TestDatabase): BookingStoreSubject => ({
  port: createMysqlBookingStore(database),
  now: database.now,
  advance: database.advance,
  claims: () => readClaims(database),
  outbox: () => readOutbox(database),
  audit: database.audit,
  close: database.close,
})

export const outboxSubject = (database: TestDatabase): OutboxSubject => ({
  port: createMysqlOutbox(database),
  now: database.now,
  advance: database.advance,
  append: (messages) => database.inTransaction((tx) => appendOutbox(tx, messages)),
  unpublished: async () => (await readOutbox(database)).map(({ message }) => message.eventId),
  close: database.close,
})

/** Every live claim, read from the tables themselves. */
export async function readClaims({ rows }: Pick<TestDatabase, 'rows'>): Promise<readonly Claim[]> {
  const found = await rows(`SELECT c.*, p.holder, p.state AS payment, p.record_version FROM bt_claim c
    LEFT JOIN bt_payment p ON p.request_id = c.request_id`)
  return found.map((row) => ({
    scheduleId: row.schedule_id,
    section: row.section,
    seat: row.seat,
    requestId: row.request_id,
    holder: row.holder,
    state: row.payment === 'COMPLETED' ? 'COMPLETED' : 'PAYING',
    recordVersion: row.record_version,
  }))
}

/** Every message that is not published, in order. */
export async function readOutbox({ rows }: Pick<TestDatabase, 'rows'>) {
  const found = await rows('SELECT * FROM bt_outbox ORDER BY seq')
  return found.map((row) => ({
    lane: row.lane as number,
    message: {
      eventId: row.event_id,
      topic: row.topic,
      key: row.message_key,
      schema: row.message_schema,
      at: row.at,
      data: JSON.parse(row.data),
    } as Message,
  }))
}

export const messageOf = (topic: Message['topic'], requestId: string): Message => ({
  ...{ eventId: `${requestId}-${topic}`, topic, key: requestId, schema: 1, at: 1_800_000_000_000 },
  data: { requestId, reservationId: `b-${requestId}`, scheduleId: 'game-1' },
})

/** A request for these seats of one section. */
export function orderOf(
  requestId: string,
  seats: readonly number[],
  p: { readonly section?: string; readonly visitor?: string; readonly scheduleId?: string } = {},
): OpenRequest {
  const { section = 'A', visitor = `v-${requestId}`, scheduleId = 'game-1' } = p
  const price = { value: 21_000, currency: 'KRW' }
  const place = (seat: number) => ({
    seatId: `${section}-1-${seat}`,
    section,
    row: '1',
    label: `${seat}`,
    grade: 'blue',
    price,
  })
  return {
    ...{ requestId, reservationId: `b-${requestId}`, visitor },
    ...{ idempotencyKey: `key-${requestId}`, fingerprint: `body-${requestId}` },
    hold: {
      ...{ holdId: `h-${requestId}`, version: 7, scheduleId, holder: visitor, parts: [{ section, seats }] },
      seats: seats.map(place),
      amount: { ...price, value: price.value * seats.length },
    },
    buyer: { email: 'kim@example.com', name: `김 O'Neil "?" \\ \\' -- 😀` },
    paymentToken: 'tok_approve',
    leaseMs: 30_000,
    chargeWithinMs: 45_000,
    outbox: [messageOf('payment-requested', requestId)],
  }
}
