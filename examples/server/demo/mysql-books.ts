import type { HistoryRow, HoldRecord, PaymentState, RefundState } from '@b-ticketing/core/ports'
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise'
import type { HoldRow, PaymentRow, StoreDump } from './store-dump.ts'

/** The record as it lies in MySQL, read by plain statements: nothing of the engine or its adapter is in between. */
export interface MysqlBooks {
  read(): Promise<Omit<StoreDump, 'line'>>
  /** Payments not decided, messages not published or not taken in, notices not sent. */
  unfinished(): Promise<number>
  close(): Promise<void>
}

export function openMysqlBooks(uri: string): MysqlBooks {
  const pool = createPool({ uri, connectionLimit: 4 })
  const rows = rowsOf(pool)
  return {
    async read() {
      const [payments, histories, claims, holds, blocks, created, outbox, inbox, deadLetters] = await Promise.all([
        rows<Payment>(`SELECT p.*, r.state AS booked, r.reservation_id AS booked_as FROM bt_payment p
          LEFT JOIN bt_reservation r ON r.request_id = p.request_id WHERE p.seq IS NOT NULL`),
        rows<History>('SELECT * FROM bt_history WHERE request_id IS NOT NULL ORDER BY request_id, version'),
        rows<Claim>(`SELECT c.*, p.holder, p.state, p.record_version FROM bt_claim c
          LEFT JOIN bt_payment p ON p.request_id = c.request_id`),
        rows<Hold>('SELECT schedule_id, version, document FROM bt_hold'),
        rows<Seat & { blocked: number }>('SELECT schedule_id, section, seat, blocked FROM bt_seat_block'),
        rows<Omit<Seat, 'seat'> & { created: number }>('SELECT schedule_id, section, created FROM bt_created_seats'),
        rows<{ id: string }>('SELECT event_id AS id FROM bt_outbox'),
        rows<{ id: string }>("SELECT CONCAT(consumer, '/', event_id) AS id FROM bt_inbox"),
        rows<{ id: string }>('SELECT letter_id AS id FROM bt_dead_letter'),
      ])
      return {
        at: Date.now(),
        payments: payments.map(paymentOf),
        histories: byRequest(histories.map(historyOf)),
        claims: claims.map((row) => ({
          ...{ scheduleId: row.schedule_id, section: row.section, seat: row.seat, requestId: row.request_id },
          ...{ holder: row.holder ?? '', recordVersion: row.record_version ?? 0 },
          state: row.state === 'COMPLETED' ? 'COMPLETED' : 'PAYING',
        })),
        holds: holds.map(holdOf),
        blocks: blocks.map((row) => ({ key: seatOf(row), blocked: row.blocked === 1 })),
        created: created.map((row) => ({ key: `${row.schedule_id}/${row.section}`, count: row.created })),
        outbox: outbox.map(({ id }) => id),
        inbox: inbox.map(({ id }) => id),
        deadLetters: deadLetters.map(({ id }) => id),
      }
    },
    async unfinished() {
      const [row] = await rows<{ open: number }>(`SELECT
        (SELECT COUNT(*) FROM bt_payment WHERE due_at IS NOT NULL) + (SELECT COUNT(*) FROM bt_outbox)
        + (SELECT COUNT(*) FROM bt_notice WHERE state = 'due')
        + (SELECT COUNT(*) FROM bt_reservation r LEFT JOIN bt_inbox i ON i.consumer = 'notification-service-group'
            AND i.event_id = CONCAT(r.request_id, '-payment-completed') WHERE i.event_id IS NULL) AS open`)
      return Number(row?.open ?? 0)
    },
    close: () => pool.end(),
  }
}

const rowsOf =
  (pool: Pool) =>
  async <Row>(sql: string): Promise<readonly Row[]> =>
    (await pool.query<(Row & RowDataPacket)[]>(sql))[0]

interface Seat {
  readonly schedule_id: string
  readonly section: string
  readonly seat: number
}

const seatOf = (row: Seat): string => `${row.schedule_id}/${row.section}/${row.seat}`

interface Claim extends Seat {
  readonly request_id: string
  /** Of its payment; null: there is none. */
  readonly holder: string | null
  readonly state: PaymentState | null
  readonly record_version: number | null
}

interface Hold {
  readonly schedule_id: string
  readonly version: number
  readonly document: string | null
}

const holdOf = ({ schedule_id, version, document }: Hold): HoldRow => ({
  scheduleId: schedule_id,
  version,
  hold: document === null ? null : (JSON.parse(document) as HoldRecord),
})

interface History {
  readonly request_id: string
  readonly version: number
  readonly at: number
  readonly from_state: PaymentState | null
  readonly to_state: PaymentState
  readonly refund: RefundState
  readonly event: string
}

const historyOf = (row: History): HistoryRow => ({
  ...{ requestId: row.request_id, version: row.version, at: row.at, refund: row.refund, event: row.event },
  ...{ from: row.from_state, to: row.to_state },
})

/** In the order of the statement: a payment's rows stand together. */
function byRequest(rows: readonly HistoryRow[]): readonly (readonly HistoryRow[])[] {
  const histories = new Map<string, HistoryRow[]>()
  for (const row of rows) {
    const known = histories.get(row.requestId)
    if (known) known.push(row)
    else histories.set(row.requestId, [row])
  }
  return [...histories.values()]
}

interface Payment {
  readonly request_id: string
  readonly reservation_id: string
  readonly schedule_id: string
  readonly visitor: string
  readonly idempotency_key: Buffer
  readonly fingerprint: string
  readonly hold: string
  readonly buyer: string
  readonly payment_token: string | null
  readonly amount: number
  readonly currency: string
  readonly state: PaymentState
  readonly reason: string | null
  readonly refund: RefundState
  readonly version: number
  readonly record_version: number
  readonly attempts: number
  readonly created_at: number
  readonly updated_at: number
  readonly charge_until: number
  readonly due_at: number | null
  /** Of its reservation; null: there is none. */
  readonly booked: 'CONFIRMED' | 'REFUNDING' | 'CANCELLED' | null
  readonly booked_as: string | null
}

function paymentOf(row: Payment): PaymentRow {
  const hold = JSON.parse(row.hold) as PaymentRow['hold']
  const amount = { value: row.amount, currency: row.currency }
  const ids = { requestId: row.request_id, scheduleId: row.schedule_id, visitor: row.visitor }
  const booking = row.booked !== null && {
    ...{ ...ids, reservationId: row.booked_as ?? '', state: row.booked, seats: hold.seats, amount, refund: row.refund },
    createdAt: row.updated_at,
  }
  return {
    ...{ ...ids, reservationId: row.reservation_id, hold, amount, booking: booking || null },
    ...{ idempotencyKey: String(row.idempotency_key), fingerprint: row.fingerprint },
    ...{ buyer: JSON.parse(row.buyer), paymentToken: row.payment_token },
    ...{ state: row.state, reason: row.reason, refund: row.refund, attempts: row.attempts },
    ...{ version: row.version, recordVersion: row.record_version },
    ...{ createdAt: row.created_at, updatedAt: row.updated_at, chargeUntil: row.charge_until, dueAt: row.due_at },
  }
}
