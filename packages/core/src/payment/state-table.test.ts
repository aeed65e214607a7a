import { expect, test } from 'vitest'
import { allowedTransitions, type Decision, decide, type PaymentEvent, type PaymentFacts } from './decide.ts'
import { checkCharge, paymentStates, paymentTimes } from './payment.ts'
import {
  type CaseId,
  renderStateTable,
  stateTable,
  type TableEvent,
  type TableRow,
  tableEvents,
  tableRows,
} from './state-table.ts'

const price = { value: 42_000, currency: 'KRW' }
const charge = checkCharge({ key: 'r1', asked: price, taken: price })!
const t0 = 1_800_000_000_000

const facts = (state: TableRow, more: Partial<PaymentFacts> = {}): PaymentFacts => ({
  state,
  refund: 'none',
  createdAt: t0,
  chargeUntil: t0 + paymentTimes.chargeWithinMs,
  attempts: 0,
  ...more,
})

const eventOf = (is: TableEvent): PaymentEvent => {
  if (is === 'charged') return { is, charge }
  if (is === 'declined') return { is, reason: 'card_declined' }
  return is === 'other-amount' ? { is, taken: { value: 1, currency: 'USD' } } : { is }
}

const at = (row: TableRow, is: TableEvent, now = t0, more: Partial<PaymentFacts> = {}): Decision =>
  decide(facts(row, more), eventOf(is), now)

const pending = ['REQUESTED', 'CHARGING', 'UNKNOWN', 'NEEDS_REVIEW'] as const
const early = t0 + 1_000
const afterCharge = t0 + paymentTimes.chargeWithinMs
const afterReview = t0 + paymentTimes.reviewAfterMs

for (const row of tableRows) {
  for (const event of tableEvents) {
    test(`the table and decide agree on ${row} × ${event}`, () => {
      const cell = stateTable[row][event]
      expect(at(row, event, early).do).toBe(cell.do)
      expect(at(row, event, afterReview).do).toBe(cell.after ?? cell.do)
      expect(at(row, event).cases).toEqual(cell.cases ?? [])
    })
  }
}

test('every cell that moves a payment moves it as the rule says', () => {
  const moves = pending.flatMap((row) =>
    tableEvents.map((event) => [`${row} ${event}`, at(row, event, early).change] as const),
  )
  const to = Object.fromEntries(moves.filter(([, change]) => change).map(([name, change]) => [name, change!.to]))
  expect(to).toEqual({
    'REQUESTED charged': 'COMPLETED',
    'REQUESTED declined': 'FAILED',
    'REQUESTED unknown': 'CHARGING',
    'REQUESTED cancel': 'FAILED',
    'REQUESTED not-found': 'CHARGING',
    'REQUESTED other-amount': 'FAILED',
    'REQUESTED still-open': 'UNKNOWN',
    'REQUESTED wake': 'CHARGING',
    'CHARGING charged': 'COMPLETED',
    'CHARGING declined': 'FAILED',
    'CHARGING unknown': 'UNKNOWN',
    'CHARGING not-found': 'CHARGING',
    'CHARGING other-amount': 'FAILED',
    'CHARGING still-open': 'CHARGING',
    'UNKNOWN charged': 'COMPLETED',
    'UNKNOWN declined': 'FAILED',
    'UNKNOWN unknown': 'UNKNOWN',
    'UNKNOWN not-found': 'CHARGING',
    'UNKNOWN other-amount': 'FAILED',
    'UNKNOWN still-open': 'UNKNOWN',
    'NEEDS_REVIEW charged': 'COMPLETED',
    'NEEDS_REVIEW declined': 'FAILED',
    'NEEDS_REVIEW unknown': 'NEEDS_REVIEW',
    'NEEDS_REVIEW other-amount': 'FAILED',
  })
})

test('every PAY id stands in the table', () => {
  const ids = new Set(tableRows.flatMap((row) => tableEvents.flatMap((event) => stateTable[row][event].cases ?? [])))
  const all = Array.from({ length: 14 }, (_, i) => `PAY${i + 1}` as CaseId)
  expect([...ids].sort()).toEqual(all.sort())
})

test('seats are freed only by FAILED and sold only by COMPLETED', () => {
  for (const row of paymentStates) {
    for (const event of tableEvents) {
      for (const now of [early, afterCharge, afterReview]) {
        const { change, otherwise } = at(row, event, now)
        for (const made of [change, otherwise]) {
          if (made?.claims === 'free') expect(made.to).toBe('FAILED')
          if (made?.claims === 'sell' || made?.claims === 'retake') expect(made.to).toBe('COMPLETED')
          if (made?.to === 'COMPLETED') expect(['sell', 'retake']).toContain(made.claims)
        }
      }
    }
  }
})

test('PAY1: a refused hold makes no row', () => {
  expect(at('NO_HOLD', 'new-key')).toMatchObject({ do: 'refuse-hold', change: null, refuse: 'HOLD_EXPIRED' })
  expect(at('NO_PAYMENT', 'new-key').change).toMatchObject({ to: 'REQUESTED', dueInMs: paymentTimes.leaseMs })
})

test('PAY2: a running payment answers a new key with itself, PAY3 a repeat with its state, PAY4 another body is refused', () => {
  for (const row of pending) {
    expect(at(row, 'new-key').refuse).toBe('PAYMENT_IN_PROGRESS')
    expect(at(row, 'same-body')).toMatchObject({ do: 'replay', change: null, refuse: null })
    expect(at(row, 'other-body').refuse).toBe('IDEMPOTENCY_KEY_REUSED')
  }
})

