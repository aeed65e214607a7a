import { demandId } from '@b-ticketing/core'
import type { AnswerStore, KeptAnswer } from '@b-ticketing/core/ports'
import { sql } from 'kysely'
import { db, type Sql } from './query.ts'
import type { Store } from './store.ts'

/** First answers in MySQL. */
export const createMysqlAnswerStore = ({ client, inTransaction }: Store): AnswerStore => ({
  find: async ({ key }) => {
    const kept = keptOf(key)
    return (await client.read((sql) => sql.first(kept))) ?? null
  },

  keep: async ({ key, fingerprint, answer }) => {
    const kept = keptOf(key)
    const row = {
      answer_key: key,
      fingerprint: demandId(fingerprint, 'fingerprint'),
      answer,
      at: sql.raw<number>(client.now()),
    }
    // Not IGNORE, which would also cut what is too long.
    const first = db
      .insertInto('bt_answer')
      .values(row)
      .onDuplicateKeyUpdate({ answer_key: sql.ref('answer_key') })
    const keep = async (tx: Sql): Promise<KeptAnswer> => {
      await tx.run(first)
      return (await tx.first(kept)) as KeptAnswer
    }
    return inTransaction(keep, { repeatUnknown: true })
  },
})

/** @throws TicketingError `INVALID` for a key that is no id: the database takes a space at its end for nothing. */
const keptOf = (key: string) =>
  db.selectFrom('bt_answer').select(['fingerprint', 'answer']).where('answer_key', '=', demandId(key, 'key'))
