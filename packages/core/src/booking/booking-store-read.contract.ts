import assert from 'node:assert/strict'
import { isId } from '../shared/ids.ts'
import type { Id } from '../shared/types.ts'
import type { PaymentRecord } from './booking.ts'
import type { BookingStore } from './booking-store.port.ts'
import {
  advanced,
  type BookingStoreSubject,
  change,
  completion,
  everything,
  failure,
  findOne,
  hold,
  leaseMs,
  opened,
  openOne,
  order,
} from './booking-store-samples.contract.ts'

export const readCases: Record<string, (subject: BookingStoreSubject) => Promise<void>> = {
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
  'a decided payment with a dueAt and no PENDING refund is handed out once, to one worker': async (subject) => {
    const { port } = subject
    const of = (id: Id, seat: number) => opened(port, id, [seat])
    await advanced(port, { ...failure(await of('failed', 1)), dueInMs: 2_000 })
    await advanced(port, { ...failure(await of('given-back', 2)), refund: 'DONE', dueInMs: 2_000 })
    await advanced(port, { ...completion(await of('sold', 3)), dueInMs: 2_000 })
    await advanced(port, { ...completion(await of('refused', 4)), refund: 'ERROR', dueInMs: 2_000 })
    const workers = ['w1', 'w2', 'w3', 'w4']
    const due = async () =>
      (await Promise.all(workers.map((worker) => port.due({ worker, limit: 10, leaseMs })))).flat()
    assert.deepEqual(await due(), [])
    await subject.advance(2_000)
    const handed = [...(await due()), ...(await due())]
    assert.deepEqual(
      handed.map(({ requestId, version, dueAt }) => [requestId, version, dueAt]).sort(),
      ['failed', 'given-back', 'refused', 'sold'].map((id) => [id, 2, null]),
    )
    await subject.advance(60 * 60_000)
    assert.deepEqual(await due(), [])
    assert.equal((await findOne(port, 'failed'))!.dueAt, null)
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
      assert.ok(page.next === null || isId(page.next), 'a cursor is an id')
      seen.push(...page.items.map(({ requestId }) => requestId))
      await opened(port, `new${seen.length}`, [1_000 + seen.length], { visitor: 'v1' })
      if (page.next === null) break
      after = page.next
    }
    assert.equal(new Set(seen).size, seen.length)
    assert.equal(seen.filter((id) => id.startsWith('r')).length, 205)
  },
  'list refuses a cursor that is none of its own': async ({ port }) => {
    await opened(port, 'r1', [1])
    for (const after of ['not a cursor', '', "1' OR '1'='1", 'no-such-page']) {
      await assert.rejects(port.list({ after }), { code: 'INVALID' })
    }
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