test('PAY5: REQUESTED and unknown charges with the same key, until chargeUntil', () => {
  expect(at('REQUESTED', 'unknown', early).gateway).toBe('charge')
  expect(at('REQUESTED', 'unknown', afterCharge)).toMatchObject({ gateway: null, change: { to: 'UNKNOWN' } })
})

test('PAY6: cancel of REQUESTED frees the seats and never calls the gateway', () => {
  const decision = at('REQUESTED', 'cancel')
  expect(decision).toMatchObject({ change: { to: 'FAILED', claims: 'free', reason: 'CANCELLED' }, gateway: null })
})

test('PAY7: declined fails with the reason of the gateway', () => {
  expect(at('CHARGING', 'declined').change).toMatchObject({ to: 'FAILED', claims: 'free', reason: 'card_declined' })
})

test('PAY8: pauses double to a cap, and end at chargeUntil', () => {
  const pause = (attempts: number, now = afterCharge) => at('CHARGING', 'unknown', now, { attempts }).change!.dueInMs
  expect([0, 1, 2, 3, 4, 5, 60].map((n) => pause(n))).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  expect(pause(5, afterCharge - 700)).toBe(700)
  expect(at('CHARGING', 'unknown', early, { attempts: 3 }).change).toMatchObject({ to: 'UNKNOWN', attempts: 4 })
})

test('PAY9: a due CHARGING asks; still open waits until chargeUntil and is cancelled after; only the answer frees', () => {
  expect(at('CHARGING', 'due')).toMatchObject({ gateway: 'ask', change: null })
  expect(at('CHARGING', 'still-open', early)).toMatchObject({
    gateway: null,
    change: { to: 'CHARGING', claims: 'keep' },
  })
  expect(at('CHARGING', 'still-open', afterCharge)).toMatchObject({ gateway: 'cancel', change: null })
  expect(at('CHARGING', 'not-found', early).gateway).toBe('charge')
  expect(at('CHARGING', 'not-found', afterCharge)).toMatchObject({ gateway: 'cancel', change: null })
})

test('UNKNOWN becomes NEEDS_REVIEW after 15 minutes with an alert, and is then asked every 60 s', () => {
  expect(at('UNKNOWN', 'unknown', afterReview - 1)).toMatchObject({ change: { to: 'UNKNOWN' }, alert: false })
  const review = at('UNKNOWN', 'unknown', afterReview)
  expect(review).toMatchObject({ change: { to: 'NEEDS_REVIEW', claims: 'keep', dueInMs: 60_000 }, alert: true })
  expect(at('NEEDS_REVIEW', 'unknown', afterReview).change).toMatchObject({ to: 'NEEDS_REVIEW', dueInMs: 60_000 })
  for (const row of ['UNKNOWN', 'NEEDS_REVIEW'] as const) expect(at(row, 'cancel').refuse).toBe('OUTCOME_UNKNOWN')
})

test('PAY10: a late success retakes the seats; PAY11: or refunds, once', () => {
  const late = at('FAILED', 'charged')
  expect(late.change).toMatchObject({ to: 'COMPLETED', claims: 'retake' })
  expect(late.otherwise).toMatchObject({ to: 'FAILED', claims: 'keep', refund: 'PENDING', reason: 'SEATS_GONE' })
  for (const refund of ['PENDING', 'DONE', 'ERROR'] as const) {
    expect(at('FAILED', 'charged', t0, { refund })).toMatchObject({ change: null, otherwise: null })
    expect(at('FAILED', 'other-amount', t0, { refund }).change).toBeNull()
  }
})

test('PAY12: a charge without a payment is parked with an alert', () => {
  for (const row of ['NO_PAYMENT', 'NO_HOLD'] as const) {
    expect(at(row, 'charged')).toMatchObject({ do: 'park', alert: true, change: null })
  }
})

test('PAY13, PAY14: nothing moves a COMPLETED payment', () => {
  for (const event of tableEvents) expect(at('COMPLETED', event).change).toBeNull()
  expect(at('COMPLETED', 'declined').alert).toBe(true)
  expect(at('COMPLETED', 'charged').alert).toBe(false)
  expect(at('COMPLETED', 'cancel').refuse).toBe('ALREADY_PAID')
})

test('another amount or currency is refunded in full and fails', () => {
  for (const row of pending) {
    const decision = at(row, 'other-amount')
    expect(decision).toMatchObject({ alert: true, change: { to: 'FAILED', claims: 'free', refund: 'PENDING' } })
  }
  expect(checkCharge({ key: 'r1', asked: price, taken: { value: 42_000, currency: 'USD' } })).toBeNull()
  expect(checkCharge({ key: 'r1', asked: price, taken: { value: 41_999, currency: 'KRW' } })).toBeNull()
})

test('I6: COMPLETED is final, FAILED is left only for COMPLETED', () => {
  const allowed = [...allowedTransitions()]
  expect(allowed.filter((move) => move.startsWith('COMPLETED'))).toEqual(['COMPLETED→COMPLETED'])
  expect(allowed.filter((move) => move.startsWith('FAILED')).sort()).toEqual(['FAILED→COMPLETED', 'FAILED→FAILED'])
  expect(allowed).not.toContain('CHARGING→REQUESTED')
})

test('the docs table has every row and column', () => {
  const lines = renderStateTable().split('\n')
  expect(lines).toHaveLength(2 + tableRows.length)
  for (const line of lines) expect(line.split(' | ')).toHaveLength(1 + tableEvents.length)
  for (let i = 1; i <= 14; i++) expect(renderStateTable()).toMatch(new RegExp(`PAY${i}\\b`))
})
