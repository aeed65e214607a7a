import { sql } from 'kysely'
import { db, type Sql, statement } from './query.ts'

/** An event that a consumer has made its effect of. */
export interface Consumed {
  readonly consumer: string
  readonly eventId: string
}

export const consumedName = ({ consumer, eventId }: Consumed): string => `${consumer} ${eventId}`

/** Those of these events that were consumed before, by `consumedName`. */
export async function consumedOf(tx: Sql, events: readonly Consumed[]): Promise<ReadonlySet<string>> {
  if (events.length === 0) return new Set()
  const sql = 'SELECT consumer, event_id FROM bt_inbox WHERE (consumer, event_id) IN (?)'
  const keys = events.map(({ consumer, eventId }) => [consumer, eventId])
  const rows = await tx.rows(statement<{ consumer: string; event_id: string }>(sql, [keys]))
  return new Set(rows.map((row) => consumedName({ consumer: row.consumer, eventId: row.event_id })))
}

/** In the transaction of their effects. @throws the duplicate key (`isDuplicate`) of one that was consumed before. */
export async function insertConsumed(tx: Sql, events: readonly Consumed[], at: number): Promise<void> {
  if (events.length === 0) return
  const rows = events.map(({ consumer, eventId }) => [consumer, eventId, at])
  await tx.run(statement('INSERT INTO bt_inbox (consumer, event_id, at) VALUES ?', [rows]))
}

/** Under whose name the acts of operators are in the inbox, by operation id. */
const operator = 'operator'

/** Whether this act was not done before; with this transaction it is. `now`: of the client. */
export async function firstTime(tx: Sql, operationId: string, now: string): Promise<boolean> {
  const row = { consumer: operator, event_id: operationId, at: sql.raw<number>(now) }
  const { rows } = await tx.run(db.insertInto('bt_inbox').ignore().values(row))
  return rows > 0
}

/** An act that came to nothing is still to be done. */
export async function forgetAct(tx: Sql, operationId: string): Promise<void> {
  await tx.run(db.deleteFrom('bt_inbox').where('consumer', '=', operator).where('event_id', '=', operationId))
}
