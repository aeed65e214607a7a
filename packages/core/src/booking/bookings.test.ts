import { expect, test } from 'vitest'
import { allowedTransitions } from '../payment/decide.ts'
import { paymentText } from '../payment/messages.ts'
import type { GatewayEvent } from '../payment/payment-gateway.port.ts'
import { TicketingError } from '../shared/errors.ts'
import { type BoxOffice, boxOffice, scheduleId, seatPrice } from './box-office.test-support.ts'

const buyer = { email: 'kim@example.com' }

const code = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return 'nothing thrown'
  } catch (error) {
    return error instanceof TicketingError ? error.code : String(error)
  }
}

const detail = (work: Promise<unknown>) =>
  work.then(
    () => ({}),
    (error: TicketingError) => error.details,
  )

const event = (requestId: string, type: GatewayEvent['type'], value = 2 * seatPrice): GatewayEvent => ({
  type,
  key: requestId,
  requestId,
  amount: { value, currency: 'KRW' },
})

const hear = (house: BoxOffice, requestId: string, type: GatewayEvent['type']) =>
  house.payments.settle({ requestId, event: event(requestId, type), source: 'webhook' })

/** Charges at the gateway as if an earlier answer had been lost for good. */
const captureBehind = (house: BoxOffice, requestId: string, value = 2 * seatPrice) =>
  house.sandbox.charge({
    key: requestId,
    requestId,
    amount: { value, currency: 'KRW' },
    paymentToken: 'tok_charged_then_timeout',
    signal: AbortSignal.abort(),
  })

test('P1 P2 P3: a request is PENDING at once, and COMPLETED once Kafka has woken the charge', async () => {
  const house = await boxOffice()
  const pending = await house.pay('v1', [1, 2])
  expect(pending).toMatchObject({ status: 'PENDING', reservationId: null, replayed: false, amount: { value: 42_000 } })
  expect(paymentText(pending)).toBe('결제 요청 중...')
  expect((await house.view.get({ requestIds: [pending.requestId] }))[0]?.status).toBe('PENDING')
  expect(await house.map()).toBe('rr..................')
  await house.run(500)
  const paid = await house.payments.status({ requestId: pending.requestId, visitor: 'v1' })
  expect(paid).toMatchObject({ status: 'COMPLETED', refund: 'none', reason: null })
  expect(paymentText(paid)).toBe(`결제 완료: ReservationId=${paid.reservationId}, 금액=42000`)
  expect(await house.map()).toBe('cc..................')
  expect((await house.recordOf(pending.requestId)).paymentToken).toBeNull()
})

test('P4 PAY7: a decline fails with its reason and frees the seats', async () => {
  const house = await boxOffice()
  const { requestId } = await house.pay('v1', [1, 2], 'tok_decline')
  await house.run(500)
  const failed = await house.payments.status({ requestId, visitor: 'v1' })
  expect(failed).toMatchObject({ status: 'FAILED', reason: 'card_declined', reservationId: null })
  expect(paymentText(failed)).toBe('결제 실패: card_declined')
  expect(await house.map()).toBe('....................')
  expect(house.owners()).toEqual([])
})

test('PAY1: an expired hold, someone else’s and another price make no row', async () => {
  const house = await boxOffice()
  const hold = await house.hold('v1', 1, 2)
  const ask = (more: object, visitor = 'v1') =>
    code(
      house.payments.request({
        ...{ pass: house.pass(visitor), hold: { holdId: hold.holdId }, buyer, paymentToken: 't', idempotencyKey: 'k' },
        ...more,
      }),
    )
  expect(await ask({}, 'v2')).toBe('NOT_FOUND')
  expect(await ask({ hold }, 'v2')).toBe('NOT_FOUND')
  expect(await ask({ amount: 41_999 })).toBe('AMOUNT_MISMATCH')
  expect(await ask({ amount: { value: 42_000, currency: 'USD' } })).toBe('AMOUNT_MISMATCH')
  expect(await ask({ hold: { holdId: 'never-was' } })).toBe('HOLD_EXPIRED')
  expect(await ask({ hold: { ...hold, version: hold.version + 1 } })).toBe('HOLD_EXPIRED')
  expect(await house.map()).toBe('rr..................')
  await house.runtime.elapse(300_000)
  expect(await ask({})).toBe('HOLD_EXPIRED')
  expect(await ask({ hold })).toBe('HOLD_EXPIRED')
  expect((await house.store.list({})).items).toEqual([])
  expect(await house.map()).toBe('....................')
})

