import { operationsKeptMs } from '@b-ticketing/core/adapter-kit'
import type { HoldChange } from '@b-ticketing/core/ports'
import { raw } from 'mysql2'
import { db, type Query, type Sql, statement } from './query.ts'

/**
 * One statement for all changes. An ended row (document null) is never changed; else the newer version wins, and of equal ones
 * the end. Assignments see what those before them did, so `version` comes after those that compare it as it was.
 */
const isNewer = 'document IS NOT NULL AND VALUES(version) >= version'
const upsert = `INSERT INTO bt_hold (hold_id, schedule_id, version, expires_at, document, kept_until) VALUES ?
  ON DUPLICATE KEY UPDATE
  kept_until = IF(${isNewer}, VALUES(kept_until), kept_until),
  expires_at = IF(${isNewer}, VALUES(expires_at), expires_at),
  version = IF(${isNewer}, VALUES(version), version),
  document = IF(document IS NOT NULL AND VALUES(version) = version, VALUES(document), document)`

/** `now`: SQL for the database's clock. */
export function saveHoldRows(changes: readonly HoldChange[], now: string): Query<unknown> {
  const kept = operationsKeptMs(0)
  const endedUntil = raw(`${now} + ${kept}`)
  const rows = changes.map((change) => {
    if (change.is === 'ended') return [change.holdId, change.scheduleId, change.version, null, null, endedUntil]
    const { holdId, scheduleId, version, expiresAt } = change.hold
    const heldUntil = raw(`GREATEST(${now}, ${Math.trunc(expiresAt)}) + ${kept}`)
    return [holdId, scheduleId, version, expiresAt, JSON.stringify(change.hold), heldUntil]
  })
  // All writers lock in one order.
  rows.sort(([a], [b]) => (String(a) < String(b) ? -1 : String(a) > String(b) ? 1 : 0))
  return statement(upsert, [rows])
}

/** Deletes the oldest rows that nobody needs any more; several processes at once take different ones. */
export async function purgeHoldRows(tx: Sql, now: string, limit: number): Promise<void> {
  const over = `SELECT hold_id FROM bt_hold FORCE INDEX (kept) WHERE kept_until <= ${now}
    ORDER BY kept_until LIMIT ? FOR UPDATE SKIP LOCKED`
  const rows = await tx.rows(statement<{ readonly hold_id: string }>(over, [limit]))
  const ids = rows.map(({ hold_id }) => hold_id)
  if (ids.length > 0) await tx.run(db.deleteFrom('bt_hold').where('hold_id', 'in', ids))
}
