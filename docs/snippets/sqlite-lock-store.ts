// region adapter
import type { DatabaseSync } from 'node:sqlite'
import { demandCount, demandId } from '@b-ticketing/core'
import type { LockStore } from '@b-ticketing/core/ports'

/** Leases in SQLite, judged by the clock of the one machine that has the file. */
export function createSqliteLockStore(p: { database: DatabaseSync; now: () => number }): LockStore {
  const { database, now } = p
  database.exec(
    'CREATE TABLE IF NOT EXISTS leases (key TEXT PRIMARY KEY, owner TEXT, fence INTEGER, until INTEGER) STRICT',
  )
  const find = database.prepare('SELECT owner, fence, until FROM leases WHERE key = ?')
  const put = database.prepare('INSERT OR REPLACE INTO leases (key, owner, fence, until) VALUES (?, ?, ?, ?)')
  let last = 0
  // Numbers start at the clock in microseconds and only grow, so that a lost file brings none of them back.
  const nextFence = (before: number): number => {
    last = Math.max(last + 1, before + 1, now() * 1_000)
    return last
  }
  const read = (key: string) => find.get(key) as { owner: string; fence: number; until: number } | undefined
  const holds = (q: { key: string; owner: string; fence: number }): boolean => {
    const row = read(q.key)
    return row !== undefined && row.owner === q.owner && row.fence === q.fence && now() < row.until
  }

  return {
    acquire: async ({ key, owner, ttlMs }) => {
      const row = read(demandId(key, 'key'))
      demandId(owner, 'owner')
      demandCount(ttlMs, 'ttlMs')
      const live = row !== undefined && now() < row.until
      if (live && row.owner !== owner) return { ok: false, retryInMs: row.until - now() }
      // The same owner again is the same grant.
      const fence = live ? row.fence : nextFence(row?.fence ?? 0)
      const until = now() + ttlMs
      put.run(key, owner, fence, until)
      return { ok: true, fence, until }
    },
    renew: async ({ key, owner, fence, ttlMs }) => {
      demandCount(ttlMs, 'ttlMs')
      if (!holds({ key, owner, fence })) return false
      put.run(key, owner, fence, now() + ttlMs)
      return true
    },
    release: async ({ key, owner, fence }) => {
      if (!holds({ key, owner, fence })) return false
      put.run(key, owner, fence, now())
      return true
    },
  }
}
// endregion