test('PAY1 I13: of a hold that the caller shows nothing is believed, its price least of all', async () => {
  const house = await boxOffice()
  const hold = await house.hold('v1', 1, 2)
  const ask = { pass: house.pass('v1'), buyer, paymentToken: 'tok_approve', idempotencyKey: 'k' }
  const cheap = { ...hold, amount: { value: 1, currency: 'KRW' } } as typeof hold
  expect(await code(house.payments.request({ ...ask, hold: cheap, amount: 1 }))).toBe('AMOUNT_MISMATCH')
  const made = { holdId: 'never-was', parts: [], holder: 'v1', scheduleId } as unknown as typeof hold
  expect(await code(house.payments.request({ ...ask, hold: made }))).toBe('HOLD_EXPIRED')
  expect((await house.store.list({})).items).toEqual([])
  const paid = await house.payments.request({ ...ask, hold: cheap, amount: 42_000 })
  expect(paid.amount).toEqual({ value: 42_000, currency: 'KRW' })
})

test('a refusal is judged again: the same key works once the amount is right', async () => {
  const house = await boxOffice()
  const hold = await house.hold('v1', 1)
  const ask = { pass: house.pass('v1'), hold, buyer, paymentToken: 'tok_approve', idempotencyKey: 'k' }
  expect(await code(house.payments.request({ ...ask, amount: 1 }))).toBe('AMOUNT_MISMATCH')
  expect((await house.payments.request({ ...ask, amount: 21_000 })).status).toBe('PENDING')
})

test('PAY2: another key while it runs names the running payment, once paid it is ALREADY_PAID', async () => {
  const house = await boxOffice()
  const hold = await house.hold('v1', 1)
  const ask = (idempotencyKey: string) =>
    house.payments.request({ pass: house.pass('v1'), hold, buyer, paymentToken: 'tok_approve', idempotencyKey })
  const { requestId } = await ask('k1')
  expect(await code(ask('k2'))).toBe('PAYMENT_IN_PROGRESS')
  expect(await detail(ask('k2'))).toEqual({ requestId })
  await house.run(500)
  expect(await code(ask('k2'))).toBe('ALREADY_PAID')
  expect(house.net()).toBe(21_000)
})

test('PAY3 I15: the same key and body answers the same payment, also when hold, pass and fast store are gone', async () => {
  const house = await boxOffice()
  const hold = await house.hold('v1', 1)
  const ask = () =>
    house.payments.request({ pass: house.pass('v1'), hold, buyer, paymentToken: 'tok_approve', idempotencyKey: 'k' })
  const first = await ask()
  expect(await ask()).toMatchObject({ requestId: first.requestId, status: 'PENDING', replayed: true })
  await house.run(500)
  house.ended.add('v1')
  await house.runtime.elapse(24 * 3_600_000)
  expect(await ask()).toMatchObject({ requestId: first.requestId, status: 'COMPLETED', replayed: true })
  expect(house.net()).toBe(21_000)
  const fresh = house.payments.request({ pass: house.pass('v1'), hold, buyer, paymentToken: 't', idempotencyKey: 'k9' })
  expect(await code(fresh)).toBe('PASS_EXPIRED')
})

test('PAY4: the same key with any other body is refused, and its hold is left alone', async () => {
  const house = await boxOffice()
  const hold = await house.hold('v1', 1)
  const other = await house.hold('v1', 5)
  const ask = { pass: house.pass('v1'), hold, buyer, paymentToken: 'tok_approve', idempotencyKey: 'k' }
  await house.payments.request(ask)
  for (const body of [
    { hold: other },
    { buyer: { email: 'lee@example.com' } },
    { paymentToken: 't' },
    { amount: 21_000 },
  ]) {
    expect(await code(house.payments.request({ ...ask, ...body }))).toBe('IDEMPOTENCY_KEY_REUSED')
  }
  expect((await house.desk.find({ scheduleId, holdId: other.holdId }))?.requestId).toBeNull()
})

test('PAY3: another language is the same request', async () => {
  const house = await boxOffice()
  const hold = await house.hold('v1', 1)
  const ask = (locale: 'ko' | 'en') =>
    house.payments.request({
      ...{
        pass: house.pass('v1'),
        hold,
        buyer: { ...buyer, locale },
        paymentToken: 'tok_approve',
        idempotencyKey: 'k',
      },
    })
  const first = await ask('ko')
  expect(await ask('en')).toMatchObject({ requestId: first.requestId, replayed: true })
})

