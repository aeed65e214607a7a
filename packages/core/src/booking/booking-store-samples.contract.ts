import assert from 'node:assert/strict'
import type { Message } from '../messaging/message.ts'
import { paymentMessage } from '../messaging/payment-message.ts'
import type { Claim } from '../seating/claim.ts'
import type { Audited, Subject } from '../shared/contract.ts'
import type { Id } from '../shared/types.ts'
import { bookingOf, type HoldSnapshot, type PaymentRecord } from './booking.ts'
import type { Advance, AdvanceReply, BookingStore, OpenReply, OpenRequest } from './booking-store.port.ts'

/** Beside the port: readers of their own that look behind it. */
export interface BookingStoreSubject extends Subject<BookingStore>, Audited {
  /** Every live claim. */
  claims(): Promise<readonly Claim[]>
  /** Every outbox row not published yet, in order. */
  outbox(): Promise<readonly { readonly lane: number; readonly message: Message }[]>
}

export const scheduleId = 'game-1'
export const leaseMs = 30_000

export const hold = (holdId: Id, seats: readonly number[], holder: Id, section = 'A'): HoldSnapshot => ({
  holdId,
  version: 7,
  scheduleId,
  holder,
  parts: [{ section, seats }],
  seats: seats.map((seat) => ({
    seatId: `${section}-1-${seat}`,
    section,
    row: '1',
    label: String(seat),
    grade: 'blue',
    price: { value: 21_000, currency: 'KRW' },
  })),
  amount: { value: 21_000 * seats.length, currency: 'KRW' },
})

export const message = (topic: 'payment-requested' | 'payment-completed', requestId: Id): Message =>
  paymentMessage({ topic, at: 1_800_000_000_000, requestId, reservationId: `b-${requestId}`, scheduleId })

export const order = (requestId: Id, seats: readonly number[], more: Partial<OpenRequest> = {}): OpenRequest => {
  const visitor = more.visitor ?? `v-${requestId}`
  return {
    requestId,
    reservationId: `b-${requestId}`,
    visitor,
    idempotencyKey: `key-${requestId}`,
    fingerprint: `body-${requestId}`,
    hold: hold(`h-${requestId}`, seats, visitor),
    buyer: { email: 'kim@example.com', name: '김', locale: 'ko' },
    paymentToken: 'tok_approve',
    leaseMs,
    chargeWithinMs: 45_000,
    outbox: [message('payment-requested', requestId)],
    ...more,
  }
}

export const openOne = async (port: BookingStore, request: OpenRequest): Promise<OpenReply> =>
  (await port.open({ requests: [request] }))[0]!

export const opened = async (
  port: BookingStore,
  requestId: Id,
  seats: readonly number[],
  more: Partial<OpenRequest> = {},
) => {
  const reply = await openOne(port, order(requestId, seats, more))
  assert.ok(reply.is === 'opened', `expected opened, got ${reply.is}`)
  return reply.record
}

export const change = (record: PaymentRecord, more: Partial<Advance> & Pick<Advance, 'to'>): Advance => ({
  requestId: record.requestId,
  from: { state: record.state, version: record.version },
  claims: 'keep',
  event: 'test',
  outbox: [],
  ...more,
})

export const advanceOne = async (port: BookingStore, made: Advance): Promise<AdvanceReply> =>
  (await port.advance({ changes: [made] }))[0]!

export const advanced = async (port: BookingStore, made: Advance): Promise<PaymentRecord> => {
  const reply = await advanceOne(port, made)
  assert.ok(reply.is === 'advanced', `expected advanced, got ${reply.is}`)
  return reply.record
}

export const completion = (record: PaymentRecord, claims: 'sell' | 'retake' = 'sell'): Advance =>
  change(record, {
    to: 'COMPLETED',
    claims,
    reason: null,
    dueInMs: null,
    booking: bookingOf(record, 'none', record.storeTime),
    outbox: [message('payment-completed', record.requestId)],
  })

export const failure = (record: PaymentRecord): Advance =>
  change(record, { to: 'FAILED', claims: 'free', reason: 'card_declined', dueInMs: null })

export const findOne = async (port: BookingStore, requestId: Id): Promise<PaymentRecord | null> =>
  (await port.find({ keys: [{ requestId }] }))[0] ?? null

export const owners = async (subject: BookingStoreSubject): Promise<readonly string[]> =>
  (await subject.claims()).map((c) => `${c.section}${c.seat} ${c.state} ${c.requestId}`).sort()

export const eventIds = async (subject: BookingStoreSubject) =>
  (await subject.outbox()).map(({ message: { eventId } }) => eventId)

/** What must not change when a command is refused. */
export const everything = async (subject: BookingStoreSubject, requestId: Id) => {
  const record = await findOne(subject.port, requestId)
  return {
    record: record && { ...record, storeTime: 0 },
    claims: await owners(subject),
    outbox: await eventIds(subject),
    audit: await subject.audit(),
    history: await subject.port.history({ requestId }),
  }
}
