import assert from 'node:assert/strict'
import { laneOf } from '../messaging/lane.ts'
import type { Message } from '../messaging/message.ts'
import { paymentMessage } from '../messaging/payment-message.ts'
import type { Claim } from '../seating/claim.ts'
import { bindCases, type ContractCase, type Subject, type SubjectFactory } from '../shared/contract.ts'
import type { Id } from '../shared/types.ts'
import { bookingOf, type HoldSnapshot, type PaymentRecord } from './booking.ts'
import type { Advance, AdvanceReply, BookingStore, OpenReply, OpenRequest } from './booking-store.port.ts'

/** Beside the port: readers of their own that look behind it. */
export interface BookingStoreSubject extends Subject<BookingStore> {
  /** Every live claim. */
  claims(): Promise<readonly Claim[]>
  /** Every outbox row not published yet, in order. */
  outbox(): Promise<readonly { readonly lane: number; readonly message: Message }[]>
}

const scheduleId = 'game-1'
const leaseMs = 30_000

const hold = (holdId: Id, seats: readonly number[], holder: Id, section = 'A'): HoldSnapshot => ({
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

const message = (topic: 'payment-requested' | 'payment-completed', requestId: Id): Message =>
  paymentMessage({ topic, at: 1_800_000_000_000, requestId, reservationId: `b-${requestId}`, scheduleId })

const order = (requestId: Id, seats: readonly number[], more: Partial<OpenRequest> = {}): OpenRequest => {
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

const openOne = async (port: BookingStore, request: OpenRequest): Promise<OpenReply> =>
  (await port.open({ requests: [request] }))[0]!

const opened = async (port: BookingStore, requestId: Id, seats: readonly number[], more: Partial<OpenRequest> = {}) => {
  const reply = await openOne(port, order(requestId, seats, more))
  assert.ok(reply.is === 'opened', `expected opened, got ${reply.is}`)
  return reply.record
}

const change = (record: PaymentRecord, more: Partial<Advance> & Pick<Advance, 'to'>): Advance => ({
  requestId: record.requestId,
  from: { state: record.state, version: record.version },
  claims: 'keep',
  event: 'test',
  outbox: [],
  ...more,
})

const advanceOne = async (port: BookingStore, made: Advance): Promise<AdvanceReply> =>
  (await port.advance({ changes: [made] }))[0]!

const advanced = async (port: BookingStore, made: Advance): Promise<PaymentRecord> => {
  const reply = await advanceOne(port, made)
  assert.ok(reply.is === 'advanced', `expected advanced, got ${reply.is}`)
  return reply.record
}

const completion = (record: PaymentRecord, claims: 'sell' | 'retake' = 'sell'): Advance =>
  change(record, {
    to: 'COMPLETED',
    claims,
    reason: null,
    dueInMs: null,
    booking: bookingOf(record, 'none', record.storeTime),
    outbox: [message('payment-completed', record.requestId)],
  })

const failure = (record: PaymentRecord): Advance =>
  change(record, { to: 'FAILED', claims: 'free', reason: 'card_declined', dueInMs: null })

const findOne = async (port: BookingStore, requestId: Id): Promise<PaymentRecord | null> =>
  (await port.find({ keys: [{ requestId }] }))[0] ?? null

const owners = async (subject: BookingStoreSubject): Promise<readonly string[]> =>
  (await subject.claims()).map((c) => `${c.section}${c.seat} ${c.state} ${c.requestId}`).sort()

const eventIds = async (subject: BookingStoreSubject) =>
  (await subject.outbox()).map(({ message: { eventId } }) => eventId)

/** What must not change when a command is refused. */
const everything = async (subject: BookingStoreSubject, requestId: Id) => {
  const record = await findOne(subject.port, requestId)
  return {
    record: record && { ...record, storeTime: 0 },
    claims: await owners(subject),
    outbox: await eventIds(subject),
    history: await subject.port.history({ requestId }),
  }
}

const openCases: Record<string, (subject: BookingStoreSubject) => Promise<void>> = {
  'factory: the clock moves, and records carry it': async (subject) => {
    const record = await opened(subject.port, 'r1', [1])
    await subject.advance(5_000)
    assert.ok((await findOne(subject.port, 'r1'))!.storeTime >= record.storeTime + 5_000)
  },
  'open keeps all it was given, at version 1': async (subject) => {
    const request = order('r1', [3, 4])
    const before = subject.now()
    const record = await opened(subject.port, 'r1', [3, 4])
    const { recordVersion, createdAt, updatedAt, chargeUntil, dueAt, storeTime, ...rest } = record
    const { leaseMs: _lease, chargeWithinMs: _within, outbox: _outbox, ...given } = request
    assert.deepEqual(rest, {
      ...given,
      scheduleId,
      amount: { value: 42_000, currency: 'KRW' },
      state: 'REQUESTED',
      reason: null,
      refund: 'none',
      version: 1,
      booking: null,
      attempts: 0,
    })
    assert.ok(recordVersion > 0)
    assert.ok(createdAt >= before && createdAt <= subject.now())
    assert.deepEqual(
      [updatedAt, chargeUntil, dueAt],
      [createdAt, createdAt + 45_000, createdAt + leaseMs],
      'instants are the store’s own',
    )
    assert.ok(storeTime >= createdAt)
    const found = await findOne(subject.port, 'r1')
    assert.deepEqual({ ...found, storeTime }, record)
  },
  'open writes claims, history and outbox row with it': async (subject) => {
    const record = await opened(subject.port, 'r1', [3, 4])
    assert.deepEqual(
      [...(await subject.claims())].sort((a, b) => a.seat - b.seat),
      [3, 4].map((seat) => ({
        scheduleId,
        section: 'A',
        seat,
        requestId: 'r1',
        holder: 'v-r1',
        state: 'PAYING',
        recordVersion: record.recordVersion,
      })),
    )
    assert.deepEqual(await subject.outbox(), [{ lane: laneOf('r1'), message: message('payment-requested', 'r1') }])
    assert.deepEqual(await subject.port.history({ requestId: 'r1' }), [
      {
        requestId: 'r1',
        version: 1,
        at: record.createdAt,
        from: null,
        to: 'REQUESTED',
        refund: 'none',
        event: 'requested',
      },
    ])
  },
  'I1: a claimed seat refuses the whole request, nothing is written': async (subject) => {
    await opened(subject.port, 'r1', [1, 2])
    assert.deepEqual(await openOne(subject.port, order('r2', [2, 3])), { is: 'seats-taken' })
    assert.equal(await findOne(subject.port, 'r2'), null)
    assert.deepEqual(await owners(subject), ['A1 PAYING r1', 'A2 PAYING r1'])
    assert.deepEqual(await eventIds(subject), ['r1-payment-requested'])
    assert.deepEqual(await subject.port.history({ requestId: 'r2' }), [])
  },
  'the same seat number of another section or schedule is another seat': async (subject) => {
    await opened(subject.port, 'r1', [1])
    await opened(subject.port, 'r2', [1], { hold: hold('h-r2', [1], 'v-r2', 'B') })
    await opened(subject.port, 'r3', [1], { hold: { ...hold('h-r3', [1], 'v-r3'), scheduleId: 'game-2' } })
    assert.equal((await subject.claims()).length, 3)
  },
  'I1: of parallel requests for one seat exactly one is opened': async (subject) => {
    const replies = await Promise.all(
      Array.from({ length: 40 }, (_, i) => openOne(subject.port, order(`r${i}`, [5, 6 + i]))),
    )
    assert.equal(replies.filter(({ is }) => is === 'opened').length, 1)
    assert.equal(replies.filter(({ is }) => is === 'seats-taken').length, 39)
    assert.equal((await subject.claims()).length, 2)
  },
  'requests of one batch are independent: a loser takes nobody down': async (subject) => {
    await opened(subject.port, 'r0', [9])
    const replies = await subject.port.open({
      requests: [order('r1', [1, 2]), order('r2', [9]), order('r3', [2, 3]), order('r4', [4])],
    })
    assert.deepEqual(
      replies.map(({ is }) => is),
      ['opened', 'seats-taken', 'seats-taken', 'opened'],
    )
    assert.deepEqual(await owners(subject), ['A1 PAYING r1', 'A2 PAYING r1', 'A4 PAYING r4', 'A9 PAYING r0'])
  },
  'a large batch of strangers is opened in one call': async ({ port }) => {
    const requests = Array.from({ length: 200 }, (_, i) => order(`r${i}`, [i]))
    const replies = await port.open({ requests })
    assert.ok(replies.every(({ is }) => is === 'opened'))
    assert.deepEqual(
      replies.map((reply) => reply.is === 'opened' && reply.record.requestId),
      requests.map(({ requestId }) => requestId),
    )
  },
  'PAY3: the same request again is replayed with the record as it stands, nothing is written': async (subject) => {
    const record = await opened(subject.port, 'r1', [1])
    await advanced(subject.port, change(record, { to: 'CHARGING', dueInMs: leaseMs }))
    const before = await everything(subject, 'r1')
    const reply = await openOne(subject.port, order('r1', [1]))
    assert.ok(reply.is === 'replayed')
    assert.deepEqual([reply.record.state, reply.record.version], ['CHARGING', 2])
    assert.deepEqual(await everything(subject, 'r1'), before)
  },
  'the same request twice in one batch is opened once': async (subject) => {
    const replies = await subject.port.open({ requests: [order('r1', [1]), order('r1', [1])] })
    assert.deepEqual(
      replies.map(({ is }) => is),
      ['opened', 'replayed'],
    )
    assert.equal((await subject.port.history({ requestId: 'r1' })).length, 1)
  },
  'I15: the same key and body under another requestId replays the first, also once decided': async ({ port }) => {
    const record = await opened(port, 'r1', [1])
    await advanced(port, failure(record))
    const { idempotencyKey, fingerprint, visitor } = order('r1', [1])
    const reply = await openOne(port, order('r2', [1], { idempotencyKey, fingerprint, visitor }))
    assert.ok(reply.is === 'replayed')
    assert.deepEqual([reply.record.requestId, reply.record.state], ['r1', 'FAILED'])
  },
  'I15: it is still replayed after 15 days': async (subject) => {
    await opened(subject.port, 'r1', [1])
    await subject.advance(15 * 24 * 60 * 60_000)
    assert.equal((await openOne(subject.port, order('r1', [1]))).is, 'replayed')
  },
  'PAY4: the same key with another body is refused, nothing is written': async (subject) => {
    await opened(subject.port, 'r1', [1])
    const { idempotencyKey, visitor } = order('r1', [1])
    const other = order('r2', [2], { idempotencyKey, visitor, fingerprint: 'another' })
    assert.deepEqual(await openOne(subject.port, other), { is: 'key-reused' })
    assert.deepEqual(await openOne(subject.port, { ...other, requestId: 'r1' }), { is: 'key-reused' })
    assert.deepEqual(await owners(subject), ['A1 PAYING r1'])
  },
  'keys are the visitor’s own, and compared byte by byte': async ({ port }) => {
    await opened(port, 'r1', [1], { idempotencyKey: 'Key', visitor: 'v1' })
    await opened(port, 'r2', [2], { idempotencyKey: 'Key', visitor: 'v2' })
    await opened(port, 'r3', [3], { idempotencyKey: 'key', visitor: 'v1' })
    await opened(port, 'r4', [4], { idempotencyKey: 'Key ', visitor: 'v1' })
    await opened(port, 'r5', [5], { idempotencyKey: 'kéy', visitor: 'v1' })
  },
  'PAY2: a hold that is being paid, or was paid, names its payment': async ({ port }) => {
    const record = await opened(port, 'r1', [1])
    const again = order('r2', [1], { visitor: 'v-r1', hold: order('r1', [1]).hold })
    assert.deepEqual(await openOne(port, again), { is: 'running', requestId: 'r1' })
    await advanced(port, completion(record))
    assert.deepEqual(await openOne(port, again), { is: 'paid', requestId: 'r1' })
  },
  'a hold whose payment failed is judged by its seats': async ({ port }) => {
    const record = await opened(port, 'r1', [1])
    await advanced(port, failure(record))
    const again = order('r2', [1], { visitor: 'v-r1', hold: order('r1', [1]).hold })
    assert.equal((await openOne(port, again)).is, 'opened')
  },
}

const advanceCases: Record<string, (subject: BookingStoreSubject) => Promise<void>> = {
  'I6: advance adds 1 to the version and a line to the history': async (subject) => {
    const record = await opened(subject.port, 'r1', [1])
    await subject.advance(1_000)
    const charging = await advanced(
      subject.port,
      change(record, { to: 'CHARGING', event: 'wake', dueInMs: 2_000, attempts: 3 }),
    )
    assert.deepEqual([charging.state, charging.version, charging.attempts], ['CHARGING', 2, 3])
    assert.ok(charging.updatedAt >= record.createdAt + 1_000)
    assert.equal(charging.dueAt, charging.updatedAt + 2_000)
    assert.deepEqual(
      (await subject.port.history({ requestId: 'r1' })).map(({ version, from, to, event }) => [
        version,
        from,
        to,
        event,
      ]),
      [
        [1, null, 'REQUESTED', 'requested'],
        [2, 'REQUESTED', 'CHARGING', 'wake'],
      ],
    )
  },
  'what a change leaves out stays': async ({ port }) => {
    const record = await opened(port, 'r1', [1])
    const first = await advanced(port, change(record, { to: 'UNKNOWN', reason: 'x', refund: 'PENDING', attempts: 2 }))
    const second = await advanced(port, change(first, { to: 'UNKNOWN' }))
    assert.deepEqual(
      [second.reason, second.refund, second.attempts, second.dueAt, second.recordVersion, second.paymentToken],
      ['x', 'PENDING', 2, record.dueAt, record.recordVersion, 'tok_approve'],
    )
  },
  'I6: a change from another state or version is stale and changes nothing': async (subject) => {
    const record = await opened(subject.port, 'r1', [1])
    const charging = await advanced(subject.port, change(record, { to: 'CHARGING' }))
    const before = await everything(subject, 'r1')
    const wrong = [
      failure(record),
      { ...completion(charging), from: { state: 'CHARGING', version: 1 } as const },
      { ...completion(charging), from: { state: 'UNKNOWN', version: 2 } as const },
      { ...completion(charging), from: { state: 'CHARGING', version: 3 } as const },
    ]
    for (const made of wrong) {
      const reply = await advanceOne(subject.port, { ...made, consumed: { consumer: 'c', eventId: 'e' } })
      assert.ok(reply.is === 'stale')
      assert.deepEqual([reply.record.state, reply.record.version], ['CHARGING', 2])
    }
    assert.deepEqual(await everything(subject, 'r1'), before)
    const later = await advanceOne(subject.port, { ...completion(charging), consumed: { consumer: 'c', eventId: 'e' } })
    assert.equal(later.is, 'advanced', 'a stale change leaves no inbox row')
  },
  'I6: of parallel changes from one version exactly one is made': async (subject) => {
    const record = await opened(subject.port, 'r1', [1])
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, i) => advanceOne(subject.port, i % 2 ? failure(record) : completion(record))),
    )
    assert.equal(replies.filter(({ is }) => is === 'advanced').length, 1)
    assert.equal(replies.filter(({ is }) => is === 'stale').length, 19)
    assert.equal((await subject.port.history({ requestId: 'r1' })).length, 2)
  },
  'changes of one batch are independent, those of one payment in order': async (subject) => {
    const one = await opened(subject.port, 'r1', [1])
    const two = await opened(subject.port, 'r2', [2])
    const replies = await subject.port.advance({
      changes: [
        { ...failure(one), requestId: 'r9' },
        completion(one),
        failure(one),
        { ...failure(two), from: { state: 'FAILED', version: 1 } },
        change(two, { to: 'CHARGING' }),
      ],
    })
    assert.deepEqual(
      replies.map(({ is }) => is),
      ['unknown', 'advanced', 'stale', 'stale', 'advanced'],
    )
    assert.deepEqual(await owners(subject), ['A1 COMPLETED r1', 'A2 PAYING r2'])
  },
  'sell: own claims become COMPLETED under a new recordVersion, booking and outbox row with them': async (subject) => {
    const record = await opened(subject.port, 'r1', [1, 2])
    const sold = await advanced(subject.port, completion(record))
    assert.ok(sold.recordVersion > record.recordVersion)
    assert.deepEqual(sold.booking, completion(record).booking)
    assert.equal(sold.dueAt, null)
    for (const claim of await subject.claims()) {
      assert.deepEqual([claim.state, claim.recordVersion], ['COMPLETED', sold.recordVersion])
    }
    assert.deepEqual(await eventIds(subject), ['r1-payment-requested', 'r1-payment-completed'])
    assert.deepEqual(
      (await subject.outbox()).map(({ lane }) => lane),
      [laneOf('r1'), laneOf('r1')],
    )
  },
  'sell of seats that are not claimed is seats-gone and changes nothing': async (subject) => {
    const record = await opened(subject.port, 'r1', [1])
    const failed = await advanced(subject.port, failure(record))
    const before = await everything(subject, 'r1')
    const made = { ...completion(failed), consumed: { consumer: 'c', eventId: 'e' } }
    assert.equal((await advanceOne(subject.port, made)).is, 'seats-gone')
    assert.deepEqual(await everything(subject, 'r1'), before)
  },
  'I7: free deletes own claims only; the seats can be claimed again': async (subject) => {
    const one = await opened(subject.port, 'r1', [1, 2])
    await opened(subject.port, 'r2', [3])
    const failed = await advanced(subject.port, failure(one))
    assert.ok(failed.recordVersion > one.recordVersion)
    assert.deepEqual(await owners(subject), ['A3 PAYING r2'])
    const again = await opened(subject.port, 'r3', [2])
    assert.ok(again.recordVersion > failed.recordVersion)
  },
  'I7: free never frees a seat that was claimed by another since': async (subject) => {
    const one = await opened(subject.port, 'r1', [1])
    const failed = await advanced(subject.port, failure(one))
    await opened(subject.port, 'r2', [1])
    await advanced(subject.port, change(failed, { to: 'FAILED', claims: 'free' }))
    assert.deepEqual(await owners(subject), ['A1 PAYING r2'])
  },
  'free of sold seats: what a refund does once it is DONE': async (subject) => {
    const sold = await advanced(subject.port, completion(await opened(subject.port, 'r1', [1])))
    const booking = bookingOf(sold, 'DONE', 0)
    const back = await advanced(
      subject.port,
      change(sold, { to: 'COMPLETED', claims: 'free', refund: 'DONE', booking }),
    )
    assert.deepEqual([back.state, back.refund, back.booking?.state], ['COMPLETED', 'DONE', 'CANCELLED'])
    assert.ok(back.recordVersion > sold.recordVersion)
    assert.deepEqual(await owners(subject), [])
  },
  'PAY10: retake claims the same seats again, sold': async (subject) => {
    const failed = await advanced(subject.port, failure(await opened(subject.port, 'r1', [1, 2])))
    const sold = await advanced(subject.port, completion(failed, 'retake'))
    assert.equal(sold.state, 'COMPLETED')
    assert.ok(sold.recordVersion > failed.recordVersion)
    assert.deepEqual(await owners(subject), ['A1 COMPLETED r1', 'A2 COMPLETED r1'])
  },
  'PAY11: retake is seats-gone when one seat is claimed by another, and takes none': async (subject) => {
    const failed = await advanced(subject.port, failure(await opened(subject.port, 'r1', [1, 2])))
    await opened(subject.port, 'r2', [2])
    const before = await everything(subject, 'r1')
    assert.equal((await advanceOne(subject.port, completion(failed, 'retake'))).is, 'seats-gone')
    assert.deepEqual(await everything(subject, 'r1'), before)
  },
  'the payment token is nulled when decided, for good': async ({ port }) => {
    const one = await opened(port, 'r1', [1])
    const two = await opened(port, 'r2', [2])
    assert.equal((await advanced(port, completion(one))).paymentToken, null)
    const failed = await advanced(port, failure(two))
    assert.equal(failed.paymentToken, null)
    assert.equal((await advanced(port, completion(failed, 'retake'))).paymentToken, null)
    assert.equal((await findOne(port, 'r1'))!.paymentToken, null)
  },
  'I11: an event is consumed once per consumer, in the same transaction': async (subject) => {
    const record = await opened(subject.port, 'r1', [1])
    const consumed = { consumer: 'payment-service-group', eventId: 'e1' }
    const charging = await advanced(subject.port, change(record, { to: 'CHARGING', consumed }))
    const before = await everything(subject, 'r1')
    for (const made of [change(record, { to: 'CHARGING', consumed }), { ...completion(charging), consumed }]) {
      const reply = await advanceOne(subject.port, made)
      assert.ok(reply.is === 'consumed')
      assert.deepEqual([reply.record.state, reply.record.version], ['CHARGING', 2])
    }
    assert.deepEqual(await everything(subject, 'r1'), before)
    const other = { consumer: 'another-group', eventId: 'e1' }
    assert.equal((await advanceOne(subject.port, { ...completion(charging), consumed: other })).is, 'advanced')
  },
  'the same event twice in one batch is consumed once': async ({ port }) => {
    const record = await opened(port, 'r1', [1])
    const made = change(record, { to: 'CHARGING', consumed: { consumer: 'c', eventId: 'e1' } })
    const replies = await port.advance({ changes: [made, made] })
    assert.deepEqual(
      replies.map(({ is }) => is),
      ['advanced', 'consumed'],
    )
  },
  'I11: outbox rows of one payment stand in the order of its changes': async (subject) => {
    const ids = ['r1', 'r2', 'r3']
    for (const id of ids) await opened(subject.port, id, [Number(id.slice(1))])
    const records = await subject.port.find({ keys: ids.map((requestId) => ({ requestId })) })
    await subject.port.advance({ changes: records.map((record) => completion(record!)) })
    const rows = await subject.outbox()
    for (const id of ids) {
      const topics = rows.filter(({ message: { key } }) => key === id).map(({ message: { topic } }) => topic)
      assert.deepEqual(topics, ['payment-requested', 'payment-completed'])
    }
  },
}

