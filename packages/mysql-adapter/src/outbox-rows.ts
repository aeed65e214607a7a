import { laneOf } from '@b-ticketing/core/adapter-kit'
import type { Message, OutboxRow } from '@b-ticketing/core/ports'
import { document, integer, parsed, type Sql, statement } from './query.ts'

/** Writes the messages in this order, in the transaction of their cause. A known event id is kept once, in its place. */
export async function appendOutbox(tx: Sql, messages: readonly Message[]): Promise<void> {
  if (messages.length === 0) return
  const rows = messages.map(({ eventId, topic, key, schema, at, data }) => [
    laneOf(key),
    eventId,
    topic,
    key,
    schema,
    at,
    document(data),
  ])
  const sql = `INSERT INTO bt_outbox (lane, event_id, topic, message_key, message_schema, at, data) VALUES ?
    ON DUPLICATE KEY UPDATE event_id = VALUES(event_id)`
  await tx.run(statement(sql, [rows]))
}

export interface StoredOutboxRow {
  readonly seq: number
  readonly lane: number
  readonly event_id: string
  readonly topic: Message['topic']
  readonly message_key: string
  readonly message_schema: number
  readonly at: number
  readonly data: string
}

export const outboxRowOf = (row: StoredOutboxRow): OutboxRow => ({
  seq: integer(row.seq),
  message: {
    eventId: row.event_id,
    topic: row.topic,
    key: row.message_key,
    schema: row.message_schema,
    at: integer(row.at),
    data: parsed(row.data),
  },
})
