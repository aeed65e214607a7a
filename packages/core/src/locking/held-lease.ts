import { demandCount } from '../shared/demand.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Ms } from '../shared/types.ts'
import { type Lease, lockLost, maxLeaseMs } from './lock.ts'
import type { LockStore } from './lock-store.port.ts'

/**
 * Keeps one granted lease. No clock is compared with the store's: the lease counts as lost once `ttlMs` have passed here since
 * the last call that got it was *sent*, which is never later than its end in the store.
 */
export function holdLease(p: {
  readonly runtime: Pick<Runtime, 'now' | 'sleep'>
  readonly lockStore: LockStore
  readonly resource: string
  readonly shard: Id
  /** As the caller is called, and as the store knows this acquisition. */
  readonly owner: Id
  readonly token: Id
  readonly fence: number
  readonly ttlMs: Ms
  readonly sentAt: Ms
  /** Asked before each renewal. */
  readonly renewing: () => boolean
  /** Called once, when the lease is released or lost. */
  readonly onOver: () => void
}): Lease {
  const { runtime, lockStore, resource, shard, owner, token, fence } = p
  const grant = { key: shard, owner: token, fence }
  const lost = new AbortController()
  const over = new AbortController()
  let deadline = new AbortController()
  let ttlMs = p.ttlMs
  let goodUntil = 0
  let released: Promise<boolean> | null = null

  const lose = (): void => {
    if (over.signal.aborted) return
    stop()
    lost.abort(lockLost(resource))
    p.onOver()
  }

  const stop = (): void => {
    over.abort()
    deadline.abort()
  }

  const watchUntil = (instant: Ms): void => {
    goodUntil = instant
    deadline.abort()
    const mine = new AbortController()
    deadline = mine
    const ms = instant - runtime.now()
    if (ms <= 0) lose()
    else void runtime.sleep({ ms, signal: mine.signal }).then(() => mine.signal.aborted || lose())
  }

  const renew = async (): Promise<void> => {
    const sentAt = runtime.now()
    const renewed = await lockStore.renew({ ...grant, ttlMs })
    if (over.signal.aborted) return
    if (renewed) watchUntil(sentAt + ttlMs)
    else lose()
  }

  const keep = async (): Promise<void> => {
    while (p.renewing() && !over.signal.aborted) {
      await runtime.sleep({ ms: Math.max(1, Math.floor(ttlMs / 3)), signal: over.signal })
      // A store that fails is asked again; the deadline decides when that has lasted too long.
      if (p.renewing() && !over.signal.aborted) await renew().catch(() => {})
    }
  }

  const release = async (): Promise<boolean> => {
    if (over.signal.aborted) return false
    stop()
    try {
      return await lockStore.release(grant)
    } catch {
      // The store frees it by its time; up to here it was held if its time had not come.
      return runtime.now() < goodUntil
    } finally {
      p.onOver()
    }
  }

  const lease: Lease = {
    resource,
    shard,
    owner,
    fence,
    signal: lost.signal,
    async extend(wanted) {
      const wantedMs = demandCount(wanted?.ttlMs ?? ttlMs, 'ttlMs', { max: maxLeaseMs })
      if (over.signal.aborted) throw lockLost(resource)
      ttlMs = wantedMs
      await renew()
      if (over.signal.aborted) throw lockLost(resource)
    },
    release() {
      released ??= release()
      return released
    },
    async [Symbol.asyncDispose]() {
      await lease.release()
    },
  }
  watchUntil(p.sentAt + ttlMs)
  void keep()
  return lease
}