test('the same key twice at once in one process: one runs, the other is told so', async () => {
  const house = await boxOffice()
  const hold = await house.hold('v1', 1)
  const ask = () =>
    house.payments.request({ pass: house.pass('v1'), hold, buyer, paymentToken: 'tok_approve', idempotencyKey: 'k' })
  const outcomes = await Promise.all([code(ask()), code(ask()), code(ask())])
  expect(outcomes.sort()).toEqual(['IDEMPOTENCY_IN_FLIGHT', 'IDEMPOTENCY_IN_FLIGHT', 'nothing thrown'])
})

test('two keys at once for one hold: one payment', async () => {
  const house = await boxOffice()
  const hold = await house.hold('v1', 1)
  const ask = (idempotencyKey: string) =>
    house.payments.request({ pass: house.pass('v1'), hold, buyer, paymentToken: 'tok_approve', idempotencyKey })
  const outcomes = await Promise.all(['k1', 'k2', 'k3'].map((key) => code(ask(key))))
  expect(outcomes.sort()).toEqual(['PAYMENT_IN_PROGRESS', 'PAYMENT_IN_PROGRESS', 'nothing thrown'])
  await house.run(500)
  expect(house.net()).toBe(21_000)
})

test('PAY5: Kafka never wakes it: the lease does, the gateway is asked first', async () => {
  const calls: string[] = []
  const house = await boxOffice({
    consumer: false,
    doors: {
      gateway: (gateway) => ({
        ...gateway,
        find: (p) => {
          calls.push('find')
          return gateway.find(p)
        },
        charge: (p) => {
          calls.push(`charge ${p.key === p.requestId}`)
          return gateway.charge(p)
        },
      }),
    },
  })
  const { requestId } = await house.pay('v1', [1])
  await house.run(29_000)
  expect(calls).toEqual([])
  await house.run(2_000)
  expect(calls.slice(0, 2)).toEqual(['find', 'charge true'])
  expect((await house.recordOf(requestId)).state).toBe('COMPLETED')
})

test('PAY5: no answer to the question: it is charged with the same key, captured once', async () => {
  let broken = 3
  const house = await boxOffice({
    consumer: false,
    doors: {
      gateway: (gateway) => ({
        ...gateway,
        find: (p) => (broken-- > 0 ? Promise.reject(new Error('down')) : gateway.find(p)),
      }),
    },
  })
  await house.pay('v1', [1], 'tok_charged_then_timeout')
  await house.run(60_000)
  expect(house.net()).toBe(21_000)
  expect(house.owners()).toEqual(['A1 COMPLETED'])
})

test('PAY6: cancel of REQUESTED frees the seats, the gateway never hears of it', async () => {
  const house = await boxOffice({ consumer: false })
  const { requestId } = await house.pay('v1', [1, 2])
  expect(await house.payments.cancel({ requestId, visitor: 'v1' })).toMatchObject({
    status: 'FAILED',
    reason: 'CANCELLED',
  })
  expect(await house.map()).toBe('....................')
  expect(await house.payments.cancel({ requestId, visitor: 'v1' })).toMatchObject({ status: 'FAILED' })
  await house.charge.subscribe()
  await house.run(60_000)
  expect(house.sandbox.ledger()).toEqual([])
  expect((await house.recordOf(requestId)).state).toBe('FAILED')
})

test('cancel of CHARGING: the gateway’s answer decides', async () => {
  const house = await boxOffice()
  const slow = await house.pay('v1', [1], 'tok_slow')
  await house.run(1_000)
  expect((await house.recordOf(slow.requestId)).state).toBe('CHARGING')
  const cancelled = await house.payments.cancel({ requestId: slow.requestId, visitor: 'v1' })
  expect(cancelled).toMatchObject({ status: 'FAILED', reason: 'CANCELLED' })
  await house.run(5_000)
  expect((await house.recordOf(slow.requestId)).state).toBe('FAILED')
  expect(house.net()).toBe(0)

  const lost = await house.pay('v2', [2], 'tok_charged_then_timeout')
  await house.run(1_000)
  expect(await code(house.payments.cancel({ requestId: lost.requestId, visitor: 'v2' }))).toBe('ALREADY_PAID')
  expect((await house.recordOf(lost.requestId)).state).toBe('COMPLETED')
  expect(house.owners()).toEqual(['A2 COMPLETED'])
})

