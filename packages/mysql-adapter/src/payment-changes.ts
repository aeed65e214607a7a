import { TicketingError } from '@b-ticketing/core'
import type { StoredPayment } from '@b-ticketing/core/adapter-kit'
import { type Sql, statement } from './query.ts'

export interface PaymentChange {
  readonly before: StoredPayment
  readonly after: StoredPayment
}

/** What an `advance` may change, beside the record version. */
const columns = {
  state: 'state',
  reason: 'reason',
  refund: 'refund',
  version: 'version',
  attempts: 'attempts',
  updatedAt: 'updated_at',
  paymentToken: 'payment_token',
  dueAt: 'due_at',
} as const satisfies Partial<Record<keyof StoredPayment, string>>

/** That of the change's line in the history, which stands by now. */
const recordVersion = `record_version = (
  SELECT h.record_version FROM bt_history h WHERE h.request_id = bt_payment.request_id AND h.version = ?)`

/** Guarded by state and version. Payments that change alike travel in one statement. */
export async function updatePayments(tx: Sql, changes: readonly PaymentChange[]): Promise<void> {
  const alike = Map.groupBy(changes, (change) => JSON.stringify(updateOf(change)))
  for (const group of alike.values()) {
    const { set, setValues, guard } = updateOf(group[0]!)
    const ids = group.map(({ before }) => before.requestId).sort()
    const sql = `UPDATE bt_payment SET ${set.join(', ')} WHERE request_id IN (?) AND state = ? AND version = ?`
    const { rows } = await tx.run(statement(sql, [...setValues, ids, ...guard]))
    if (rows !== group.length) throw new TicketingError('STORE_FAULT', 'a payment changed under its lock')
  }
}

function updateOf({ before, after }: PaymentChange) {
  const changed = Object.entries(columns).filter(
    ([name]) => before[name as keyof typeof columns] !== after[name as keyof typeof columns],
  )
  const set = changed.map(([, column]) => `${column} = ?`)
  const setValues: unknown[] = changed.map(([name]) => after[name as keyof typeof columns])
  if (before.recordVersion !== after.recordVersion) {
    set.push(recordVersion)
    setValues.push(after.version)
  }
  return { set, setValues, guard: [before.state, before.version] }
}
