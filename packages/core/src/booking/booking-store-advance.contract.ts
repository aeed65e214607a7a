import assert from 'node:assert/strict'
import { laneOf } from '../messaging/lane.ts'
import { bookingOf } from './booking.ts'
import {
  advanced,
  advanceOne,
  type BookingStoreSubject,
  change,
  completion,
  eventIds,
  everything,
  failure,
  findOne,
  opened,
  owners,
} from './booking-store-samples.contract.ts'

export const advanceCases: Record<string, (subject: BookingStoreSubject) => Promise<void>> = {
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
  'an act is audited in its own transaction, by the clock of the store': async (subject) => {
    const sold = await advanced(subject.port, completion(await opened(subject.port, 'r1', [1])))
    await subject.advance(1_000)
    const audit = { by: 'ann', action: 'refund', subject: 'b-r1', detail: { requestId: 'r1', amount: 21_000 } }
    const refund = change(sold, { to: 'COMPLETED', refund: 'PENDING', audit })
    await advanced(subject.port, refund)
    const [row, ...rest] = await subject.audit()
    assert.deepEqual({ ...row, id: 'any', at: 0 }, { id: 'any', at: 0, ...audit })
    assert.equal(row!.at, subject.now())
    assert.deepEqual(rest, [])
  },
  'a change that is refused, or made by another, is not audited': async (subject) => {
    const record = await opened(subject.port, 'r1', [1])
    const audit = { by: 'ann', action: 'refund', subject: 'b-r1', detail: {} }
    const sale = { ...completion(record), audit }
    const replies = await Promise.all(Array.from({ length: 10 }, () => advanceOne(subject.port, sale)))
    assert.equal(replies.filter(({ is }) => is === 'advanced').length, 1)
    await advanceOne(subject.port, { ...sale, requestId: 'r9' })
    assert.equal((await subject.audit()).length, 1)
    const failed = await advanced(subject.port, failure(await opened(subject.port, 'r2', [2])))
    assert.equal((await advanceOne(subject.port, { ...completion(failed), audit })).is, 'seats-gone')
    const consumed = { consumer: 'c', eventId: 'e1' }
    const charging = await advanced(
      subject.port,
      change(await opened(subject.port, 'r3', [3]), { to: 'CHARGING', consumed }),
    )
    assert.equal((await advanceOne(subject.port, change(charging, { to: 'CHARGING', consumed, audit }))).is, 'consumed')
    assert.equal((await subject.audit()).length, 1)
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
