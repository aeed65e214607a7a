import type { LineCounts } from '@b-ticketing/core'
import { describe, expect, test } from 'vitest'
import { look, newLineWatch } from '../line-watch.ts'
import { audit, passed, reportLines } from './audit.ts'
import { soundEvidence } from './evidence.test-support.ts'
import type { Evidence, Finding } from './evidence.ts'

/** What is different from the evidence it is given. */
type Doctor = (evidence: Evidence) => Partial<Evidence>

function doctored(doctor: Doctor): readonly Finding[] {
  const sound = soundEvidence()
  return audit({ ...sound, ...doctor(sound) })
}

const found = (findings: readonly Finding[], id: string): Finding => findings.find((finding) => finding.id === id)!

describe('sound books', () => {
  test('every promise is kept, and has looked at something', () => {
    const findings = audit(soundEvidence())
    expect(findings.filter(({ offenders }) => offenders.length > 0)).toEqual([])
    expect(findings.filter(({ count }) => count === 0)).toEqual([])
    expect(passed(findings)).toBe(true)
    expect(reportLines(findings).at(-1)).toBe('0 oversold, 0 lost, books balance')
  })
})

type Row = Evidence['store']['payments'][number]
const [p1, p2] = ['p1', 'p2'] as const

const withStore = ({ store }: Evidence, change: Partial<Evidence['store']>): Partial<Evidence> => ({
  store: { ...store, ...change },
})
const withPayment = (evidence: Evidence, requestId: string, change: Partial<Row>): Partial<Evidence> =>
  withStore(evidence, {
    payments: evidence.store.payments.map((row) => (row.requestId === requestId ? { ...row, ...change } : row)),
  })
type History = Evidence['store']['histories'][number]
const withHistory = (evidence: Evidence, requestId: string, change: (rows: History) => History): Partial<Evidence> =>
  withStore(evidence, {
    histories: evidence.store.histories.map((rows) => (rows[0]?.requestId === requestId ? change(rows) : rows)),
  })
const withClaim = (evidence: Evidence, claim: Partial<Evidence['store']['claims'][number]>): Partial<Evidence> =>
  withStore(evidence, { claims: [...evidence.store.claims, { ...evidence.store.claims[0]!, ...claim }] })
const withShown = ({ shown }: Evidence, seats: Partial<Evidence['shown']['seats']>): Partial<Evidence> => ({
  shown: { ...shown, seats: { ...shown.seats, ...seats } },
})
const withCrowd = ({ crowd }: Evidence, change: Partial<Evidence['crowd']>): Partial<Evidence> => ({
  crowd: { ...crowd, ...change },
})
const withCodes = ({ redis }: Evidence, ...codes: readonly number[]): Partial<Evidence> => ({
  redis: { ...redis!, sections: new Map([['A', codes]]) },
})
const withShownSeat = ({ redis }: Evidence, seatId: string, status: string): Partial<Evidence> => ({
  redis: { ...redis!, shown: new Map([...redis!.shown, [seatId, status]]) },
})
/** One more look at the line, with these counts. */
const withTick = (evidence: Evidence, counts: Partial<LineCounts>, capacity: number | null): Partial<Evidence> => {
  const line = structuredClone(evidence.store.line)
  look({ counts: { ...line.last!, ...counts }, capacity }, line)
  return withStore(evidence, { line })
}

