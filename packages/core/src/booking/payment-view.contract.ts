import assert from 'node:assert/strict'
import { bindCases, type ContractCase, type Subject, type SubjectFactory } from '../shared/contract.ts'
import type { PaymentStatus } from './booking.ts'
import type { PaymentView } from './payment-view.port.ts'

const status = (requestId: string, version: number, more: Partial<PaymentStatus> = {}): PaymentStatus => ({
  requestId,
  visitor: 'visitor-1',
  status: 'PENDING',
  reason: null,
  reservationId: null,
  amount: { value: 42_000, currency: 'KRW' },
  refund: 'none',
  version,
  updatedAt: 1_800_000_000_000,
  ...more,
})

export function paymentViewContract(factory: SubjectFactory<Subject<PaymentView>>): readonly ContractCase[] {
  return bindCases<Subject<PaymentView>>('PaymentView', factory, {
    'factory: subjects are isolated and start empty': async ({ port }) => {
      const other = await factory()
      await port.put({ payments: [status('r1', 1)] })
      assert.deepEqual(await other.port.get({ requestIds: ['r1'] }), [null])
      await other.close?.()
    },
    'what is put is read back whole, answer i for id i': async ({ port }) => {
      const one = status('r1', 1, { reason: '카드 거절', status: 'FAILED', refund: 'DONE' })
      const two = status('r2', 7, { status: 'COMPLETED', reservationId: 'b2' })
      await port.put({ payments: [one, two] })
      assert.deepEqual(await port.get({ requestIds: ['r2', 'r9', 'r1', 'r2'] }), [two, null, one, two])
      assert.deepEqual(await port.get({ requestIds: [] }), [])
    },
    'only a newer version is applied': async ({ port }) => {
      const newer = status('r1', 3, { status: 'COMPLETED', reservationId: 'b1' })
      await port.put({ payments: [newer] })
      await port.put({ payments: [status('r1', 2), status('r1', 3)] })
      assert.deepEqual(await port.get({ requestIds: ['r1'] }), [newer])
      const newest = status('r1', 4, { status: 'COMPLETED', refund: 'PENDING', reservationId: 'b1' })
      await port.put({ payments: [newest] })
      assert.deepEqual(await port.get({ requestIds: ['r1'] }), [newest])
    },
    'the newest of one call wins, whatever its place': async ({ port }) => {
      const newest = status('r1', 9, { status: 'FAILED', reason: 'x' })
      await port.put({ payments: [status('r1', 2), newest, status('r1', 5)] })
      assert.deepEqual(await port.get({ requestIds: ['r1'] }), [newest])
    },
    'a stale entry never hides others of its call': async ({ port }) => {
      await port.put({ payments: [status('r1', 5)] })
      await port.put({ payments: [status('r1', 1), status('r2', 1)] })
      assert.deepEqual(await port.get({ requestIds: ['r2'] }), [status('r2', 1)])
    },
    'it is kept for at least an hour': async (subject) => {
      await subject.port.put({ payments: [status('r1', 1)] })
      await subject.advance(60 * 60_000)
      assert.deepEqual(await subject.port.get({ requestIds: ['r1'] }), [status('r1', 1)])
    },
  })
}
