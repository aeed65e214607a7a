import type { PaymentKey } from '@b-ticketing/core/ports'
import { isTombstone, type PaymentRow, selectPayments } from './payment-rows.ts'
import { integer, type Sql, statement } from './query.ts'

/** Everything these keys may mean, tombstones included: by requestId, by (visitor, key), by reservation, all of a hold. */
export async function readPayments(
  sql: Sql,
  clock: string,
  keys: readonly PaymentKey[],
): Promise<readonly PaymentRow[]> {
  const conditions = Object.entries({
    'p.request_id IN (?)': keys.flatMap((key) => ('requestId' in key ? [key.requestId] : [])),
    'p.reservation_id IN (?)': keys.flatMap((key) => ('reservationId' in key ? [key.reservationId] : [])),
    'p.hold_id IN (?)': keys.flatMap((key) => ('holdId' in key ? [key.holdId] : [])),
    '(p.visitor, p.idempotency_key) IN (?)': keys.flatMap((key) =>
      'visitor' in key ? [[key.visitor, Buffer.from(key.idempotencyKey)]] : [],
    ),
  }).filter(([, values]) => values.length > 0)
  if (conditions.length === 0) return []
  const text = conditions.map(([condition]) => `${selectPayments(clock)} WHERE ${condition}`).join(' UNION ALL ')
  return sql.rows(
    statement<PaymentRow>(
      text,
      conditions.map(([, values]) => values),
    ),
  )
}

/** Finds among rows that `readPayments` read: record *i* is what key *i* means. */
export function createFinder(rows: readonly PaymentRow[]): (key: PaymentKey) => PaymentRow | undefined {
  const byName = new Map<string, PaymentRow>()
  const put = (name: string, row: PaymentRow) => byName.set(name, row)
  for (const row of [...rows].sort((a, b) => integer(a.seq ?? 0) - integer(b.seq ?? 0))) {
    put(nameOf({ requestId: row.request_id }), row)
    if (isTombstone(row)) continue
    put(nameOf({ reservationId: row.reservation_id }), row)
    put(nameOf({ visitor: row.visitor, idempotencyKey: row.idempotency_key.toString() }), row)
    // The latest of a hold is put last.
    put(nameOf({ holdId: row.hold_id }), row)
  }
  return (key) => byName.get(nameOf(key))
}

const nameOf = (key: PaymentKey): string => {
  if ('requestId' in key) return `request ${key.requestId}`
  if ('reservationId' in key) return `reservation ${key.reservationId}`
  return 'holdId' in key ? `hold ${key.holdId}` : `key ${key.visitor} ${key.idempotencyKey}`
}
