import { operationsKeptMs } from '@b-ticketing/core/adapter-kit'
import type { HoldChange } from '@b-ticketing/core/ports'
import { raw } from 'mysql2'
import { type Query, statement } from './query.ts'

/**
 * One statement for all changes. An ended row (document null) is never changed; else the newer version wins, and of equal ones
 * the end. Assignments see what those before them did, so `version` stands between the two that compare it.
 */
const upsert = `INSERT INTO bt_hold (hold_id, schedule_id, version, document, kept_until) VALUES ?
  ON DUPLICATE KEY UPDATE
  kept_until = IF(document IS NOT NULL AND VALUES(version) >= version, VALUES(kept_until), kept_until),
  version = IF(document IS NOT NULL AND VALUES(version) >= version, VALUES(version), version),
  document = IF(document IS NOT NULL AND VALUES(version) = version, VALUES(document), document)`

/** `now`: SQL for the database's clock. */
export function saveHoldRows(changes: readonly HoldChange[], now: string): Query<unknown> {
  const kept = operationsKeptMs(0)
  const rows = changes.map((change) => {
    if (change.is === 'ended') return [change.holdId, change.scheduleId, change.version, null, raw(`${now} + ${kept}`)]
    const { holdId, scheduleId, version, expiresAt } = change.hold
    const keptUntil = raw(`GREATEST(${now}, ${Math.trunc(expiresAt)}) + ${kept}`)
    return [holdId, scheduleId, version, JSON.stringify(change.hold), keptUntil]
  })
  // All writers lock in one order.
  rows.sort(([a], [b]) => (String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0))
  return statement(upsert, [rows])
}

/** What ended, or is long due, needs no row for ever. */
export const purgeHoldRows = (now: string): Query<unknown> =>
  statement(`DELETE FROM bt_hold WHERE kept_until <= ${now} ORDER BY kept_until LIMIT 1000`)
