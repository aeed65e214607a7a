import type { StoredPayment } from '@b-ticketing/core/adapter-kit'
import type { Booking, Id, PaymentRecord } from '@b-ticketing/core/ports'
import type { Selectable } from 'kysely'
import { document, integer, integerOrNull, parsed, type Sql, statement } from './query.ts'
import type { Tables } from './tables.ts'

/** A row of payments beside its reservation, and the database's clock when it was read. */
export interface PaymentRow extends Selectable<Tables['bt_payment']> {
  readonly booking_state: Booking['state'] | null
  readonly booking_refund: Booking['refund']
  readonly booked_at: number
  readonly store_time: number
}

/**
 * The beginning of a statement that reads payments, as `p`. `clock`: `now()` of the client. `index`: the one to go along, where
 * rows are locked and none but those wanted may be.
 */
export const selectPayments = (clock: string, index?: string): string =>
  `SELECT p.*, r.state AS booking_state, r.refund AS booking_refund, r.created_at AS booked_at, ${clock} AS store_time
  FROM bt_payment p ${index ? `FORCE INDEX (${index})` : ''} LEFT JOIN bt_reservation r ON r.request_id = p.request_id`

export const isTombstone = ({ seq }: Pick<PaymentRow, 'seq'>): boolean => seq === null

export const recordOf = (row: PaymentRow): PaymentRecord => ({ ...paymentOf(row), storeTime: integer(row.store_time) })

/** Not of a tombstone. */
export function paymentOf(row: PaymentRow): StoredPayment {
  const hold = parsed<StoredPayment['hold']>(row.hold)
  const amount = { value: integer(row.amount), currency: row.currency }
  return {
    requestId: row.request_id,
    reservationId: row.reservation_id,
    scheduleId: row.schedule_id,
    visitor: row.visitor,
    idempotencyKey: row.idempotency_key.toString(),
    fingerprint: row.fingerprint,
    hold,
    amount,
    buyer: parsed(row.buyer),
    paymentToken: row.payment_token,
    state: row.state,
    reason: row.reason,
    refund: row.refund,
    version: row.version,
    recordVersion: integer(row.record_version),
    booking: bookingOf(row, hold, amount),
    attempts: row.attempts,
    createdAt: integer(row.created_at),
    updatedAt: integer(row.updated_at),
    chargeUntil: integer(row.charge_until),
    dueAt: integerOrNull(row.due_at),
  }
}

function bookingOf(row: PaymentRow, { seats }: StoredPayment['hold'], amount: Booking['amount']): Booking | null {
  if (row.booking_state === null) return null
  return {
    reservationId: row.reservation_id,
    requestId: row.request_id,
    scheduleId: row.schedule_id,
    visitor: row.visitor,
    state: row.booking_state,
    seats,
    amount,
    refund: row.booking_refund,
    createdAt: integer(row.booked_at),
  }
}

const columns = [
  'request_id',
  'seq',
  'reservation_id',
  'schedule_id',
  'visitor',
  'idempotency_key',
  'fingerprint',
  'hold_id',
  'holder',
  'hold',
  'buyer',
  'payment_token',
  'amount',
  'currency',
  'state',
  'reason',
  'refund',
  'version',
  'record_version',
  'attempts',
  'created_at',
  'updated_at',
  'charge_until',
  'due_at',
] as const satisfies readonly (keyof Tables['bt_payment'])[]

/** New payments, in the order of their keys. @throws the duplicate key (`isDuplicate`) of a request or key that is known. */
export async function insertPayments(tx: Sql, payments: readonly StoredPayment[]): Promise<void> {
  const rows = [...payments].sort((a, b) => (a.requestId < b.requestId ? -1 : 1)).map(valuesOf)
  await tx.run(statement(`INSERT INTO bt_payment (${columns.join(', ')}) VALUES ?`, [rows]))
}

const valuesOf = (payment: StoredPayment): readonly unknown[] => [
  payment.requestId,
  payment.recordVersion,
  payment.reservationId,
  payment.scheduleId,
  payment.visitor,
  Buffer.from(payment.idempotencyKey),
  payment.fingerprint,
  payment.hold.holdId,
  payment.hold.holder,
  document(payment.hold),
  document(payment.buyer),
  payment.paymentToken,
  payment.amount.value,
  payment.amount.currency,
  payment.state,
  payment.reason,
  payment.refund,
  payment.version,
  payment.recordVersion,
  payment.attempts,
  payment.createdAt,
  payment.updatedAt,
  payment.chargeUntil,
  payment.dueAt,
]

/** Takes the place of payments that are not there, so that they never will be. */
export async function insertTombstones(tx: Sql, requestIds: readonly Id[], clock: string): Promise<void> {
  const tombstone = `(?, 'FAILED', 'none', 0, 0, 0, ${clock}, ${clock})`
  const sql = `INSERT INTO bt_payment (request_id, state, refund, version, record_version, attempts, created_at, updated_at)
    VALUES ${requestIds.map(() => tombstone).join(', ')}
    ON DUPLICATE KEY UPDATE request_id = VALUES(request_id)`
  await tx.run(statement(sql, [...requestIds].sort()))
}