/** Id of the check · what is wrong · how it is made wrong · what the check must name. */
const teeth: readonly (readonly [string, string, Doctor, string])[] = [
  [
    'I1',
    'a seat in two bookings',
    (e) => {
      const hold = { ...e.store.payments[1]!.hold, parts: [{ section: 'A', seats: [1] }] }
      return withPayment(e, p2, { hold })
    },
    'game-1/A/1',
  ],
  ['I1', 'a seat claimed twice', (e) => withClaim(e, {}), 'game-1/A/0'],
  ['I1', 'a booking without its claim', (e) => withStore(e, { claims: e.store.claims.slice(1) }), 'game-1/A/0'],
  ['I1', 'a claim of nobody', (e) => withClaim(e, { seat: 4, requestId: 'ghost' }), 'game-1/A/4'],
  ['I2', 'paid, and failed without a refund', (e) => withPayment(e, p1, { state: 'FAILED' }), 'p1'],
  [
    'I2',
    'paid for two seats, booked one',
    (e) => {
      const booking = e.store.payments[0]!.booking!
      return withPayment(e, p1, { booking: { ...booking, seats: booking.seats.slice(1) } })
    },
    'p1',
  ],
  ['I2', 'a refund that is missing', (e) => ({ ledger: e.ledger.slice(0, -1) }), 'p4'],
  ['I3', 'a failed payment that keeps its seat', (e) => withClaim(e, { seat: 3, requestId: 'p3' }), 'p3'],
  ['I3', 'a payment that is still open', (e) => withPayment(e, 'p3', { state: 'UNKNOWN' }), 'p3'],
  [
    'I3',
    'a hold without a deadline',
    (e) =>
      withStore(e, {
        holds: e.store.holds.map((row) => ({ ...row, hold: { ...row.hold!, expiresAt: Number.POSITIVE_INFINITY } })),
      }),
    'hold-5',
  ],
  [
    'I3',
    'a seat that stays RESERVED after the deadline',
    (e) => withShown(e, { reserved: 1, available: 1 }),
    '1 seats shown RESERVED',
  ],
  ['S3', 'a seat sold that is free in Redis', (e) => withCodes(e, 2, 0, 2, 0, 0, 3), 'A/1: code 0'],
  ['S3', 'a seat sold in Redis alone', (e) => withCodes(e, 2, 2, 2, 2, 0, 3), 'A/3: code 2'],
  ['S3', 'a hold that is over and still RESERVED', (e) => withCodes(e, 2, 2, 2, 0, 1, 3), 'A/4: code 1'],
  ['S3', 'a block that Redis forgot', (e) => withCodes(e, 2, 2, 2, 0, 0, 0), 'A/5: code 0'],
  ['S3', 'a seat that Redis does not have', (e) => withCodes(e, 2, 2, 2, 0, 0), 'A/5: not in Redis'],
  ['S4', 'a seat shown as sold that is not', (e) => withShownSeat(e, 'A-1-4', 'COMPLETED'), 'A-1-4'],
  ['S4', 'a seat sold and not shown so', (e) => withShownSeat(e, 'A-1-1', 'RESERVED'), 'A-1-1'],
  ['I4', 'two captures', (e) => ({ ledger: [...e.ledger, e.ledger[0]!] }), 'p1: 2 captures'],
  [
    'I4',
    'a capture of a failed payment',
    (e) => ({ ledger: [...e.ledger, { ...e.ledger[3]!, requestId: 'p3' }] }),
    'p3',
  ],
  [
    'I5',
    'money of a payment nobody knows',
    (e) => ({ ledger: [...e.ledger, { ...e.ledger[0]!, requestId: 'lost' }] }),
    'lost',
  ],
  ['I5', 'a booking nobody paid', (e) => ({ ledger: e.ledger.slice(1) }), 'p1'],
  [
    'I6',
    'a step the table does not know',
    (e) => withHistory(e, 'p3', (rows) => [rows[0]!, rows[1]!, { ...rows[2]!, from: 'COMPLETED' }]),
    'p3',
  ],
  [
    'I6',
    'a version left out',
    (e) => withHistory(e, p1, (rows) => [rows[0]!, { ...rows[2]!, from: 'REQUESTED' }]),
    'p1',
  ],
  [
    'I6',
    'COMPLETED that became FAILED',
    (e) => {
      const taken = withHistory(e, p1, (rows) => [
        ...rows,
        { ...rows[2]!, version: 4, from: 'COMPLETED', to: 'FAILED' },
      ])
      return withPayment({ ...e, ...taken }, p1, { state: 'FAILED', version: 4 })
    },
    'p1: COMPLETED → FAILED',
  ],
  ['I6', 'a row that its history does not lead to', (e) => withPayment(e, p1, { version: 7 }), 'p1'],
  [
    'I7',
    'a claim of an older version',
    (e) =>
      withStore(e, {
        claims: e.store.claims.map((claim) => (claim.seat === 2 ? { ...claim, recordVersion: 3 } : claim)),
      }),
    'game-1/A/2 of p2',
  ],
  [
    'I7',
    'a claim held by somebody else',
    (e) =>
      withStore(e, {
        claims: e.store.claims.map((claim) => (claim.seat === 2 ? { ...claim, holder: 'thief' } : claim)),
      }),
    'game-1/A/2 of p2',
  ],
  ['I9', 'a number given twice', (e) => withCrowd(e, { numbers: [1, 2, 3, 4, 4] }), 'number 4'],
  [
    'I9',
    'more inside than the capacity',
    (e) => withTick(e, { offered: 3, active: 2, left: 0, expired: 0 }, 4),
    '3 offered + 2 active > 4',
  ],
  [
    'I10',
    'somebody without a pass was let in',
    (e) => withCrowd(e, { pushes: { refused: 1, letIn: ['fan-7 with nothing: 201'] } }),
    'fan-7',
  ],
  ['I11', 'an event that waits', (e) => withStore(e, { outbox: ['p1-payment-completed'] }), 'p1-payment-completed'],
  [
    'I11',
    'an event nobody took in',
    (e) => withStore(e, { inbox: e.store.inbox.slice(0, -1) }),
    'p2-payment-completed',
  ],
  ['I11', 'a dead letter', (e) => withStore(e, { deadLetters: ['orphan-1'] }), 'orphan-1'],
  ['I12', 'a booking without a mail', (e) => ({ mails: e.mails.slice(1) }), 'res-p1'],
  [
    'I12',
    'a mail without a booking',
    (e) => ({ mails: [...e.mails, { ...e.mails[0]!, messageId: '<res-p3.payment-completed@b-ticketing>' }] }),
    'res-p3',
  ],
  [
    'I12',
    'a mail to somebody else',
    (e) => ({ mails: [{ ...e.mails[0]!, to: 'x@fans.example' }, e.mails[1]!] }),
    'x@fans.example',
  ],
  [
    'I12',
    'a mail with another amount',
    (e) => ({ mails: [{ ...e.mails[0]!, text: '금액=1' }, e.mails[1]!] }),
    'res-p1',
  ],
  ['I13', 'a price of one’s own', (e) => withPayment(e, p2, { amount: { value: 1, currency: 'KRW' } }), 'p2: 1 KRW'],
  [
    'I13',
    'a price in another currency',
    (e) => withPayment(e, p2, { amount: { value: 9_000, currency: 'USD' } }),
    'p2: 9000 USD',
  ],
  [
    'I13',
    'a capture of another amount',
    (e) => ({
      ledger: e.ledger.map((line, i) => (i === 0 ? { ...line, amount: { ...line.amount, value: 18_001 } } : line)),
    }),
    'capture of p1: 18001',
  ],
  ['I14', 'a seat outside of the venue', (e) => withClaim(e, { seat: 77 }), 'A/77'],
  ['I14', 'seats that do not add up', (e) => withShown(e, { available: 3 }), '7, but the record says 6'],
  [
    'I14',
    'a seat shown as free that is sold',
    (e) => withShown(e, { available: 3, completed: 2 }),
    'COMPLETED shown: 2',
  ],
  [
    'I14',
    'a seat blocked behind the record’s back',
    (e) => withShown(e, { available: 1, blocked: 2 }),
    'BLOCKED shown: 2',
  ],
  [
    'I15',
    'another answer to the same request',
    (e) => withCrowd(e, { repeats: { asked: 4, differed: ['POST /payments of fan-3'] } }),
    'fan-3',
  ],
  ['I17', 'a COMPLETED that was taken back', (e) => withPayment(e, p1, { state: 'FAILED' }), 'p1'],
  [
    'I17',
    'other seats than the fan was shown',
    (e) => {
      const booking = e.store.payments[1]!.booking!
      return withPayment(e, p2, { booking: { ...booking, seats: [{ ...booking.seats[0]!, seatId: 'A-1-5' }] } })
    },
    'p2',
  ],
  [
    'I17',
    'a receipt nobody knows',
    (e) => withCrowd(e, { receipts: new Map([['p9', e.crowd.receipts.get('p1')!]]) }),
    'p9',
  ],
  ['W16', 'a visitor who got lost in the books', (e) => withTick(e, { left: 2 }, null), '5 joined, 4 accounted for'],
  [
    'W16',
    'a fan who was given a number and never joined',
    (e) => withCrowd(e, { numbers: [1, 2, 3, 4, 5, 6] }),
    '6 fans were given a number',
  ],
  [
    'books',
    'a refund without a reason',
    (e) => ({ ledger: [...e.ledger, { ...e.ledger[4]!, requestId: 'p1' }] }),
    'the gateway kept 18000 KRW, the bookings are worth 27000',
  ],
  ['http', 'a 5xx', (e) => ({ http: { ...e.http, failures: ['GET /queue/status: 500'] } }), '500'],
  ['http', 'an answer outside of the contract', (e) => withCrowd(e, { surprises: ['fan-1, seats: 418'] }), '418'],
  ['http', 'an error in the server’s log', () => ({ complaints: ['{"level":50}'] }), 'level'],
]