test('cancel: OUTCOME_UNKNOWN while nobody knows, ALREADY_PAID of a COMPLETED one, NOT_FOUND for others', async () => {
  let down = false
  const fault = () => Promise.reject(new Error('down'))
  const house = await boxOffice({
    doors: {
      gateway: (gateway) => ({
        ...gateway,
        charge: (p) => (down ? fault() : gateway.charge(p)),
        find: (p) => (down ? fault() : gateway.find(p)),
        cancel: (p) => (down ? fault() : gateway.cancel(p)),
      }),
    },
  })
  const paid = await house.pay('v1', [1])
  await house.run(500)
  const cancel = (requestId: string, visitor: string) => code(house.payments.cancel({ requestId, visitor }))
  expect(await cancel(paid.requestId, 'v1')).toBe('ALREADY_PAID')
  down = true
  const unknown = await house.pay('v2', [2])
  await house.run(1_000)
  expect((await house.recordOf(unknown.requestId)).state).toBe('UNKNOWN')
  expect(await cancel(unknown.requestId, 'v2')).toBe('OUTCOME_UNKNOWN')
  expect(await cancel(unknown.requestId, 'v1')).toBe('NOT_FOUND')
  expect(await cancel('nobody', 'v1')).toBe('NOT_FOUND')
  expect(house.owners()).toEqual(['A1 COMPLETED', 'A2 PAYING'])
})

test('PAY8 PAY9: tok_timeout is asked, charged again until chargeUntil, then cancelled: FAILED within 75 s, never charged', async () => {
  const house = await boxOffice()
  const { requestId } = await house.pay('v1', [1], 'tok_timeout')
  await house.run(44_000)
  expect((await house.recordOf(requestId)).state).not.toBe('FAILED')
  expect(await house.map()).toBe('r...................')
  await house.run(31_000)
  expect(await house.recordOf(requestId)).toMatchObject({ state: 'FAILED', reason: 'TIMED_OUT' })
  expect(house.sandbox.ledger().map(({ type }) => type)).toEqual(['cancel'])
  expect(await house.map()).toBe('....................')
})

test('PAY9: an open charge is waited for until chargeUntil, then cancelled; only the confirmed cancel frees', async () => {
  let answers = 0
  const house = await boxOffice({
    doors: {
      gateway: (gateway) => ({
        ...gateway,
        charge: async () => ({ is: 'pending' }),
        find: async () => ({ is: 'pending' }),
        cancel: (p) => (answers++ < 2 ? Promise.resolve('unknown') : gateway.cancel(p)),
      }),
    },
  })
  const { requestId } = await house.pay('v1', [1])
  await house.run(44_000)
  expect(answers).toBe(0)
  expect(house.owners()).toEqual(['A1 PAYING'])
  while (answers < 2) await house.run(1_000)
  expect(house.owners()).toEqual(['A1 PAYING'])
  await house.run(60_000)
  expect(await house.recordOf(requestId)).toMatchObject({ state: 'FAILED', reason: 'TIMED_OUT' })
})

for (const token of ['tok_slow', 'tok_charged_then_timeout', 'tok_late', 'tok_duplicate'] as const) {
  test(`${token} ends COMPLETED within 75 s, charged once`, async () => {
    const house = await boxOffice()
    const { requestId } = await house.pay('v1', [1, 2], token)
    await house.run(20_000)
    expect((await house.recordOf(requestId)).state).toBe('COMPLETED')
    expect(house.net(requestId)).toBe(42_000)
    expect(await house.map()).toBe('cc..................')
    const history = await house.store.history({ requestId })
    expect(history.filter(({ to, from }) => to === 'COMPLETED' && from !== 'COMPLETED')).toHaveLength(1)
  })
}

test('an outcome nobody knows: NEEDS_REVIEW after 15 minutes, seats stay, asked every 60 s, decided when the gateway is back', async () => {
  let down = true
  let asked = 0
  const house = await boxOffice({
    doors: {
      gateway: (gateway) => ({
        ...gateway,
        charge: () => Promise.reject(new Error('down')),
        find: (p) => {
          asked++
          return down ? Promise.reject(new Error('down')) : gateway.find(p)
        },
      }),
    },
  })
  const { requestId } = await house.pay('v1', [1])
  await house.run(14 * 60_000)
  expect((await house.recordOf(requestId)).state).toBe('UNKNOWN')
  await house.run(2 * 60_000)
  expect((await house.recordOf(requestId)).state).toBe('NEEDS_REVIEW')
  expect(house.alerts).toContain('review')
  expect(house.owners()).toEqual(['A1 PAYING'])
  const before = asked
  await house.run(5 * 60_000)
  expect(asked - before).toBe(5)
  expect(await code(house.payments.cancel({ requestId, visitor: 'v1' }))).toBe('OUTCOME_UNKNOWN')
  await captureBehind(house, requestId, seatPrice)
  down = false
  await house.run(61_000)
  expect((await house.recordOf(requestId)).state).toBe('COMPLETED')
  expect(house.owners()).toEqual(['A1 COMPLETED'])
})