const readCases: Record<string, (subject: BookingStoreSubject) => Promise<void>> = {
  'abandon leaves a tombstone: the late open loses': async (subject) => {
    assert.deepEqual(await subject.port.abandon({ requestIds: ['r1'] }), ['abandoned'])
    assert.deepEqual(await subject.port.abandon({ requestIds: ['r1'] }), ['abandoned'])
    assert.deepEqual(await openOne(subject.port, order('r1', [1])), { is: 'abandoned' })
    assert.deepEqual(await subject.claims(), [])
    assert.deepEqual(await subject.outbox(), [])
    assert.equal(await findOne(subject.port, 'r1'), null)
    await opened(subject.port, 'r2', [1])
  },
  'a tombstone does not use up the idempotency key': async ({ port }) => {
    await port.abandon({ requestIds: ['r1'] })
    assert.equal((await openOne(port, order('r1', [1]))).is, 'abandoned')
    const { idempotencyKey, visitor } = order('r1', [1])
    await opened(port, 'r2', [1], { idempotencyKey, visitor })
  },
  'abandon of an opened payment answers the truth and changes nothing': async (subject) => {
    const record = await opened(subject.port, 'r1', [1])
    const before = await everything(subject, 'r1')
    const [first, second] = await subject.port.abandon({ requestIds: ['r1', 'r2'] })
    assert.deepEqual([{ ...(first as PaymentRecord), storeTime: record.storeTime }, second], [record, 'abandoned'])
    assert.deepEqual(await everything(subject, 'r1'), before)
  },
  'abandon and open in parallel: exactly one of them wins': async (subject) => {
    const ids = Array.from({ length: 20 }, (_, i) => `r${i}`)
    const outcomes = await Promise.all(
      ids.map(async (id, i) => {
        const [reply, [left]] = await Promise.all([
          openOne(subject.port, order(id, [i])),
          subject.port.abandon({ requestIds: [id] }),
        ])
        return `${reply.is} ${left === 'abandoned' ? left : 'truth'}`
      }),
    )
    for (const outcome of outcomes) assert.ok(['opened truth', 'abandoned abandoned'].includes(outcome), outcome)
    assert.equal((await subject.claims()).length, outcomes.filter((outcome) => outcome === 'opened truth').length)
  },
  'find by requestId, by visitor and key, by reservation, by hold; null for what is not': async ({ port }) => {
    await opened(port, 'r1', [1])
    const found = await port.find({
      keys: [
        { requestId: 'r1' },
        { visitor: 'v-r1', idempotencyKey: 'key-r1' },
        { reservationId: 'b-r1' },
        { holdId: 'h-r1' },
        { requestId: 'r2' },
        { visitor: 'v-r2', idempotencyKey: 'key-r1' },
        { visitor: 'v-r1', idempotencyKey: 'KEY-r1' },
        { reservationId: 'r1' },
        { holdId: 'b-r1' },
      ],
    })
    assert.deepEqual(
      found.map((record) => record?.requestId ?? null),
      ['r1', 'r1', 'r1', 'r1', null, null, null, null, null],
    )
    assert.deepEqual(await port.find({ keys: [] }), [])
  },
  'find by hold answers its latest payment': async ({ port }) => {
    const record = await opened(port, 'r1', [1])
    await advanced(port, failure(record))
    await opened(port, 'r2', [1], { hold: order('r1', [1]).hold })
    assert.equal((await port.find({ keys: [{ holdId: 'h-r1' }] }))[0]?.requestId, 'r2')
  },
  'due hands out what is due by the store’s clock, leased, at an unchanged version': async (subject) => {
    await opened(subject.port, 'r1', [1])
    assert.deepEqual(await subject.port.due({ worker: 'w1', limit: 10, leaseMs }), [])
    await subject.advance(leaseMs)
    const [record, ...rest] = await subject.port.due({ worker: 'w1', limit: 10, leaseMs })
    assert.deepEqual([record?.requestId, record?.version, rest.length], ['r1', 1, 0])
    assert.ok(record!.dueAt! > subject.now())
    assert.deepEqual(await subject.port.due({ worker: 'w2', limit: 10, leaseMs }), [])
    assert.equal((await subject.port.history({ requestId: 'r1' })).length, 1)
    await advanced(subject.port, change(record!, { to: 'CHARGING' }))
  },
  'after a worker died its lease comes to an end and another takes over': async (subject) => {
    await opened(subject.port, 'r1', [1])
    for (const worker of ['w1', 'w2', 'w3']) {
      await subject.advance(leaseMs)
      assert.equal((await subject.port.due({ worker, limit: 10, leaseMs })).length, 1, worker)
    }
  },
  'I16: parallel workers never get the same payment, limits hold, the longest due come first': async (subject) => {
    for (let i = 0; i < 9; i++) {
      await opened(subject.port, `r${i}`, [i])
      await subject.advance(10)
    }
    await subject.advance(leaseMs)
    const [first] = await subject.port.due({ worker: 'w0', limit: 1, leaseMs })
    assert.equal(first?.requestId, 'r0')
    const batches = await Promise.all(
      ['w1', 'w2', 'w3', 'w4'].map((worker) => subject.port.due({ worker, limit: 3, leaseMs })),
    )
    const ids = batches.flat().map(({ requestId }) => requestId)
    assert.ok(batches.every((batch) => batch.length <= 3))
    assert.equal(new Set(ids).size, ids.length)
    // A worker that meets rows another is leasing may come back with fewer; nothing stays behind.
    const left = await subject.port.due({ worker: 'w5', limit: 100, leaseMs })
    assert.deepEqual([...ids, ...left.map(({ requestId }) => requestId)].sort(), [
      'r1',
      'r2',
      'r3',
      'r4',
      'r5',
      'r6',
      'r7',
      'r8',
    ])
  },
  'a decided payment is not due, but for its refund': async (subject) => {
    const sold = await advanced(subject.port, completion(await opened(subject.port, 'r1', [1])))
    await subject.advance(60 * 60_000)
    assert.deepEqual(await subject.port.due({ worker: 'w1', limit: 10, leaseMs }), [])
    await advanced(subject.port, change(sold, { to: 'COMPLETED', refund: 'PENDING', dueInMs: 0 }))
    for (let i = 0; i < 2; i++) {
      const [record] = await subject.port.due({ worker: 'w1', limit: 10, leaseMs })
      assert.deepEqual([record?.refund, record!.dueAt! > subject.now()], ['PENDING', true])
      await subject.advance(leaseMs)
    }
  },
  'a decided payment with a dueAt and no refund is handed out once': async (subject) => {
    const record = await opened(subject.port, 'r1', [1])
    await advanced(subject.port, { ...failure(record), dueInMs: 2_000 })
    assert.deepEqual(await subject.port.due({ worker: 'w1', limit: 10, leaseMs }), [])
    await subject.advance(2_000)
    const [due] = await subject.port.due({ worker: 'w1', limit: 10, leaseMs })
    assert.deepEqual([due?.requestId, due?.dueAt], ['r1', null])
    await subject.advance(60 * 60_000)
    assert.deepEqual(await subject.port.due({ worker: 'w1', limit: 10, leaseMs }), [])
  },
  'dueInMs 0 is due at once, and only what is due is leased': async (subject) => {
    const record = await opened(subject.port, 'r1', [1])
    await opened(subject.port, 'r2', [2])
    await advanced(subject.port, change(record, { to: 'UNKNOWN', dueInMs: 0 }))
    const due = await subject.port.due({ worker: 'w1', limit: 10, leaseMs })
    assert.deepEqual(
      due.map(({ requestId }) => requestId),
      ['r1'],
    )
  },
  'list: newest first, by visitor and schedule, booked only': async ({ port }) => {
    const one = await opened(port, 'r1', [1], { visitor: 'v1' })
    await opened(port, 'r2', [2], { visitor: 'v1' })
    await opened(port, 'r3', [3], { visitor: 'v2', hold: { ...hold('h3', [3], 'v2'), scheduleId: 'game-2' } })
    await advanced(port, completion(one))
    const ids = async (p: Parameters<BookingStore['list']>[0]) =>
      (await port.list(p)).items.map(({ requestId }) => requestId)
    assert.deepEqual(await ids({}), ['r3', 'r2', 'r1'])
    assert.deepEqual(await ids({ visitor: 'v1' }), ['r2', 'r1'])
    assert.deepEqual(await ids({ scheduleId: 'game-2' }), ['r3'])
    assert.deepEqual(await ids({ scheduleId: 'game-1', visitor: 'v2' }), [])
    assert.deepEqual(await ids({ bookedOnly: true }), ['r1'])
    assert.deepEqual(await ids({ visitor: 'nobody' }), [])
  },
  'list pages: at most 100, each payment once, also while new ones come': async ({ port }) => {
    await port.open({ requests: Array.from({ length: 205 }, (_, i) => order(`r${i}`, [i], { visitor: 'v1' })) })
    const seen: Id[] = []
    let after: string | undefined
    for (;;) {
      const page = await port.list({ visitor: 'v1', ...(after !== undefined && { after }) })
      assert.ok(page.items.length <= 100)
      seen.push(...page.items.map(({ requestId }) => requestId))
      await opened(port, `new${seen.length}`, [1_000 + seen.length], { visitor: 'v1' })
      if (page.next === null) break
      after = page.next
    }
    assert.equal(new Set(seen).size, seen.length)
    assert.equal(seen.filter((id) => id.startsWith('r')).length, 205)
    assert.deepEqual((await port.list({ after: 'no-such-page' })).items, [])
  },
  'history of an unknown payment is empty; what was returned does not change later': async ({ port }) => {
    assert.deepEqual(await port.history({ requestId: 'r1' }), [])
    const record = await opened(port, 'r1', [1])
    const before = await port.history({ requestId: 'r1' })
    await advanced(port, failure(record))
    assert.equal(before.length, 1)
    assert.equal((await port.history({ requestId: 'r1' })).length, 2)
    assert.equal(record.state, 'REQUESTED')
  },
  'text of any language and length within bounds is kept as it is': async ({ port }) => {
    const buyer = { email: 'kim@example.com', name: `김${'😀'.repeat(20)}`, locale: 'en' } as const
    const record = await opened(port, 'r1', [1], { buyer, paymentToken: `tok_${'x'.repeat(250)}` })
    assert.deepEqual(record.buyer, buyer)
    const failed = await advanced(port, { ...failure(record), reason: '잔액이 부족합니다 😀' })
    assert.equal((await findOne(port, 'r1'))!.reason, failed.reason)
  },
}

export function bookingStoreContract(factory: SubjectFactory<BookingStoreSubject>): readonly ContractCase[] {
  return bindCases<BookingStoreSubject>('BookingStore', factory, {
    'factory: subjects are isolated and start empty': async (subject) => {
      const other = await factory()
      await opened(subject.port, 'r1', [1])
      assert.equal(await findOne(other.port, 'r1'), null)
      assert.deepEqual(await other.claims(), [])
      assert.deepEqual(await other.outbox(), [])
      await other.close?.()
    },
    ...openCases,
    ...advanceCases,
    ...readCases,
  })
}
