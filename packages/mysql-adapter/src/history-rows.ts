import type { HistoryRow, Id, Ms, Version } from '@b-ticketing/core/ports'
import { integer, type Sql, statement } from './query.ts'

/**
 * Adds these lines, in this order, and answers their record versions. To be called while the seats they are about are locked:
 * then for one seat the order of the versions is that of the commits. `step`: see `readClock`.
 */
export async function appendHistory(tx: Sql, lines: readonly HistoryRow[], step: number): Promise<readonly Version[]> {
  const rows = lines.map(({ requestId, version, at, from, to, refund, event }) => [
    requestId,
    version,
    at,
    from,
    to,
    refund,
    event,
  ])
  const sql = 'INSERT INTO bt_history (request_id, version, at, from_state, to_state, refund, event) VALUES ?'
  const { insertId } = await tx.run(statement(sql, [rows]))
  return lines.map((_, i) => integer(insertId) + i * step)
}

/** The database's clock, and what one INSERT of many rows counts by: more than 1 where several servers write. */
export async function readClock(tx: Sql, clock: string): Promise<{ readonly now: Ms; readonly step: number }> {
  const text = `SELECT ${clock} AS now, @@SESSION.auto_increment_increment AS step`
  const row = await tx.first(statement<{ now: number; step: number }>(text))
  return { now: integer(row?.now), step: integer(row?.step) }
}

interface StoredHistoryRow {
  readonly request_id: Id
  readonly version: number
  readonly at: Ms
  readonly from_state: HistoryRow['from']
  readonly to_state: HistoryRow['to']
  readonly refund: HistoryRow['refund']
  readonly event: string
}

export async function readHistory(sql: Sql, requestId: Id): Promise<readonly HistoryRow[]> {
  const text = 'SELECT * FROM bt_history WHERE request_id = ? ORDER BY version'
  const rows = await sql.rows(statement<StoredHistoryRow>(text, [requestId]))
  return rows.map((row) => ({
    requestId: row.request_id,
    version: row.version,
    at: integer(row.at),
    from: row.from_state,
    to: row.to_state,
    refund: row.refund,
    event: row.event,
  }))
}

/** Of these changes, those whose line in the history has one of these record versions: the requestIds. */
export async function changesOf(
  sql: Sql,
  changes: readonly { readonly requestId: Id; readonly version: number }[],
  versions: ReadonlySet<Version>,
): Promise<ReadonlySet<Id>> {
  if (versions.size === 0 || changes.length === 0) return new Set()
  const text = 'SELECT request_id, record_version FROM bt_history WHERE (request_id, version) IN (?)'
  const keys = changes.map(({ requestId, version }) => [requestId, version])
  const rows = await sql.rows(statement<{ request_id: Id; record_version: number }>(text, [keys]))
  return new Set(rows.filter((row) => versions.has(integer(row.record_version))).map((row) => row.request_id))
}