test('PAY10: a late success takes the same seats again', async () => {
  const house = await boxOffice({ consumer: false })
  const { requestId } = await house.pay('v1', [1, 2])
  await house.payments.cancel({ requestId, visitor: 'v1' })
  await captureBehind(house, requestId)
  expect(await hear(house, requestId, 'charge.succeeded')).toBe('settled')
  expect(await house.payments.status({ requestId, visitor: 'v1' })).toMatchObject({
    status: 'COMPLETED',
    refund: 'none',
  })
  expect(house.owners()).toEqual(['A1 COMPLETED', 'A2 COMPLETED'])
  expect(await house.map()).toBe('cc..................')
  expect(house.net()).toBe(42_000)
  expect((await house.bookings.list({ visitor: 'v1' })).items).toMatchObject([{ state: 'CONFIRMED' }])
})

test('PAY11: a late success without its seats is refunded exactly once, the message says so', async () => {
  const house = await boxOffice({ consumer: false })
  const { requestId } = await house.pay('v1', [1, 2])
  await house.payments.cancel({ requestId, visitor: 'v1' })
  await house.pay('v2', [2, 3])
  await captureBehind(house, requestId)
  expect(await hear(house, requestId, 'charge.succeeded')).toBe('settled')
  const status = await house.payments.status({ requestId, visitor: 'v1' })
  expect(status).toMatchObject({ status: 'FAILED', reason: 'SEATS_GONE', refund: 'PENDING' })
  expect(paymentText(status)).toContain('환불')
  expect(await hear(house, requestId, 'charge.succeeded')).toBe('repeated')
  await house.run(2_000)
  expect(await hear(house, requestId, 'charge.succeeded')).toBe('repeated')
  await house.run(2_000)
  expect(await house.payments.status({ requestId, visitor: 'v1' })).toMatchObject({ status: 'FAILED', refund: 'DONE' })
  expect(house.sandbox.ledger().filter(({ type }) => type === 'refund')).toHaveLength(1)
  expect(house.net(requestId)).toBe(0)
  expect(house.owners()).toEqual(['A2 PAYING', 'A3 PAYING'])
})

test('PAY12: a charge without a payment is parked, once, with an alert', async () => {
  const house = await boxOffice()
  expect(await hear(house, 'nobody', 'charge.succeeded')).toBe('parked')
  expect(await hear(house, 'nobody', 'charge.succeeded')).toBe('parked')
  const { requestId } = await house.pay('v1', [1])
  const foreign = { ...event(requestId, 'charge.succeeded'), key: 'another-key' }
  expect(await house.payments.settle({ requestId, event: foreign, source: 'webhook' })).toBe('parked')
  const letters = (await house.deadLetters.list({})).items
  expect(letters).toHaveLength(2)
  expect(letters[0]?.message).toMatchObject({ topic: 'webhook', data: { type: 'charge.succeeded', key: 'nobody' } })
  expect(house.alerts.filter((kind) => kind === 'park')).toHaveLength(3)
})

test('a forged success that the gateway does not confirm changes nothing', async () => {
  const house = await boxOffice({ consumer: false })
  const { requestId } = await house.pay('v1', [1])
  expect(await hear(house, requestId, 'charge.succeeded')).toBe('parked')
  expect((await house.recordOf(requestId)).state).toBe('REQUESTED')
})

test('PAY13: success again changes nothing: one transition, one completed message', async () => {
  const house = await boxOffice()
  const { requestId } = await house.pay('v1', [1, 2])
  await house.run(500)
  const before = await house.recordOf(requestId)
  expect(await hear(house, requestId, 'charge.succeeded')).toBe('repeated')
  expect({ ...(await house.recordOf(requestId)), storeTime: 0 }).toEqual({ ...before, storeTime: 0 })
  expect((await house.store.history({ requestId })).filter(({ to }) => to === 'COMPLETED')).toHaveLength(1)
})

test('PAY14 I17: a decline after COMPLETED is logged and ignored, the seat stays sold', async () => {
  const house = await boxOffice()
  const { requestId } = await house.pay('v1', [1, 2])
  await house.run(500)
  expect(await hear(house, requestId, 'charge.failed')).toBe('repeated')
  expect(await hear(house, requestId, 'charge.canceled')).toBe('repeated')
  expect(house.alerts).toEqual(['ignored', 'ignored'])
  expect(house.owners()).toEqual(['A1 COMPLETED', 'A2 COMPLETED'])
  expect((await house.payments.status({ requestId, visitor: 'v1' })).status).toBe('COMPLETED')
})

