import { demandCount } from '../shared/demand.ts'
import { demandId } from '../shared/ids.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Ms } from '../shared/types.ts'
import type { FenceSource } from './fence-source.port.ts'
import { fencingNumber } from './lock.ts'
import type { LockStore } from './lock-store.port.ts'

export interface StoredLease {
  readonly owner: Id
  readonly fence: number
  readonly until: Ms
}

export interface MemoryLockStore extends LockStore {
  /** What is stored, ended leases included: for readers behind the port. */
  readonly rows: ReadonlyMap<Id, StoredLease>
  /** Forgets everything, as a restart without its data does. */
  lose(): void
}

/**
 * Without a fence source a key's numbers start at the store's clock in microseconds, which a loss of data does not turn back.
 * Each operation takes a microsecond of it at least, so the clock stays ahead of numbers that grow by 1 per grant.
 */
export function createMemoryLockStore(p: {
  readonly runtime: Pick<Runtime, 'now'>
  readonly fenceSource?: FenceSource
}): MemoryLockStore {
  const rows = new Map<Id, StoredLease>()
  let lastMicros = 0
  let losses = 0

  const micros = (): number => {
    lastMicros = Math.max(lastMicros + 1, p.runtime.now() * 1_000)
    return lastMicros
  }

  /** An epoch fetched before a loss may be older than one granted and lost since: it is fetched again. */
  const fetchEpoch = async (source: FenceSource, key: Id): Promise<number> => {
    const before = losses
    const epoch = await source.next({ key })
    return before === losses ? epoch : fetchEpoch(source, key)
  }

  const grant = (key: Id, owner: Id, fence: number, ttlMs: Ms) => {
    const until = p.runtime.now() + ttlMs
    rows.set(key, { owner, fence, until })
    return { ok: true, fence, until } as const
  }

  const live = (key: Id): StoredLease | null => {
    const row = rows.get(key)
    return row && p.runtime.now() < row.until ? row : null
  }

  const holds = (key: Id, owner: Id, fence: number): boolean => {
    const lease = live(key)
    return lease !== null && lease.owner === owner && lease.fence === fence
  }

  return {
    rows,

    async acquire({ key, owner, ttlMs }) {
      demandId(key, 'key')
      demandId(owner, 'owner')
      demandCount(ttlMs, 'ttlMs')
      // Fetched before the decision; when another caller was granted meanwhile it goes unused.
      const epoch = p.fenceSource && !rows.has(key) ? await fetchEpoch(p.fenceSource, key) : null
      const clock = micros()
      const lease = live(key)
      if (lease && lease.owner !== owner) return { ok: false, retryInMs: lease.until - p.runtime.now() }
      if (lease) return grant(key, owner, lease.fence, ttlMs)
      const last = rows.get(key)
      if (last) return grant(key, owner, last.fence + 1, ttlMs)
      return grant(key, owner, epoch === null ? clock : fencingNumber(epoch, 1), ttlMs)
    },

    async renew({ key, owner, fence, ttlMs }) {
      demandCount(ttlMs, 'ttlMs')
      if (!holds(key, owner, fence)) return false
      grant(key, owner, fence, ttlMs)
      return true
    },

    async release({ key, owner, fence }) {
      if (!holds(key, owner, fence)) return false
      rows.set(key, { owner, fence, until: p.runtime.now() })
      return true
    },

    lose: () => {
      losses++
      rows.clear()
    },
  }
}
