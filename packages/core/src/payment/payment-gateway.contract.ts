import assert from 'node:assert/strict'
import { bindCases, type ContractCase, type Subject, type SubjectFactory } from '../shared/contract.ts'
import type { PaymentGateway } from './payment-gateway.port.ts'

/** Tokens this provider approves and declines at once; default: the sandbox's. */
export interface GatewaySubject extends Subject<PaymentGateway> {
  readonly approving?: string
  readonly declining?: string
}

const won = (value: number) => ({ value, currency: 'KRW' })

const charge = (subject: GatewaySubject, key: string, amount = won(42_000), paymentToken?: string) =>
  subject.port.charge({
    key,
    requestId: 'r1',
    amount,
    paymentToken: paymentToken ?? subject.approving ?? 'tok_approve',
    signal: new AbortController().signal,
  })

const refund = (subject: GatewaySubject, key: string, value: number, chargeKey = 'k1') =>
  subject.port.refund({ key, chargeKey, requestId: 'r1', amount: won(value) })

export function paymentGatewayContract(factory: SubjectFactory<GatewaySubject>): readonly ContractCase[] {
  return bindCases<GatewaySubject>('PaymentGateway', factory, {
    'factory: every subject has books of its own': async (subject) => {
      const other = await factory()
      assert.deepEqual(await charge(subject, 'k1'), { is: 'succeeded', amount: won(42_000) })
      assert.deepEqual(await other.port.find({ key: 'k1' }), { is: 'not-found' })
      await other.close?.()
    },
    'factory: the clock moves': async (subject) => {
      const before = subject.now()
      await subject.advance(1_000)
      assert.ok(subject.now() >= before + 1_000)
    },
    'charge captures exactly what was asked, and find says so': async (subject) => {
      assert.deepEqual(await charge(subject, 'k1'), { is: 'succeeded', amount: won(42_000) })
      assert.deepEqual(await subject.port.find({ key: 'k1' }), { is: 'succeeded', amount: won(42_000) })
    },
    'a declined charge stays declined under its key': async (subject) => {
      const first = await charge(subject, 'k1', won(1), subject.declining ?? 'tok_decline')
      assert.equal(first.is, 'declined')
      assert.deepEqual(await charge(subject, 'k1'), first)
      assert.deepEqual(await subject.port.find({ key: 'k1' }), first)
    },
    'charge is repeatable by key: the first charge is answered, nothing is captured again': async (subject) => {
      await charge(subject, 'k1')
      assert.deepEqual(await charge(subject, 'k1', won(1)), { is: 'succeeded', amount: won(42_000) })
      assert.equal((await refund(subject, 'f1', 42_000)).is, 'succeeded')
      assert.equal((await refund(subject, 'f2', 1)).is, 'declined')
    },
    'parallel charges of one key capture once': async (subject) => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => charge(subject, 'k1')))
      for (const answer of answers) assert.ok(answer.is === 'succeeded' || answer.is === 'pending')
      assert.equal((await refund(subject, 'f1', 42_000)).is, 'succeeded')
      assert.equal((await refund(subject, 'f2', 1)).is, 'declined')
    },
    'find of an unknown key': async (subject) => {
      assert.deepEqual(await subject.port.find({ key: 'k1' }), { is: 'not-found' })
    },
    'cancel of an unknown key makes a later charge with it fail': async (subject) => {
      assert.equal(await subject.port.cancel({ key: 'k1', requestId: 'r1' }), 'cancelled')
      assert.equal((await charge(subject, 'k1')).is, 'declined')
      assert.equal((await subject.port.find({ key: 'k1' })).is, 'declined')
      assert.equal((await refund(subject, 'f1', 1)).is, 'declined')
    },
    'cancel is repeatable, and other keys are untouched': async (subject) => {
      assert.equal(await subject.port.cancel({ key: 'k1', requestId: 'r1' }), 'cancelled')
      assert.equal(await subject.port.cancel({ key: 'k1', requestId: 'r1' }), 'cancelled')
      assert.equal((await charge(subject, 'k2')).is, 'succeeded')
    },
    'cancel comes too late for a captured charge, which stays': async (subject) => {
      await charge(subject, 'k1')
      assert.equal(await subject.port.cancel({ key: 'k1', requestId: 'r1' }), 'captured')
      assert.equal((await subject.port.find({ key: 'k1' })).is, 'succeeded')
    },
    'cancel of a declined charge confirms that nothing is captured': async (subject) => {
      await charge(subject, 'k1', won(1), subject.declining ?? 'tok_decline')
      assert.equal(await subject.port.cancel({ key: 'k1', requestId: 'r1' }), 'cancelled')
    },
    'refund is repeatable by its key': async (subject) => {
      await charge(subject, 'k1')
      assert.deepEqual(await refund(subject, 'f1', 42_000), { is: 'succeeded', amount: won(42_000) })
      assert.deepEqual(await refund(subject, 'f1', 42_000), { is: 'succeeded', amount: won(42_000) })
    },
    'all refunds of a charge never exceed it': async (subject) => {
      await charge(subject, 'k1')
      const parts = await Promise.all([20_000, 20_000, 20_000].map((value, i) => refund(subject, `f${i}`, value)))
      assert.equal(parts.filter(({ is }) => is === 'succeeded').length, 2)
      assert.equal((await refund(subject, 'f9', 2_000)).is, 'succeeded')
      assert.equal((await refund(subject, 'f10', 1)).is, 'declined')
    },
    'a declined refund may be tried again under its key': async (subject) => {
      await charge(subject, 'k1')
      assert.equal((await refund(subject, 'f1', 42_001)).is, 'declined')
      assert.equal((await refund(subject, 'f1', 42_000)).is, 'succeeded')
    },
    'nothing is refunded of an unknown charge, in another currency, or below one unit': async (subject) => {
      await charge(subject, 'k1')
      assert.equal((await refund(subject, 'f1', 1, 'k2')).is, 'declined')
      const dollars = { value: 1, currency: 'USD' }
      const other = await subject.port.refund({ key: 'f2', chargeKey: 'k1', requestId: 'r1', amount: dollars })
      assert.equal(other.is, 'declined')
      assert.equal((await refund(subject, 'f3', 0)).is, 'declined')
      assert.equal((await refund(subject, 'f4', -1)).is, 'declined')
    },
  })
}
