import { type Runtime, systemRuntime, TicketingError } from '@b-ticketing/core'
import type { Id, LockStore, Ms } from '@b-ticketing/core/ports'

export interface RecordLease {
  /** Ends the lease, so that a successor need not wait for it. Repeatable. */
  close(): Promise<void>
}

const key = 'record'
const ttlMs: Ms = 10_000
const lookMs: Ms = 1_000
/** After a renewal that Redis did not answer: it may be somebody else's by now. */
const askAgainMs: Ms = 100
/** Two clocks tell one instant this differently. */
const skewMs: Ms = 250

/**
 * For a record that lives in one process and dies with it (Redis alone): while it lives, its random id stands beside the
 * sales as a lease of 10 s, renewed. A predecessor's lease is waited for; that of a process which still renews it is a second
 * live process. Give the same id to `redisAdapters`: lines of the dead record are missing then, and start in a new epoch.
 *
 * `onWait`: there is such a lease, and it is waited for. `onLost`: another process has taken its place (this one was stopped
 * for longer than the lease): nothing may be written any more.
 * @throws TicketingError `CONFIG_INVALID` for a second live process; `BUSY`
 */
export async function holdRecordLease(p: {
  readonly lockStore: LockStore
  readonly recordId: Id
  readonly onLost: () => void
  readonly onWait?: () => void
  readonly runtime?: Pick<Runtime, 'now' | 'sleep'>
}): Promise<RecordLease> {
  const { lockStore, recordId, onLost, onWait, runtime = systemRuntime } = p
  const ended = new AbortController()
  const acquire = () => lockStore.acquire({ key, owner: recordId, ttlMs })
  let fence = await firstFence(acquire, runtime, onWait)

  /** @returns whether this process still is the one. */
  const prolong = async (): Promise<boolean> => {
    if (await lockStore.renew({ key, owner: recordId, fence, ttlMs })) return true
    // The store may have lost the lease with its data: it is ours again unless somebody else was faster.
    const reply = await acquire()
    if (reply.ok) fence = reply.fence
    return reply.ok
  }

  const keep = async (): Promise<void> => {
    let pause: Ms = ttlMs / 3
    for (;;) {
      await runtime.sleep({ ms: pause, signal: ended.signal })
      if (ended.signal.aborted) return
      const held = await prolong().catch(() => 'unknown' as const)
      // A Redis that cannot be reached takes no writes either: the next look tells, and it is the first thing asked then.
      pause = held === 'unknown' ? askAgainMs : ttlMs / 3
      if (held) continue
      ended.abort()
      return onLost()
    }
  }
  const kept = keep()

  return {
    close: async () => {
      if (ended.signal.aborted) return
      ended.abort()
      await kept
      await lockStore.release({ key, owner: recordId, fence }).catch(() => false)
    },
  }
}

async function firstFence(
  acquire: () => ReturnType<LockStore['acquire']>,
  runtime: Pick<Runtime, 'now' | 'sleep'>,
  onWait: () => void = () => {},
): Promise<number> {
  let end: Ms | null = null
  for (;;) {
    const reply = await acquire()
    if (reply.ok) return reply.fence
    const seen: Ms = runtime.now() + reply.retryInMs
    if (end !== null && seen > end + skewMs) {
      throw new TicketingError(
        'CONFIG_INVALID',
        'another live process keeps the record of this Redis: with Redis alone there is one process',
      )
    }
    if (end === null) onWait()
    end ??= seen
    await runtime.sleep({ ms: Math.min(reply.retryInMs, lookMs) })
  }
}
