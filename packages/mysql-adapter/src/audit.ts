import type { AuditNote } from '@b-ticketing/core/ports'
import { sql } from 'kysely'
import { db, type Sql } from './query.ts'

/** Writes the row in the transaction of the act it tells of. `now`: of the client. */
export async function insertAudit(tx: Sql, now: string, { by, action, subject, detail }: AuditNote): Promise<void> {
  const row = { at: sql.raw<number>(now), by_whom: by, action, subject, detail: JSON.stringify(detail) }
  await tx.run(db.insertInto('bt_audit').values(row))
}
