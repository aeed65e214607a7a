import type { HeldSeat, HistoryRow, PaymentState } from '@b-ticketing/core/ports'
import type { PaymentRow } from '../store-dump.ts'
import type { Evidence } from './evidence.ts'
import { readSeatBook } from './seat-book.ts'

/** One row of six seats at 9 000, the last one blocked. */
const document = {
  id: 'park',
  currency: 'KRW',
  grades: [{ id: 'green', price: 9_000 }],
  sections: [
    {
      id: 'A',
      grade: 'green',
      rows: [
        {
          label: '1',
          seats: [1, 2, 3, 4, 5, 6].map((seat) => ({ label: `${seat}`, position: seat, blocked: seat === 6 })),
        },
      ],
    },
  ],
}

const price = { value: 9_000, currency: 'KRW' }
const heldSeat = (seat: number): HeldSeat => ({
  seatId: `A-1-${seat + 1}`,
  section: 'A',
  row: '1',
  label: `${seat + 1}`,
  grade: 'green',
  price,
})

type Step = readonly [PaymentState, HistoryRow['refund']]

function payment(p: {
  readonly requestId: string
  readonly seats: readonly number[]
  readonly steps: readonly Step[]
  readonly recordVersion: number
}): { readonly row: PaymentRow; readonly history: readonly HistoryRow[] } {
  const { requestId, seats, steps, recordVersion } = p
  const [state, refund] = steps.at(-1)!
  const amount = { value: 9_000 * seats.length, currency: 'KRW' }
  const reservationId = `res-${requestId}`
  const holder = `visitor-${requestId}`
  const booked = {
    reservationId,
    requestId,
    scheduleId: 'game-1',
    visitor: holder,
    state: 'CONFIRMED',
    seats: seats.map(heldSeat),
    amount,
    refund,
    createdAt: 1,
  } as const
  const row: PaymentRow = {
    requestId,
    reservationId,
    scheduleId: 'game-1',
    visitor: holder,
    idempotencyKey: `key-${requestId}`,
    fingerprint: 'f',
    hold: {
      holdId: `hold-${requestId}`,
      version: 1,
      scheduleId: 'game-1',
      holder,
      parts: [{ section: 'A', seats }],
      seats: seats.map(heldSeat),
      amount,
    },
    amount,
    buyer: { email: `${requestId}@fans.example` },
    paymentToken: null,
    state,
    reason: null,
    refund,
    version: steps.length,
    recordVersion,
    booking: state === 'COMPLETED' ? booked : null,
    attempts: 0,
    createdAt: 1,
    updatedAt: 1,
    chargeUntil: 1,
    dueAt: null,
  }
  const history = steps.map(([to, refund], i) => ({
    requestId,
    version: i + 1,
    at: 1,
    from: steps[i - 1]?.[0] ?? null,
    to,
    refund,
    event: to === 'CHARGING' ? 'wake' : 'test',
  }))
  return { row, history }
}

const bought: readonly Step[] = [
  ['REQUESTED', 'none'],
  ['CHARGING', 'none'],
  ['COMPLETED', 'none'],
]
const declined: readonly Step[] = [...bought.slice(0, 2), ['FAILED', 'none']]
const paidBack: readonly Step[] = [...declined, ['FAILED', 'PENDING'], ['FAILED', 'DONE']]

/** A small sale in which every promise is kept: two bookings, one decline, one late capture that was paid back, one hold that expired. */
export function soundEvidence(): Evidence {
  const payments = [
    payment({ requestId: 'p1', seats: [0, 1], steps: bought, recordVersion: 2 }),
    payment({ requestId: 'p2', seats: [2], steps: bought, recordVersion: 4 }),
    payment({ requestId: 'p3', seats: [3], steps: declined, recordVersion: 6 }),
    payment({ requestId: 'p4', seats: [3], steps: paidBack, recordVersion: 8 }),
  ]
  const claim = (seat: number, requestId: string, recordVersion: number) => ({
    scheduleId: 'game-1',
    section: 'A',
    seat,
    requestId,
    holder: `visitor-${requestId}`,
    state: 'COMPLETED' as const,
    recordVersion,
  })
  const line = (requestId: string, value: number, type: 'charge' | 'refund' = 'charge') => ({
    type,
    key: type === 'charge' ? requestId : `${requestId}-refund`,
    requestId,
    amount: { value, currency: 'KRW' },
    status: 'succeeded',
  })
  const mail = (requestId: string, amount: number) => ({
    to: `${requestId}@fans.example`,
    subject: `예매 완료: res-${requestId}`,
    text: `결제 완료: ReservationId=res-${requestId}, 금액=${amount}`,
    messageId: `<res-${requestId}.payment-completed@b-ticketing>`,
  })
  const receipt = (requestId: string, seats: readonly number[]) => ({
    reservationId: `res-${requestId}`,
    email: `${requestId}@fans.example`,
    seatIds: seats.map((seat) => heldSeat(seat).seatId),
    amount: 9_000 * seats.length,
  })
  const expired = {
    holdId: 'hold-5',
    version: 9,
    scheduleId: 'game-1',
    holder: 'visitor-5',
    parts: [{ section: 'A', seats: [4] }],
    price,
    createdAt: 1_000,
    expiresAt: 6_000,
    epoch: 'e',
    requestId: null,
  }
  return {
    scheduleId: 'game-1',
    seatBook: readSeatBook(document),
    holdTtlMs: 5_000,
    store: {
      at: 100_000,
      payments: payments.map(({ row }) => row),
      histories: payments.map(({ history }) => history),
      claims: [claim(0, 'p1', 2), claim(1, 'p1', 2), claim(2, 'p2', 4)],
      holds: [{ scheduleId: 'game-1', version: 9, hold: expired }],
      blocks: [],
      created: [],
      outbox: [],
      inbox: [
        ...payments.map(({ row }) => `payment-service-group/${row.requestId}-payment-requested`),
        ...['p1', 'p2'].map((id) => `notification-service-group/${id}-payment-completed`),
      ],
      deadLetters: [],
      line: {
        ticks: 3,
        overCapacity: [],
        unbalanced: [],
        last: {
          joined: 5,
          prequeued: 0,
          waiting: 0,
          offered: 0,
          active: 1,
          lapsed: 0,
          late: 0,
          done: 0,
          expired: 1,
          left: 3,
          admittedThrough: 5,
          currentGroup: 1,
        },
      },
    },
    redis: {
      at: 100_000,
      sections: new Map([['A', [2, 2, 2, 0, 0, 3]]]),
      shown: new Map([0, 1, 2].map((seat) => [heldSeat(seat).seatId, 'COMPLETED'])),
      keys: 9,
      bytes: 1_000,
    },
    ledger: [
      line('p1', 18_000),
      line('p2', 9_000),
      { ...line('p3', 9_000), status: 'declined' },
      line('p4', 9_000),
      line('p4', 9_000, 'refund'),
    ],
    mails: [mail('p1', 18_000), mail('p2', 9_000)],
    crowd: {
      numbers: [1, 2, 3, 4, 5],
      receipts: new Map([
        ['p1', receipt('p1', [0, 1])],
        ['p2', receipt('p2', [2])],
      ]),
      repeats: { asked: 4, differed: [] },
      pushes: { refused: 2, letIn: [] },
      surprises: [],
    },
    http: { answered: 60, failures: [] },
    complaints: [],
    shown: {
      seats: { capacity: 6, available: 2, reserved: 0, completed: 3, blocked: 1 },
      joined: 5,
    },
  }
}
