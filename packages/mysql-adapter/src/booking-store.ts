import { TicketingError } from '@b-ticketing/core'
import { leasedUntil } from '@b-ticketing/core/adapter-kit'
import type { BookingStore, Id, PaymentRecord } from '@b-ticketing/core/ports'
import { createAdvance } from './booking-store-advance.ts'
import { createOpen } from './booking-store-open.ts'
import { readHistory } from './history-rows.ts'
import { pageSize } from './page.ts'
import { createFinder, readPayments } from './payment-keys.ts'
import { insertTombstones, isTombstone, type PaymentRow, recordOf, selectPayments } from './payment-rows.ts'
import { integer, type Sql, statement } from './query.ts'
import type { Store } from './store.ts'

/** The record of payments in MySQL. */
export function createMysqlBookingStore(store: Store): BookingStore {
  const { client, inTransaction } = store

  return {
    open: createOpen(store),
    advance: createAdvance(store),

    abandon: async ({ requestIds }) => {
      if (requestIds.length === 0) return []
      const rows = await inTransaction(
        async (tx) => {
          await insertTombstones(tx, requestIds, client.now())
          return readPayments(
            tx,
            client.now(),
            requestIds.map((requestId) => ({ requestId })),
          )
        },
        { repeatUnknown: true },
      )
      const find = createFinder(rows)
      return requestIds.map((requestId) => {
        const row = find({ requestId })!
        return isTombstone(row) ? 'abandoned' : recordOf(row)
      })
    },

    find: async ({ keys }) => {
      if (keys.length === 0) return []
      const find = createFinder(await client.read((sql) => readPayments(sql, client.now(), keys)))
      return keys.map((key) => {
        const row = find(key)
        return row && !isTombstone(row) ? recordOf(row) : null
      })
    },

    due: ({ limit, leaseMs }) => inTransaction((tx) => lease(tx, client.now(), limit, leaseMs)),

    list: ({ visitor, scheduleId, bookedOnly, after }) =>
      client.read(async (sql) => {
        const before = after === undefined ? null : await demandCursor(sql, after, visitor)
        const conditions = Object.entries({
          'p.seq < ?': before,
          'p.visitor = ?': visitor,
          'p.schedule_id = ?': scheduleId,
        }).filter(([, value]) => value !== undefined && value !== null)
        const text = `${selectPayments(client.now())}
          WHERE ${['p.seq IS NOT NULL', ...conditions.map(([condition]) => condition)].join(' AND ')}
          ${bookedOnly ? 'AND r.request_id IS NOT NULL' : ''} ORDER BY p.seq DESC LIMIT ${pageSize + 1}`
        const rows = await sql.rows(
          statement<PaymentRow>(
            text,
            conditions.map(([, value]) => value),
          ),
        )
        const items = rows.slice(0, pageSize).map(recordOf)
        return { items, next: rows.length > pageSize ? items.at(-1)!.requestId : null }
      }),

    history: ({ requestId }) => client.read((sql) => readHistory(sql, requestId)),
  }
}

/** Locked by nobody else, so that two callers never lease the same. */
async function lease(tx: Sql, clock: string, limit: number, leaseMs: number): Promise<readonly PaymentRecord[]> {
  const text = `${selectPayments(clock, 'due')}
    WHERE p.due_at <= ${clock} ORDER BY p.due_at LIMIT ? FOR UPDATE SKIP LOCKED`
  const rows = await tx.rows(statement<PaymentRow>(text, [limit]))
  const leased = rows
    .map(recordOf)
    .map((record) => ({ ...record, dueAt: leasedUntil(record, record.storeTime, leaseMs) }))
  for (const [dueAt, records] of Map.groupBy(leased, (record) => record.dueAt)) {
    const ids = records.map(({ requestId }) => requestId).sort()
    await tx.run(statement('UPDATE bt_payment SET due_at = ? WHERE request_id IN (?)', [dueAt, ids]))
  }
  return leased
}

/** @throws TicketingError `INVALID` */
async function demandCursor(sql: Sql, after: Id, visitor: Id | undefined): Promise<number> {
  const text = `SELECT seq FROM bt_payment WHERE request_id = ? AND seq IS NOT NULL ${visitor === undefined ? '' : 'AND visitor = ?'}`
  const row = await sql.first(statement<{ seq: number }>(text, [after, ...(visitor === undefined ? [] : [visitor])]))
  if (!row) throw new TicketingError('INVALID', 'after must be the next of a page')
  return integer(row.seq)
}
