import { inbox } from '../booking/booking-tables.memory.ts'
import { acts, appendAudit } from '../shared/audit.memory.ts'
import { newId } from '../shared/ids.ts'
import { defineTable, type MemoryRecord } from '../shared/record.memory.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Ms } from '../shared/types.ts'
import { messageIdOf, type Notice } from './notice.ts'
import type { NoticeStore } from './notice-store.port.ts'

export interface NoticeRow {
  readonly notice: Notice
  readonly state: 'due' | 'sent' | 'refused'
  readonly dueAt: Ms
  readonly token: Id | null
  readonly attempts: number
  readonly error: string | null
}

/** By Message-ID, which is unique as (reservationId, template, copy) is. */
export const noticeRows = defineTable<NoticeRow>('notice')

/** Keys of rows that are not sent: what `lease` looks at. */
const openNotices = defineTable<string>('notice-open')

export function createMemoryNoticeStore(p: {
  readonly record: MemoryRecord
  readonly runtime: Pick<Runtime, 'now' | 'random'>
}): NoticeStore {
  const rows = p.record.table(noticeRows)
  const open = p.record.table(openNotices)
  const inboxRows = p.record.table(inbox)

  return {
    async add({ notices, consumed, audit, operationId }) {
      const done = p.record.table(acts)
      if (operationId !== undefined && done.has(operationId)) return 'repeated'
      for (const { consumer, eventId } of consumed) inboxRows.set(`${consumer}/${eventId}`, true)
      let added = 0
      for (const notice of notices) {
        const key = messageIdOf(notice)
        if (rows.has(key)) continue
        added++
        rows.set(key, { notice, state: 'due', dueAt: p.runtime.now(), token: null, attempts: 0, error: null })
        open.set(notice.id, key)
      }
      if (added > 0 && operationId !== undefined) done.set(operationId, true)
      if (added > 0 && audit) appendAudit(p.record, p.runtime.now(), audit)
      return added
    },

    async lease({ limit, leaseMs }) {
      const now = p.runtime.now()
      return [...open.values()]
        .filter((key) => rows.get(key)!.dueAt <= now)
        .slice(0, limit)
        .map((key) => {
          const row = rows.get(key)!
          const token = newId(p.runtime)
          rows.set(key, { ...row, token, dueAt: now + leaseMs })
          return { ...row.notice, token, attempts: row.attempts }
        })
    },

    async mark({ results }) {
      for (const { id, token, sent, retryInMs, error } of results) {
        const key = open.get(id)
        const row = key === undefined ? undefined : rows.get(key)
        if (key === undefined || row?.token !== token) continue
        const again = !sent && retryInMs !== undefined
        if (!again) open.delete(id)
        rows.set(key, {
          ...row,
          state: again ? 'due' : sent ? 'sent' : 'refused',
          dueAt: p.runtime.now() + (retryInMs ?? 0),
          token: null,
          attempts: row.attempts + 1,
          error: error ?? null,
        })
      }
    },

    async copies({ reservationId, template }) {
      let copy = -1
      while (rows.has(messageIdOf({ reservationId, template, copy: copy + 1 }))) copy++
      return copy
    },
  }
}