describe('teeth', () => {
  test.each(teeth)('%s: %s', (id, _what, change, named) => {
    const findings = doctored(change)
    expect(found(findings, id).offenders.join('\n')).toContain(named)
    expect(passed(findings)).toBe(false)
    expect(reportLines(findings).join('\n')).toMatch(new RegExp(`FAILED  ${id} `))
  })

  test('a hold that is not over may be RESERVED in Redis', () => {
    const findings = doctored((e) => ({ redis: { ...withCodes(e, 2, 2, 2, 0, 1, 3).redis!, at: 5_000 } }))
    expect(found(findings, 'S3').offenders).toEqual([])
  })

  test('without Redis there is nothing of it to check', () => {
    const ids = doctored(() => ({ redis: null })).map(({ id }) => id)
    expect(ids).not.toContain('S3')
    expect(ids).not.toContain('S4')
  })

  test('every check has some', () => {
    const bitten = new Set(teeth.map(([id]) => id))
    expect(audit(soundEvidence()).filter(({ id }) => !bitten.has(id))).toEqual([])
  })
})

test('the report names the first offenders only, and sums up', () => {
  const findings = doctored((e) => {
    const again = [0, 1, 2, 4, 5].map((seat) => ({ ...e.store.claims[0]!, seat }))
    return { ledger: [], ...withStore(e, { claims: [...e.store.claims, ...again] }) }
  })
  const lines = reportLines(findings)
  expect(lines.filter((line) => line.includes('claimed twice'))).toHaveLength(3)
  expect(lines.at(-1)).toMatch(/^[1-9]\d* oversold, [1-9]\d* lost, books DO NOT balance — \d+ promises BROKEN$/)
})

test('a line is watched at every tick', () => {
  const watch = newLineWatch()
  const { last } = soundEvidence().store.line
  look({ counts: { ...last!, active: 0, offered: 1 }, capacity: 1 }, watch)
  look({ counts: last!, capacity: null }, watch)
  expect(watch).toMatchObject({ ticks: 2, overCapacity: [], unbalanced: [], last })
})
