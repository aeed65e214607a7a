import { availableParallelism } from 'node:os'
import { beforeAll, describe, expect, test } from 'vitest'
import { playSeeds, type ShortReport } from './crew.ts'
import { simulate } from './simulate.ts'
import { tally } from './table.ts'

const seeds = 500

/** What a run of this many seeds must have met, so that it cannot pass by having looked at nothing. */
const mustMeet = [
  // faults
  'fault fail',
  'fault lose',
  'fault repeat',
  'fault delay',
  'fault down',
  'fault kill',
  'fault stop',
  'kill',
  'restart',
  'silence',
  'freeze',
  'lock refused',
  'loss of admissionQueue',
  'loss of seatInventory',
  'loss of lockStore',
  'loss of paymentView',
  'webhook lost',
  'webhook twice',
  'webhook late',
  // the line
  'join',
  'direct admission',
  'lapse',
  'late',
  'grace return',
  'place expired',
  'left',
  'recovery',
  // seats
  'hold',
  'extend',
  'swap',
  'release',
  'elastic creation',
  'section missing',
  'section installed',
  'stale pin',
  'stale pin refused',
  'unpin',
  'tombstone',
  'holds of an old epoch released',
  // money
  'REQUESTED → CHARGING',
  'REQUESTED → FAILED',
  'CHARGING → COMPLETED',
  'CHARGING → FAILED',
  'CHARGING → UNKNOWN',
  'UNKNOWN → CHARGING',
  'UNKNOWN → COMPLETED',
  'UNKNOWN → FAILED',
  'fickle capture',
  'late success',
  'late success without seats',
  'refund PENDING',
  'refund DONE',
  'payment cancel',
  'booking cancel',
  'key reused',
  'trick a charge nobody asked for',
  'trick a forged success',
  'webhook repeated',
  // telling
  'mail',
  'mail twice',
  'published again',
  // refusals that visitors hear
  ...[
    'SEAT_TAKEN',
    'SEATS_UNAVAILABLE',
    'HOLD_LIMIT',
    'HOLD_EXPIRED',
    'HOLD_COOLDOWN',
    'PASS_EXPIRED',
    'PASS_REQUIRED',
  ],
  ...['TICKET_INVALID', 'EPOCH_OVER', 'SALE_CLOSED', 'AMOUNT_MISMATCH', 'ALREADY_PAID', 'PAYMENT_IN_PROGRESS'],
  ...['IDEMPOTENCY_KEY_REUSED', 'NOT_FOUND', 'INVALID', 'BUSY', 'SEAT_OWNED', 'STATE_JUMP', 'OUTCOME_UNKNOWN'],
].map((event) => (/^[A-Z]+_?[A-Z_]*$/.test(event) ? `refused ${event}` : event))

/** Invariants that the checkers look at in a simulation; each must have been looked at. */
const mustCheck = [
  ...['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7', 'I9', 'I10', 'I11', 'I12', 'I13', 'I14', 'I15', 'I17'],
  ...[
    'W1',
    'W2',
    'W6',
    'W10',
    'W15',
    'W16',
    'W13',
    'W18',
    'A34',
    'H1',
    'H2',
    'H7',
    'H8',
    'H9',
    'H10',
    'H12',
    'H13',
    'S3',
    'P5',
  ],
]

describe(`${seeds} sales`, () => {
  let reports: readonly ShortReport[] = []

  beforeAll(async () => {
    reports = await playSeeds({ first: 1, count: seeds, workers: availableParallelism() })
  }, 600_000)

  test('I1–I18: nothing is found', () => {
    expect(
      reports.filter(({ findings }) => findings.length > 0).map(({ seed, findings }) => ({ seed, findings })),
    ).toEqual([])
    expect(reports).toHaveLength(seeds)
  })

  test('they meet what may go wrong', () => {
    const met = tally(reports, 'counts')
    expect(mustMeet.filter((event) => !met.has(event))).toEqual([])
  })

  test('every invariant is looked at', () => {
    const looks = tally(reports, 'looks')
    expect(mustCheck.filter((invariant) => !looks.has(invariant))).toEqual([])
  })

  test('every rung of the ladder is met, and every sandbox token is paid with', () => {
    const met = tally(reports, 'counts')
    expect([1, 2, 3, 5, 6, 7].filter((rung) => !met.has(`rung ${rung}`))).toEqual([])
    const tokens = [
      'approve',
      'decline',
      'slow',
      'timeout',
      'charged_then_timeout',
      'late',
      'duplicate',
      'wrong_amount',
    ]
    expect(tokens.filter((token) => !met.has(`payment tok_${token}`))).toEqual([])
  })
})

test('a seed replays exactly, whatever was played before it', async () => {
  const first = await simulate({ seed: 42 })
  await simulate({ seed: 43 })
  const again = await simulate({ seed: 42 })
  expect(again.journal).toEqual(first.journal)
  expect(again.hash).toBe(first.hash)
  expect(first.steps).toBeGreaterThan(1_000)
  expect((await simulate({ seed: 44 })).hash).not.toBe(first.hash)
})
