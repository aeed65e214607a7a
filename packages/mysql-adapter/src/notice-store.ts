import { newId } from '@b-ticketing/core'
import type { Notice, NoticeResult, NoticeStore } from '@b-ticketing/core/ports'
import { sql } from 'kysely'
import { insertAudit } from './audit.ts'
import { firstTime, forgetAct } from './inbox-rows.ts'
import { db, integer, parsed, type Sql, statement } from './query.ts'
import type { Store } from './store.ts'

const oneMore = sql<number>`attempts + 1`

/** Notices in MySQL: `due_at` is when a notice may be leased, and while it is leased, when the lease ends. */
export function createMysqlNoticeStore({ client, inTransaction }: Store): NoticeStore {
  const now = () => sql.raw<number>(client.now())
  const after = (ms: number) => sql<number>`${sql.raw(client.now())} + ${ms}`

  const toRow = (notice: Notice) => ({
    notice_id: notice.id,
    reservation_id: notice.reservationId,
    template: notice.template,
    copy: notice.copy,
    document: JSON.stringify(notice),
    state: 'due' as const,
    due_at: now(),
    attempts: 0,
  })

  const markSent = async (tx: Sql, sent: readonly NoticeResult[]): Promise<void> => {
    if (sent.length === 0) return
    const change = { state: 'sent', token: null, attempts: oneMore, error: null } as const
    const pairs = sql.join(sent.map(({ id, token }) => sql`(${id}, ${token})`))
    const theirs = db.updateTable('bt_notice').set(change).where(sql<boolean>`(notice_id, token) IN (${pairs})`)
    // The pairs decide; the ids alone are what an index finds.
    await tx.run(
      theirs.where(
        'notice_id',
        'in',
        sent.map(({ id }) => id),
      ),
    )
  }

  const markUnsent = async (tx: Sql, { id, token, retryInMs, error }: NoticeResult): Promise<void> => {
    const change = {
      state: retryInMs === undefined ? ('refused' as const) : ('due' as const),
      due_at: after(retryInMs ?? 0),
      token: null,
      attempts: oneMore,
      error: error ?? null,
    }
    await tx.run(db.updateTable('bt_notice').set(change).where('notice_id', '=', id).where('token', '=', token))
  }

  return {
    add: ({ notices, consumed, audit, operationId }) =>
      inTransaction(async (tx) => {
        const events = consumed.map(({ consumer, eventId }) => ({ consumer, event_id: eventId, at: now() }))
        if (events.length > 0) await tx.run(db.insertInto('bt_inbox').ignore().values(events))
        if (notices.length === 0) return 0
        if (operationId !== undefined && !(await firstTime(tx, operationId, client.now()))) return 'repeated'
        const { rows } = await tx.run(db.insertInto('bt_notice').ignore().values(notices.map(toRow)))
        if (operationId !== undefined && rows === 0) await forgetAct(tx, operationId)
        if (audit && rows > 0) await insertAudit(tx, client.now(), audit)
        return rows
      }),

    lease: ({ limit, leaseMs }) =>
      inTransaction(async (tx) => {
        const rows = await tx.rows(oldestDue(client.now(), limit))
        if (rows.length === 0) return []
        const token = newId(client.runtime)
        const leased = db.updateTable('bt_notice').set({ token, due_at: after(leaseMs) })
        await tx.run(
          leased.where(
            'seq',
            'in',
            rows.map(({ seq }) => seq),
          ),
        )
        return rows.map(({ document, attempts }) => ({
          ...parsed<Notice>(document),
          token,
          attempts: integer(attempts),
        }))
      }),

    mark: ({ results }) =>
      inTransaction(
        async (tx) => {
          const sorted = [...results].sort((a, b) => (a.id < b.id ? -1 : 1))
          await markSent(
            tx,
            sorted.filter(({ sent }) => sent),
          )
          for (const result of sorted) if (!result.sent) await markUnsent(tx, result)
        },
        { repeatUnknown: true },
      ),

    copies: async ({ reservationId, template }) => {
      const highest = db.selectFrom('bt_notice').select(({ fn }) => fn.max('copy').as('copy'))
      const mine = highest.where('reservation_id', '=', reservationId).where('template', '=', template)
      const row = await client.read((sql) => sql.first(mine))
      return row?.copy == null ? -1 : integer(row.copy)
    },
  }
}

/** Through the index in its order, so that no more rows are locked than are answered, and other workers find the rest. */
const oldestDue = (now: string, limit: number) =>
  statement<{ readonly seq: number; readonly document: string; readonly attempts: number }>(
    `SELECT seq, document, attempts FROM bt_notice FORCE INDEX (due) WHERE state = 'due' AND due_at <= ${now}
      ORDER BY due_at, seq LIMIT ? FOR UPDATE SKIP LOCKED`,
    [limit],
  )
