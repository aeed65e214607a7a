import assert from 'node:assert/strict'
import { type Audited, bindCases, type ContractCase, type Subject, type SubjectFactory } from '../shared/contract.ts'
import type { Notice } from './notice.ts'
import type { NoticeStore } from './notice-store.port.ts'

export interface NoticeStoreSubject extends Subject<NoticeStore>, Audited {}

const notice = (reservationId: string, copy = 0): Notice => ({
  id: `${reservationId}-${copy}`,
  reservationId,
  requestId: `r-${reservationId}`,
  template: 'payment-completed',
  copy,
  to: { address: 'kim@example.com', name: '김철수' },
  locale: 'ko',
  amount: { value: 42_000, currency: 'KRW' },
  seats: ['219 4열 34번', '219 4열 35번'],
  scheduleName: '개막전',
})

const add = (port: NoticeStore, ...notices: Notice[]) => port.add({ notices, consumed: [] })
const lease = (port: NoticeStore, limit = 10, worker = 'w1') => port.lease({ worker, limit, leaseMs: 60_000 })

export function noticeStoreContract(factory: SubjectFactory<NoticeStoreSubject>): readonly ContractCase[] {
  return bindCases<NoticeStoreSubject>('NoticeStore', factory, {
    'factory: subjects are isolated and start empty': async ({ port }) => {
      const other = await factory()
      await add(port, notice('b1'))
      assert.deepEqual(await lease(other.port), [])
      await other.close?.()
    },
    'what was added is leased whole, with no attempts yet': async ({ port }) => {
      await add(port, notice('b1'))
      const [leased, ...rest] = await lease(port)
      const { token, ...given } = leased!
      assert.deepEqual(given, { ...notice('b1'), attempts: 0 })
      assert.ok(token.length > 0)
      assert.deepEqual(rest, [])
    },
    'I12: one notice per reservation, template and copy, also in parallel and once sent': async ({ port }) => {
      await Promise.all([1, 2, 3].map(() => add(port, notice('b1'), notice('b1'))))
      const [leased, ...rest] = await lease(port)
      assert.deepEqual(rest, [])
      await port.mark({ results: [{ id: leased!.id, token: leased!.token, sent: true }] })
      await add(port, notice('b1'))
      assert.deepEqual(await lease(port), [])
      await add(port, notice('b1', 1))
      assert.equal((await lease(port)).length, 1)
    },
    'a repeated event adds nothing; an event may carry no notice': async ({ port }) => {
      const consumed = [{ consumer: 'notification-service-group', eventId: 'e1' }]
      for (let i = 0; i < 2; i++) await port.add({ notices: [notice('b1')], consumed })
      await port.add({ notices: [], consumed: [{ consumer: 'notification-service-group', eventId: 'e2' }] })
      assert.equal((await lease(port)).length, 1)
    },
    'I16: a leased notice is nobody else’s until the lease is over': async (subject) => {
      await add(subject.port, ...['b1', 'b2', 'b3', 'b4', 'b5'].map((id) => notice(id)))
      const taken = await Promise.all(['w1', 'w2', 'w3'].map((worker) => lease(subject.port, 2, worker)))
      assert.ok(taken.every((notices) => notices.length <= 2))
      const ids = taken.flat().map(({ id }) => id)
      assert.equal(new Set(ids).size, ids.length)
      const rest = await lease(subject.port, 10, 'w4')
      assert.deepEqual([...ids, ...rest.map(({ id }) => id)].sort(), ['b1-0', 'b2-0', 'b3-0', 'b4-0', 'b5-0'])
      await subject.advance(60_000)
      assert.equal((await lease(subject.port, 10, 'w5')).length, 5)
    },
    'oldest first': async (subject) => {
      for (const id of ['b1', 'b2', 'b3']) {
        await add(subject.port, notice(id))
        await subject.advance(1_000)
      }
      const leased = await lease(subject.port, 2)
      assert.deepEqual(
        leased.map(({ reservationId }) => reservationId),
        ['b1', 'b2'],
      )
    },
    'one that was not sent comes again when it is due, with its attempts': async (subject) => {
      await add(subject.port, notice('b1'))
      const [first] = await lease(subject.port)
      const result = { id: first!.id, token: first!.token, sent: false, retryInMs: 5_000, error: '451' }
      await subject.port.mark({ results: [result] })
      assert.deepEqual(await lease(subject.port), [])
      await subject.advance(5_000)
      assert.equal((await lease(subject.port))[0]?.attempts, 1)
    },
    'one that was refused for good never comes again': async (subject) => {
      await add(subject.port, notice('b1'))
      const [first] = await lease(subject.port)
      await subject.port.mark({ results: [{ id: first!.id, token: first!.token, sent: false, error: '550' }] })
      await subject.advance(24 * 60 * 60_000)
      assert.deepEqual(await lease(subject.port), [])
    },
    'a stale token changes nothing: after a takeover only the new holder marks': async (subject) => {
      await add(subject.port, notice('b1'))
      const [old] = await lease(subject.port)
      await subject.advance(60_000)
      const [fresh] = await lease(subject.port, 10, 'w2')
      assert.notEqual(fresh!.token, old!.token)
      await subject.port.mark({ results: [{ id: old!.id, token: old!.token, sent: false, retryInMs: 0 }] })
      assert.deepEqual(await lease(subject.port, 10, 'w3'), [])
      await subject.port.mark({ results: [{ id: fresh!.id, token: fresh!.token, sent: true }] })
      await subject.advance(60_000)
      assert.deepEqual(await lease(subject.port), [])
      await subject.port.mark({ results: [{ id: fresh!.id, token: fresh!.token, sent: false, retryInMs: 0 }] })
      assert.deepEqual(await lease(subject.port), [], 'a mark ends the lease: its token is used up')
    },
    'marks of unknown notices change nothing, others of the call are made': async ({ port }) => {
      await add(port, notice('b1'))
      const [leased] = await lease(port)
      const results = [
        { id: 'nobody', token: 'x', sent: true },
        { id: leased!.id, token: leased!.token, sent: false, retryInMs: 0 },
      ]
      await port.mark({ results })
      assert.equal((await lease(port))[0]?.attempts, 1)
    },
    'add answers how many were not known': async ({ port }) => {
      const consumed = [{ consumer: 'notification-service-group', eventId: 'e1' }]
      assert.equal(await port.add({ notices: [notice('b1'), notice('b2'), notice('b2')], consumed }), 2)
      assert.equal(await port.add({ notices: [notice('b1'), notice('b3')], consumed }), 1)
      assert.equal(await port.add({ notices: [notice('b1')], consumed: [] }), 0)
      assert.equal(await port.add({ notices: [], consumed }), 0)
    },
    'of many that add one copy at once, one adds it; its act alone is audited': async (subject) => {
      const { port } = subject
      const audit = { by: 'ann', action: 'resend', subject: 'b1', detail: { copy: 1 } }
      const added = await Promise.all(
        Array.from({ length: 10 }, () => port.add({ notices: [notice('b1', 1)], consumed: [], audit })),
      )
      assert.equal(added.filter((count) => count === 1).length, 1)
      assert.equal(added.filter((count) => count === 0).length, 9)
      const rows = await subject.audit()
      assert.deepEqual(
        rows.map(({ id: _, ...row }) => row),
        [{ at: subject.now(), ...audit }],
      )
    },
    'I15: an act is done once per operation id, also by many at once; one that added nothing is still to be done':
      async (subject) => {
        const { port } = subject
        const audit = { by: 'ann', action: 'resend', subject: 'b1', detail: {} }
        const resend = (copy: number, operationId: string) =>
          port.add({ notices: [notice('b1', copy)], consumed: [], audit, operationId })
        await add(port, notice('b1', 1))
        assert.equal(await resend(1, 'op1'), 0, 'another has this copy')
        const answers = await Promise.all([2, 3, 4, 5].map((copy) => resend(copy, 'op1')))
        assert.deepEqual(answers.map(String).sort(), ['1', 'repeated', 'repeated', 'repeated'])
        assert.equal(await resend(6, 'op1'), 'repeated')
        assert.equal(await resend(6, 'op2'), 1)
        assert.equal((await lease(port)).length, 3)
        assert.equal((await subject.audit()).length, 2)
      },
    'copies: the highest of a reservation': async ({ port }) => {
      const copies = () => port.copies({ reservationId: 'b1', template: 'payment-completed' })
      assert.equal(await copies(), -1)
      await add(port, notice('b1'), notice('b2', 0))
      assert.equal(await copies(), 0)
      await add(port, notice('b1', 1), notice('b1', 2))
      assert.equal(await copies(), 2)
    },
  })
}
