import type { CrowdBooks } from '../crowd-books.ts'
import type { RedisBooks } from '../redis-books.ts'
import type { PaymentRow, StoreDump } from '../store-dump.ts'
import type { SeatBook } from './seat-book.ts'

/** A line of the gateway's own books, as `/dev/ledger` shows it. */
export interface LedgerLine {
  readonly type: 'charge' | 'cancel' | 'refund'
  readonly key: string
  readonly requestId: string
  readonly amount: { readonly value: number; readonly currency: string }
  readonly status: string
}

/** A mail as `/dev/mail` shows it. */
export interface MailLine {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly messageId: string
}

/** Everything the audit looks at: four books that were kept by four different hands. Plain data. */
export interface Evidence {
  readonly scheduleId: string
  /** From the venue document. */
  readonly seatBook: SeatBook
  readonly holdTtlMs: number
  /** The record's tables. */
  readonly store: StoreDump
  /** Null: the sale ran without Redis. */
  readonly redis: RedisBooks | null
  readonly ledger: readonly LedgerLine[]
  readonly mails: readonly MailLine[]
  readonly crowd: Pick<CrowdBooks, 'numbers' | 'receipts' | 'repeats' | 'pushes' | 'surprises'>
  readonly http: { readonly answered: number; readonly failures: readonly string[] }
  /** What the server logged as errors. */
  readonly complaints: readonly string[]
  /** The house's own view (`/admin/…/stats`), only ever compared with the rest. */
  readonly shown: {
    readonly seats: SeatCounts
    readonly joined: number
  }
}

export interface SeatCounts {
  readonly capacity: number
  readonly available: number
  readonly reserved: number
  readonly completed: number
  readonly blocked: number
}

/** One promise, held against the evidence. */
export interface Finding {
  readonly id: string
  readonly promise: string
  /** How many things were looked at. */
  readonly count: number
  /** What breaks the promise; none: it is kept. */
  readonly offenders: readonly string[]
}

export type Check = (evidence: Evidence) => Finding

export const seatKey = (scheduleId: string, section: string, seat: number): string => `${scheduleId}/${section}/${seat}`

export const seatKeysOf = ({ scheduleId, hold }: PaymentRow): readonly string[] =>
  hold.parts.flatMap(({ section, seats }) => seats.map((seat) => seatKey(scheduleId, section, seat)))

/** It owns its seats: not failed, not paid back. */
export const ownsSeats = ({ state, refund }: PaymentRow): boolean =>
  state !== 'FAILED' && !(state === 'COMPLETED' && refund === 'DONE')

export const isSold = (payment: PaymentRow): boolean => payment.state === 'COMPLETED' && ownsSeats(payment)

export const byRequestId = ({ store }: Evidence): ReadonlyMap<string, PaymentRow> =>
  new Map(store.payments.map((payment) => [payment.requestId, payment]))

export const isCapture = (line: LedgerLine): boolean => line.type === 'charge' && line.status === 'succeeded'

/** What the gateway took for a payment, less what it gave back, by requestId. */
export function netOf(ledger: readonly LedgerLine[]): ReadonlyMap<string, number> {
  const net = new Map<string, number>()
  for (const line of ledger) {
    if (line.status !== 'succeeded') continue
    const sign = line.type === 'charge' ? 1 : line.type === 'refund' ? -1 : 0
    net.set(line.requestId, (net.get(line.requestId) ?? 0) + sign * line.amount.value)
  }
  return net
}
