import type { HistoryRow, PaymentState } from '@b-ticketing/core/ports'
import type { PaymentRow } from '../store-dump.ts'
import { type Check, isSold } from './evidence.ts'

/** The state table, as far as a history can show it. COMPLETED is final; FAILED is left only by a late success. */
const next: Readonly<Record<PaymentState | 'none', readonly PaymentState[]>> = {
  none: ['REQUESTED'],
  REQUESTED: ['CHARGING', 'UNKNOWN', 'COMPLETED', 'FAILED'],
  CHARGING: ['CHARGING', 'UNKNOWN', 'COMPLETED', 'FAILED'],
  UNKNOWN: ['CHARGING', 'UNKNOWN', 'NEEDS_REVIEW', 'COMPLETED', 'FAILED'],
  NEEDS_REVIEW: ['NEEDS_REVIEW', 'COMPLETED', 'FAILED'],
  FAILED: ['FAILED', 'COMPLETED'],
  COMPLETED: ['COMPLETED'],
}

export const byTheTable: Check = ({ store }) => {
  const histories = new Map(store.histories.map((rows) => [rows[0]?.requestId, rows]))
  const offenders = store.payments.flatMap((payment) => {
    const wrong = wrongStep(payment, histories.get(payment.requestId) ?? [])
    return wrong === null ? [] : [`payment ${payment.requestId}: ${wrong}`]
  })
  const count = store.histories.reduce((sum, rows) => sum + rows.length, 0)
  return { id: 'I6', promise: 'transitions by the table, version by version', count, offenders }
}

function wrongStep(payment: PaymentRow, rows: readonly HistoryRow[]): string | null {
  let before: PaymentState | null = null
  let refund: HistoryRow['refund'] = 'none'
  for (const [i, row] of rows.entries()) {
    const step = `${row.from ?? 'nothing'} → ${row.to}`
    if (row.version !== i + 1) return `version ${row.version} at step ${i + 1}`
    if (row.from !== before) return `${step} after ${before ?? 'nothing'}`
    if (!next[before ?? 'none'].includes(row.to)) return step
    const isFinal = before === 'COMPLETED' || (before === 'FAILED' && row.to === 'FAILED')
    if (isFinal && row.refund === refund) return `${step} without a refund`
    before = row.to
    refund = row.refund
  }
  const agrees = before === payment.state && rows.length === payment.version
  return agrees
    ? null
    : `the history ends at ${before ?? 'nothing'} ${rows.length}, the row at ${payment.state} ${payment.version}`
}

/**
 * Every change was published and taken in once by each group that waits for it. A payment that was cancelled, or found by the due
 * loop, before its message came needs that message no more.
 */
export const published: Check = ({ store }) => {
  const inbox = new Set(store.inbox)
  const firstSteps = new Map(store.histories.map((rows) => [rows[0]?.requestId, rows[1]?.event]))
  const missing = store.payments.flatMap((payment) => {
    const { requestId } = payment
    const isWoken = (firstSteps.get(requestId) ?? 'wake') === 'wake'
    const wanted = isWoken ? [`payment-service-group/${requestId}-payment-requested`] : []
    if (isSold(payment)) wanted.push(`notification-service-group/${requestId}-payment-completed`)
    return wanted.filter((row) => !inbox.has(row)).map((row) => `not taken in: ${row}`)
  })
  const waiting = store.outbox.map((id) => `not published: ${id}`)
  const dead = store.deadLetters.map((id) => `dead letter: ${id}`)
  return {
    id: 'I11',
    promise: 'events published and taken in',
    count: inbox.size,
    offenders: [...missing, ...waiting, ...dead],
  }
}
