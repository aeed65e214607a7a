import type { Booking } from '@b-ticketing/core/ports'
import { type Sql, statement } from './query.ts'

/** Keeps the reservations as they are now; seats, amount and visitor are their payments'. */
export async function saveReservations(tx: Sql, bookings: readonly Booking[]): Promise<void> {
  if (bookings.length === 0) return
  const rows = bookings.map(({ reservationId, requestId, state, refund, createdAt }) => [
    reservationId,
    requestId,
    state,
    refund,
    createdAt,
  ])
  const sql = `INSERT INTO bt_reservation (reservation_id, request_id, state, refund, created_at) VALUES ?
    ON DUPLICATE KEY UPDATE state = VALUES(state), refund = VALUES(refund), created_at = VALUES(created_at)`
  await tx.run(statement(sql, [rows]))
}
