// region adapter
import type { DatabaseSync } from 'node:sqlite'
import { demandCount, demandId, TicketingError } from '@b-ticketing/core'
import type { LockStore } from '@b-ticketing/core/ports'

// While another process writes, SQLite waits for it, and this thread with it: so not for long.
const schema = `
  PRAGMA busy_timeout = 500;
  CREATE TABLE IF NOT EXISTS leases (key TEXT PRIMARY KEY, owner TEXT, fence INTEGER, until INTEGER) STRICT`

/** Takes a key that is new, due or this owner's own; the same owner again is the same grant. No row: it is another's. */
const takeKey = `
  INSERT INTO leases (key, owner, fence, until) VALUES (:key, :owner, :fence, :until)
  ON CONFLICT (key) DO UPDATE SET
    owner = :owner,
    until = :until,
    fence = CASE WHEN until > :now THEN fence ELSE max(fence + 1, :fence) END
  WHERE owner = :owner OR until <= :now
  RETURNING fence`

const moveEnd = `
  UPDATE leases SET until = :until WHERE key = :key AND owner = :owner AND fence = :fence AND until > :now`

/** Leases in SQLite, judged by the clock of the one machine whose processes share the file. */
export function createSqliteLockStore(p: { database: DatabaseSync; now: () => number }): LockStore {
  const { database, now } = p
  orFault(() => database.exec(schema))
  const [take, move] = orFault(() => [database.prepare(takeKey), database.prepare(moveEnd)] as const)
  const find = orFault(() => database.prepare('SELECT until FROM leases WHERE key = ?'))
  let last = 0
  // Numbers start at the clock in microseconds and only grow, so that a lost file brings none of them back.
  const nextFence = (): number => {
    last = Math.max(last + 1, now() * 1_000)
    return last
  }

  return {
    acquire: async ({ key, owner, ttlMs }) => {
      demandId(key, 'key')
      demandId(owner, 'owner')
      const until = now() + demandCount(ttlMs, 'ttlMs')
      // `all`, not `get`: a statement has changed something once it has run to its end.
      const [row] = orFault(() => take.all({ key, owner, until, fence: nextFence(), now: now() }))
      if (row) return { ok: true, fence: Number(row.fence), until }
      const due = Number(orFault(() => find.get(key))?.until ?? 0)
      return { ok: false, retryInMs: Math.max(1, due - now()) }
    },
    renew: async ({ key, owner, fence, ttlMs }) => {
      const until = now() + demandCount(ttlMs, 'ttlMs')
      return orFault(() => move.run({ key, owner, fence, until, now: now() })).changes === 1
    },
    release: async ({ key, owner, fence }) =>
      orFault(() => move.run({ key, owner, fence, until: now(), now: now() })).changes === 1,
  }
}

function orFault<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw faultOf(error)
  }
}

/** SQLite's error as ours: others were writing all the time, or what repeating does not mend. */
const faultOf = (cause: unknown): TicketingError =>
  (cause as { errcode?: number }).errcode === 5
    ? new TicketingError('BUSY', 'the file is being written', { cause, retryInMs: 1_000 })
    : new TicketingError('STORE_FAULT', 'SQLite refused the statement', { cause })
// endregion
