import { sql } from 'kysely'
import { db, type Sql } from './query.ts'

/**
 * A new number of the record for a change of a seat that is no payment's, in its transaction: see ADR 4. Take it after the seat's
 * row was locked, so that for one seat the order of numbers is the order of commits. `now`: of the client.
 */
export async function nextRecordVersion(tx: Sql, now: string, event: string): Promise<number> {
  const { insertId } = await tx.run(db.insertInto('bt_history').values({ at: sql.raw<number>(now), event }))
  return insertId
}
