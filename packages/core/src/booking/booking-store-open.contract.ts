import assert from 'node:assert/strict'
import { laneOf } from '../messaging/lane.ts'
import {
  advanced,
  type BookingStoreSubject,
  change,
  completion,
  eventIds,
  everything,
  failure,
  findOne,
  hold,
  leaseMs,
  message,
  opened,
  openOne,
  order,
  owners,
  scheduleId,
} from './booking-store-samples.contract.ts'

export const openCases: Record<string, (subject: BookingStoreSubject) => Promise<void>> = {
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
  'PAY2: a hold whose payment was paid back stays paid, though its seats are free': async (subject) => {
    const sold = await advanced(subject.port, completion(await opened(subject.port, 'r1', [1])))
    await advanced(subject.port, change(sold, { to: 'COMPLETED', claims: 'free', refund: 'DONE' }))
    const again = order('r2', [1], { visitor: 'v-r1', hold: order('r1', [1]).hold })
    assert.deepEqual(await openOne(subject.port, again), { is: 'paid', requestId: 'r1' })
    assert.deepEqual(await owners(subject), [])
    await opened(subject.port, 'r3', [1])
  },
  'a hold whose payment failed is judged by its seats': async ({ port }) => {
    const record = await opened(port, 'r1', [1])
    await advanced(port, failure(record))
    const again = order('r2', [1], { visitor: 'v-r1', hold: order('r1', [1]).hold })
    assert.equal((await openOne(port, again)).is, 'opened')
  },
}