test('I4 I13: another amount than the price is refunded in full, FAILED, alert', async () => {
  const house = await boxOffice()
  const { requestId } = await house.pay('v1', [1], 'tok_wrong_amount')
  await house.run(3_000)
  const record = await house.recordOf(requestId)
  expect(record).toMatchObject({ state: 'FAILED', reason: 'AMOUNT_DIFFERS', refund: 'DONE' })
  expect(house.net()).toBe(0)
  expect(house.alerts).toContain('fail-and-refund')
  expect(house.owners()).toEqual([])
})

test('reservations: mine only, newest first; cancel refunds first and then frees the seats', async () => {
  const house = await boxOffice()
  const first = await house.pay('v1', [1, 2])
  await house.run(500)
  const { reservationId } = await house.payments.status({ requestId: first.requestId, visitor: 'v1' })
  const id = reservationId!
  expect(await house.bookings.get({ reservationId: id, visitor: 'v1' })).toMatchObject({
    reservationId: id,
    requestId: first.requestId,
    state: 'CONFIRMED',
    amount: { value: 42_000, currency: 'KRW' },
    refund: 'none',
  })
  expect(await code(house.bookings.get({ reservationId: id, visitor: 'v2' }))).toBe('NOT_FOUND')
  expect(await code(house.bookings.cancel({ reservationId: id, visitor: 'v2' }))).toBe('NOT_FOUND')
  expect((await house.bookings.list({ visitor: 'v2' })).items).toEqual([])
  expect(await house.bookings.cancel({ reservationId: id, visitor: 'v1' })).toMatchObject({
    state: 'CANCELLED',
    refund: 'DONE',
  })
  expect(house.owners()).toEqual([])
  expect(await house.map()).toBe('....................')
  expect(house.net()).toBe(0)
  expect(await house.bookings.cancel({ reservationId: id, visitor: 'v1' })).toMatchObject({ state: 'CANCELLED' })
  expect(await house.payments.status({ requestId: first.requestId, visitor: 'v1' })).toMatchObject({
    status: 'COMPLETED',
    refund: 'DONE',
  })
})

test('I4: any number of parallel cancels refunds once', async () => {
  const house = await boxOffice()
  const { requestId } = await house.pay('v1', [1, 2])
  await house.run(500)
  const { reservationId } = await house.recordOf(requestId)
  const cancels = await Promise.all(
    Array.from({ length: 25 }, (_, i) =>
      house.bookings.cancel({ reservationId, ...(i % 2 ? { visitor: 'v1' } : { by: 'operator' }) }),
    ),
  )
  expect(cancels.every(({ refund }) => refund === 'DONE' || refund === 'PENDING')).toBe(true)
  await house.run(5_000)
  expect(house.sandbox.ledger().filter(({ type }) => type === 'refund')).toHaveLength(1)
  expect(house.net()).toBe(0)
  expect(house.owners()).toEqual([])
  const audited = (await house.catalogue.audit({})).items.filter(({ action }) => action === 'refund')
  expect(audited.length).toBeLessThanOrEqual(1)
  const history = await house.store.history({ requestId })
  expect(history.filter(({ event }) => event === 'refund-pending')).toHaveLength(1)
})

test('I5: an operator’s refund whose answer is lost is audited, once', async () => {
  let lost = 0
  const house = await boxOffice({
    doors: {
      bookingStore: (store) => ({
        ...store,
        advance: async (p) => {
          const replies = await store.advance(p)
          if (lost > 0 && lost--) throw new Error('connection lost at COMMIT')
          return replies
        },
      }),
    },
  })
  const { requestId } = await house.pay('v1', [1])
  await house.run(500)
  const { reservationId } = await house.recordOf(requestId)
  const audited = async () => (await house.catalogue.audit({})).items.filter(({ action }) => action === 'refund').length
  lost = 1
  await expect(house.bookings.cancel({ reservationId })).rejects.toThrow('connection lost')
  expect([await audited(), (await house.recordOf(requestId)).refund]).toEqual([1, 'PENDING'])
  await house.bookings.cancel({ reservationId })
  expect([await audited(), (await house.recordOf(requestId)).refund]).toEqual([1, 'DONE'])
})

test('an operator’s refund is audited', async () => {
  const house = await boxOffice()
  const { requestId } = await house.pay('v1', [1])
  await house.run(500)
  const { reservationId } = await house.recordOf(requestId)
  for (const by of [{}, 7, '', 'a b', null])
    expect(await code(house.bookings.cancel({ reservationId, by } as never))).toBe('INVALID')
  await house.bookings.cancel({ reservationId, by: 'kim' })
  const [note] = (await house.catalogue.audit({})).items.filter(({ action }) => action === 'refund')
  expect(note).toMatchObject({ by: 'kim', subject: reservationId, detail: { amount: 21_000, currency: 'KRW' } })
})

