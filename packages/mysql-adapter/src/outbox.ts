import { demandCount, demandId, newId } from '@b-ticketing/core'
import type { Id, Outbox } from '@b-ticketing/core/ports'
import { outboxRowOf, type StoredOutboxRow } from './outbox-rows.ts'
import { integer, type Sql, statement } from './query.ts'
import type { Store } from './store.ts'

type Leased = Awaited<ReturnType<Outbox['lease']>>
type Published = Parameters<Outbox['mark']>[0]['published']

/** The outbox in MySQL. A row that was published is deleted: the history keeps the fact. */
export function createMysqlOutbox({ client, inTransaction }: Store): Outbox {
  const isEmpty = () =>
    client.read(async (sql) => (await sql.first(statement('SELECT 1 FROM bt_outbox LIMIT 1'))) === undefined)

  return {
    lease: async ({ relay, lanes, leaseMs, limit }) => {
      demandId(relay, 'relay')
      demandCount(lanes, 'lanes')
      demandCount(leaseMs, 'leaseMs')
      demandCount(limit, 'limit')
      // Most ticks find nothing: one read, no transaction.
      if (await isEmpty()) return []
      const base = newId(client.runtime)
      return inTransaction((tx) => lease(tx, { clock: client.now(), base, lanes, leaseMs, limit }), {
        repeatUnknown: true,
      })
    },

    mark: async ({ published }) => {
      if (published.length > 0) await inTransaction((tx) => mark(tx, published), { repeatUnknown: true })
    },
  }
}

/**
 * Lanes that another relay is just looking at are passed over: they are its own by then. Those that are ours already were leased
 * by this very call, whose COMMIT was given up for lost.
 */
async function lease(
  tx: Sql,
  p: {
    readonly clock: string
    readonly base: Id
    readonly lanes: number
    readonly leaseMs: number
    readonly limit: number
  },
): Promise<Leased> {
  // A scalar subquery: as EXISTS it would become a join that reads, and perhaps locks, the whole outbox.
  const free = `SELECT l.lane FROM bt_outbox_lane l WHERE (l.leased_until <= ${p.clock} OR l.token = CONCAT(?, '-', l.lane))
    AND (SELECT o.seq FROM bt_outbox o WHERE o.lane = l.lane LIMIT 1) IS NOT NULL
    ORDER BY l.lane LIMIT ? FOR UPDATE SKIP LOCKED`
  const lanes = (await tx.rows(statement<{ lane: number }>(free, [p.base, p.lanes]))).map(({ lane }) => lane)
  if (lanes.length === 0) return []
  // In the order of the primary key, which ends with the limit however long the outbox is.
  const oldest = 'SELECT * FROM bt_outbox FORCE INDEX (PRIMARY) WHERE lane IN (?) ORDER BY seq LIMIT ?'
  const rows = await tx.rows(statement<StoredOutboxRow>(oldest, [lanes, p.limit]))
  if (rows.length === 0) return []
  const byLane = Map.groupBy(rows, ({ lane }) => lane)
  const take = `UPDATE bt_outbox_lane SET token = CONCAT(?, '-', lane), leased_until = ${p.clock} + ? WHERE lane IN (?)`
  await tx.run(statement(take, [p.base, p.leaseMs, [...byLane.keys()].sort((a, b) => a - b)]))
  return [...byLane].map(([lane, own]) => ({ lane, token: `${p.base}-${lane}`, rows: own.map(outboxRowOf) }))
}

/** Deletes under the tokens that are still their lanes', and gives those lanes back. */
async function mark(tx: Sql, published: Published): Promise<void> {
  const tokens = published.map(({ lane, token }) => [lane, token])
  const held = `SELECT lane, token FROM bt_outbox_lane FORCE INDEX (PRIMARY)
    WHERE (lane, token) IN (?) ORDER BY lane FOR UPDATE`
  const rows = await tx.rows(statement<{ lane: number; token: Id }>(held, [tokens]))
  const tokenOf = new Map(rows.map((row) => [integer(row.lane), row.token]))
  const own = published.filter(({ lane, token }) => tokenOf.get(lane) === token)
  if (own.length === 0) return
  const events = own.flatMap(({ lane, eventIds }) => eventIds.map((eventId) => [lane, eventId]))
  if (events.length > 0) {
    const ids = events.map(([, eventId]) => eventId)
    await tx.run(statement('DELETE FROM bt_outbox WHERE event_id IN (?) AND (lane, event_id) IN (?)', [ids, events]))
  }
  const lanes = own.map(({ lane }) => lane)
  await tx.run(statement('UPDATE bt_outbox_lane SET token = NULL, leased_until = 0 WHERE lane IN (?)', [lanes]))
}
