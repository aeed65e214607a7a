import { demandId } from '@b-ticketing/core'
import type { DeadLetter, DeadLetters } from '@b-ticketing/core/ports'
import { type Selectable, sql } from 'kysely'
import { insertAudit } from './audit.ts'
import { cursorOf, pageOf, pageSize } from './page.ts'
import { db, integer, integerOrNull, parsed } from './query.ts'
import type { Store } from './store.ts'
import type { Tables } from './tables.ts'

/** Dead letters in MySQL. */
export const createMysqlDeadLetters = ({ client, inTransaction }: Store): DeadLetters => ({
  park: async ({ letters }) => {
    const rows = letters.map(({ id, source, reason, message }) => ({
      letter_id: demandId(id, 'id'),
      at: sql.raw<number>(client.now()),
      source: demandId(source, 'source'),
      reason,
      message: JSON.stringify(message),
    }))
    if (rows.length === 0) return
    const parked = db.insertInto('bt_dead_letter').values(rows)
    const again = parked.onDuplicateKeyUpdate({ replayed_at: null, replayed_by: null })
    await inTransaction((tx) => tx.run(again), { repeatUnknown: true })
  },

  list: async ({ after, id }) => {
    let query = db.selectFrom('bt_dead_letter').selectAll().where('seq', '>', cursorOf(after))
    if (id !== undefined) query = query.where('letter_id', '=', id)
    const rows = await client.read((sql) => sql.rows(query.orderBy('seq').limit(pageSize + 1)))
    return pageOf(rows, fromRow)
  },

  replayed: async ({ id, by }) => {
    demandId(by, 'by')
    const now = client.now()
    return inTransaction(async (tx) => {
      const replay = db.updateTable('bt_dead_letter').set({ replayed_at: sql.raw<number>(now), replayed_by: by })
      const { rows } = await tx.run(replay.where('letter_id', '=', id).where('replayed_at', 'is', null))
      if (rows === 0) return false
      await insertAudit(tx, now, { by, action: 'dead-letter-replayed', subject: id, detail: {} })
      return true
    })
  },
})

const fromRow = (row: Selectable<Tables['bt_dead_letter']>): DeadLetter => ({
  id: row.letter_id,
  at: integer(row.at),
  source: row.source,
  reason: row.reason,
  message: parsed(row.message),
  replayedAt: integerOrNull(row.replayed_at),
})