test('I3: the seats of a refund that is not DONE stay sold; it goes on by itself', async () => {
  let down = true
  const house = await boxOffice({
    doors: {
      gateway: (gateway) => ({
        ...gateway,
        refund: (p) => (down ? Promise.reject(new Error('down')) : gateway.refund(p)),
      }),
    },
  })
  const { requestId } = await house.pay('v1', [1])
  await house.run(500)
  const { reservationId } = await house.recordOf(requestId)
  expect(await house.bookings.cancel({ reservationId, visitor: 'v1' })).toMatchObject({
    state: 'REFUNDING',
    refund: 'PENDING',
  })
  await house.run(60_000)
  expect(house.owners()).toEqual(['A1 COMPLETED'])
  expect(await house.map()).toBe('c...................')
  down = false
  await house.run(31_000)
  expect(await house.bookings.get({ reservationId, visitor: 'v1' })).toMatchObject({
    state: 'CANCELLED',
    refund: 'DONE',
  })
  expect(await house.map()).toBe('....................')
  expect(house.net()).toBe(0)
})

test('a refund the gateway refuses is ERROR with an alert, the booking stands, and cancel tries again', async () => {
  let refuse = true
  const house = await boxOffice({
    doors: {
      gateway: (gateway) => ({
        ...gateway,
        refund: (p) => (refuse ? Promise.resolve({ is: 'declined', reason: 'too old' }) : gateway.refund(p)),
      }),
    },
  })
  const { requestId } = await house.pay('v1', [1])
  await house.run(500)
  const { reservationId } = await house.recordOf(requestId)
  expect(await house.bookings.cancel({ reservationId, visitor: 'v1' })).toMatchObject({
    state: 'CONFIRMED',
    refund: 'ERROR',
  })
  expect(house.alerts).toContain('refund-refused')
  expect(house.owners()).toEqual(['A1 COMPLETED'])
  refuse = false
  expect(await house.bookings.cancel({ reservationId, visitor: 'v1' })).toMatchObject({
    state: 'CANCELLED',
    refund: 'DONE',
  })
  expect(house.owners()).toEqual([])
})

test('I2: money without a booking is asked back until the gateway gives it, however often it refuses', async () => {
  let refuse = true
  const house = await boxOffice({
    doors: {
      gateway: (gateway) => ({
        ...gateway,
        refund: (p) => (refuse ? Promise.resolve({ is: 'declined', reason: 'not today' }) : gateway.refund(p)),
      }),
    },
  })
  const { requestId } = await house.pay('v1', [1], 'tok_wrong_amount')
  await house.run(1_000)
  expect(await house.recordOf(requestId)).toMatchObject({ state: 'FAILED', refund: 'PENDING' })
  expect(house.alerts).toContain('refund-refused')
  await house.run(70_000)
  expect(await house.recordOf(requestId)).toMatchObject({ state: 'FAILED', refund: 'PENDING' })
  refuse = false
  await house.run(70_000)
  expect(await house.recordOf(requestId)).toMatchObject({ state: 'FAILED', refund: 'DONE' })
  expect(house.net()).toBe(0)
})

test('watch: every change once, the present first, ending with the final state', async () => {
  const house = await boxOffice()
  const { requestId } = await house.pay('v1', [1], 'tok_slow')
  const seen: string[] = []
  const watching = (async () => {
    for await (const { status, version } of house.payments.watch({ requestId, visitor: 'v1' }))
      seen.push(`${version} ${status}`)
  })()
  await house.run(5_000)
  await watching
  expect(seen).toEqual(['1 PENDING', '2 PENDING', '3 COMPLETED'])
})

test('watch ends when its signal aborts, and is NOT_FOUND for others', async () => {
  const house = await boxOffice({ consumer: false })
  const { requestId } = await house.pay('v1', [1])
  const controller = new AbortController()
  let count = 0
  const watching = (async () => {
    for await (const _ of house.payments.watch({ requestId, signal: controller.signal })) count++
  })()
  await house.runtime.elapse(5_000)
  controller.abort()
  await watching
  expect(count).toBe(1)
  const foreign = house.payments.watch({ requestId, visitor: 'v2' })[Symbol.asyncIterator]()
  expect(await code(foreign.next())).toBe('NOT_FOUND')
})

test('status: owner only; a view that is down or forgot is made up for by the record', async () => {
  let down = false
  const house = await boxOffice({
    doors: {
      paymentView: (view) => ({ ...view, get: (p) => (down ? Promise.reject(new Error('down')) : view.get(p)) }),
    },
  })
  const { requestId } = await house.pay('v1', [1])
  expect(await code(house.payments.status({ requestId, visitor: 'v2' }))).toBe('NOT_FOUND')
  await house.run(500)
  down = true
  expect((await house.payments.status({ requestId, visitor: 'v1' })).status).toBe('COMPLETED')
  expect(await code(house.payments.status({ requestId, visitor: 'v2' }))).toBe('NOT_FOUND')
})

test('status: reads of one turn travel as one, a final state needs no record', async () => {
  const finds: number[] = []
  const house = await boxOffice({
    consumer: false,
    doors: {
      bookingStore: (store) => ({
        ...store,
        find: (p) => {
          finds.push(p.keys.length)
          return store.find(p)
        },
      }),
    },
  })
  const pending = await house.pay('v1', [1])
  const failed = await house.pay('v2', [2])
  await house.payments.cancel({ requestId: failed.requestId, visitor: 'v2' })
  finds.length = 0
  const ask = (requestId: string, visitor: string) => house.payments.status({ requestId, visitor })
  await Promise.all(Array.from({ length: 50 }, () => ask(pending.requestId, 'v1')))
  expect(finds).toEqual([50])
  await ask(failed.requestId, 'v2')
  expect(finds).toEqual([50])
})

test('I6: every history follows the table', async () => {
  const house = await boxOffice()
  const tokens = ['tok_approve', 'tok_decline', 'tok_slow', 'tok_timeout', 'tok_late', 'tok_wrong_amount'] as const
  for (const [i, token] of tokens.entries()) await house.pay(`v${i}`, [i + 1], token)
  await house.run(75_000)
  const allowed = allowedTransitions()
  for (const { requestId } of (await house.store.list({})).items) {
    const history = await house.store.history({ requestId })
    expect(history.map(({ version }) => version)).toEqual(history.map((_, i) => i + 1))
    expect(history[0]).toMatchObject({ from: null, to: 'REQUESTED' })
    for (const { from, to } of history.slice(1)) expect(allowed).toContain(`${from}→${to}`)
    expect(['COMPLETED', 'FAILED']).toContain(history.at(-1)?.to)
  }
})

const bad: unknown[] = [undefined, null, '', 0, -1, Number.NaN, 1e99, [], {}, 'x'.repeat(5_000), 'a\nb', '__proto__']

test('bad input is one typed error and changes nothing', async () => {
  const house = await boxOffice()
  const hold = await house.hold('v1', 1)
  const good = { pass: house.pass('v1'), hold, buyer, paymentToken: 'tok_approve', idempotencyKey: 'k' }
  const codes = new Set([
    'INVALID',
    'IDEMPOTENCY_KEY_REQUIRED',
    'PASS_REQUIRED',
    'HOLD_EXPIRED',
    'AMOUNT_MISMATCH',
    'NOT_FOUND',
  ])
  const request = (more: object) => code(house.payments.request({ ...good, ...more } as never))
  for (const value of bad) {
    for (const field of ['hold', 'pass', 'paymentToken', 'buyer', 'idempotencyKey']) {
      if ((field === 'paymentToken' || field === 'idempotencyKey') && value === '__proto__') continue
      expect(codes, `${field} ${String(value)}`).toContain(await request({ [field]: value }))
    }
    if (value !== undefined) expect(codes).toContain(await request({ amount: value }))
    for (const field of ['email', 'name', 'locale']) {
      if (field !== 'email' && (value === undefined || value === '__proto__')) continue
      expect(await request({ buyer: { ...buyer, [field]: value } }), field).toBe('INVALID')
    }
    expect(codes).toContain(await code(house.payments.status({ requestId: value, visitor: value } as never)))
    expect(codes).toContain(await code(house.payments.cancel({ requestId: value, visitor: 'v1' } as never)))
    expect(codes).toContain(await code(house.bookings.get({ reservationId: value } as never)))
    expect(codes).toContain(await code(house.bookings.cancel({ reservationId: value } as never)))
    const settle = (event: unknown) => house.payments.settle({ requestId: 'r1', source: 'webhook', event } as never)
    expect(await code(settle(value))).toBe('INVALID')
    if (value !== undefined)
      expect(await code(settle({ ...event('r1', 'charge.failed'), amount: value }))).toBe('INVALID')
  }
  expect(await request({ idempotencyKey: undefined })).toBe('IDEMPOTENCY_KEY_REQUIRED')
  expect(await request({ buyer: { email: 'a@b, c@d' } })).toBe('INVALID')
  expect((await house.store.list({})).items).toEqual([])
  expect(await house.map()).toBe('r...................')
})
