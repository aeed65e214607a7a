import { demandCount } from '../shared/demand.ts'
import { TicketingError } from '../shared/errors.ts'
import { newId } from '../shared/ids.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Ms } from '../shared/types.ts'
import { holdLease } from './held-lease.ts'
import { joinLeases } from './lease-set.ts'
import { createLocalQueue } from './local-queue.ts'
import {
  demandResource,
  type Lease,
  type LeaseSet,
  lockBackoffMs,
  lockBusy,
  lockLost,
  shardKey,
  shardOf,
} from './lock.ts'
import { type LockOptions, type LockTerms, readLockOptions } from './lock-options.ts'
import type { LockGrant, LockStore } from './lock-store.port.ts'

/**
 * Leases on N shards of the world: different resources may share one. A lock makes work of several steps cheap; what keeps it
 * correct is the fence. Callers of one process queue here first, each for at most one ttl.
 */
export interface ShardedLock {
  /**
   * @throws `LOCK_BUSY` (with `retryInMs`) when every try was refused or failed or `signal` aborted; `BUSY` when too many
   * callers wait; `INVALID` for bad input and, with `details.nested`, for an owner that nests.
   */
  acquireLockWithSharding(p: { readonly resource: string } & LockOptions): Promise<Lease>
  /**
   * All of 1 to 256 resources or none. Every shard is taken once and in one order everywhere, so that two callers never wait
   * for each other. @throws as `acquireLockWithSharding`; `LOCK_LOST` when a lease was lost before all were held.
   */
  acquireMany(p: { readonly resources: readonly string[] } & LockOptions): Promise<LeaseSet>
  /** Holds and renews the lease while `run` runs. @throws what `run` throws, else `LOCK_LOST` when the lease did not last. */
  withLock<T>(p: { readonly resource: string } & LockOptions, run: (lease: Lease) => Promise<T>): Promise<T>
}

/** @throws TicketingError `CONFIG_INVALID`, `INVALID` */
export function createShardedLock(p: {
  readonly lockStore: LockStore
  readonly runtime: Runtime
  /** Must be the same in every process: it decides where a resource is locked. Default 64. */
  readonly shards?: number
  /** Default 5 s. */
  readonly ttlMs?: Ms
  /** Default 5. */
  readonly retries?: number
}): ShardedLock {
  demandDoors(p)
  const { lockStore, runtime } = p
  const shards = demandCount(p.shards ?? 64, 'shards', { max: 65_536 })
  const defaults = readLockOptions(p, { ttlMs: 5_000, retries: 5 })
  const queue = createLocalQueue({ runtime })
  /** Whoever holds or awaits leases here. */
  const owners = new Set<Id>()

  const ask = async (
    key: Id,
    token: Id,
    { ttlMs, retries, signal }: LockTerms,
  ): Promise<LockGrant & { sentAt: Ms }> => {
    for (let attempt = 0; ; attempt++) {
      const sentAt = runtime.now()
      const reply = await tryOnce(() => lockStore.acquire({ key, owner: token, ttlMs }))
      if (reply.ok) return { ...reply, sentAt }
      if (attempt >= retries) throw lockBusy(key, reply.retryInMs, reply.cause)
      await runtime.sleep({ ms: lockBackoffMs(attempt, dice(runtime)), ...(signal && { signal }) })
      if (signal?.aborted) throw lockBusy(key, reply.retryInMs, signal.reason)
    }
  }

  const take = async (resource: string, asker: Asker, terms: LockTerms): Promise<Lease> => {
    const shard = shardKey(shardOf(resource, shards))
    const { ttlMs, retries, signal } = terms
    const leave = await queue.enter({ key: shard, patienceMs: retries === 0 ? 0 : ttlMs, signal })
    if (!leave) throw lockBusy(shard, ttlMs, signal?.reason)
    try {
      const { fence, sentAt } = await ask(shard, asker.token, terms)
      const onOver = () => {
        leave()
        asker.onOver()
      }
      return holdLease({ ...asker, runtime, lockStore, resource, shard, fence, ttlMs, sentAt, onOver })
    } catch (error) {
      leave()
      throw error
    }
  }

  /** One resource of each shard, in the order of the shards. */
  const onePerShard = (resources: readonly string[]): readonly string[] => {
    const byShard = new Map(resources.map((resource) => [shardOf(resource, shards), resource]))
    return [...byShard].sort(([a], [b]) => a - b).map(([, resource]) => resource)
  }

  const takeAll = async (resources: readonly string[], terms: LockTerms): Promise<readonly Lease[]> => {
    const token = newId(runtime)
    const owner = terms.owner ?? token
    if (owners.has(owner))
      throw new TicketingError('INVALID', 'an owner never nests locks', { details: { nested: owner } })
    owners.add(owner)
    let open = resources.length
    let collecting = resources.length > 1
    const asker: Asker = {
      owner,
      token,
      renewing: () => collecting || terms.renew,
      onOver: () => --open > 0 || void owners.delete(owner),
    }
    const leases: Lease[] = []
    try {
      for (const resource of resources) leases.push(await take(resource, asker, terms))
      const lost = leases.find((lease) => lease.signal.aborted)
      if (lost) throw lockLost(lost.resource)
      return leases
    } catch (error) {
      await Promise.all(leases.map((lease) => lease.release()))
      owners.delete(owner)
      throw error
    } finally {
      collecting = false
    }
  }

  const acquireLockWithSharding: ShardedLock['acquireLockWithSharding'] = async (wanted) => {
    const [lease] = await takeAll([demandResource(wanted?.resource)], readLockOptions(wanted, defaults))
    return lease!
  }

  return {
    acquireLockWithSharding,

    async acquireMany(wanted) {
      const resources = demandResources(wanted?.resources)
      const leases = await takeAll(onePerShard(resources), readLockOptions(wanted, defaults))
      const byShard = new Map(leases.map((lease) => [lease.shard, lease]))
      const leaseOf = (resource: string): Lease => byShard.get(shardKey(shardOf(resource, shards)))!
      return joinLeases({ leases, byResource: new Map(resources.map((resource) => [resource, leaseOf(resource)])) })
    },

    async withLock(wanted, run) {
      const lease = await acquireLockWithSharding({ ...wanted, renew: true })
      let result: Awaited<ReturnType<typeof run>>
      try {
        result = await run(lease)
      } catch (error) {
        await lease.release()
        throw error
      }
      if (!(await lease.release())) throw lockLost(wanted.resource)
      return result
    },
  }
}

/** One acquisition, of one shard or of several. */
interface Asker {
  readonly owner: Id
  readonly token: Id
  readonly renewing: () => boolean
  readonly onOver: () => void
}

/** A store that fails has perhaps granted: asking again with the same token then gets the same grant. */
async function tryOnce(acquire: () => ReturnType<LockStore['acquire']>) {
  try {
    const reply = await acquire()
    return { cause: undefined, ...reply }
  } catch (cause) {
    return { ok: false, retryInMs: 1_000, cause } as const
  }
}

const dice = (runtime: Pick<Runtime, 'random'>): number => {
  const [high = 0, low = 0] = runtime.random(2)
  return (high * 256 + low) / 65_536
}

/** @throws TicketingError `CONFIG_INVALID` */
function demandDoors(p: Parameters<typeof createShardedLock>[0] | null | undefined): void {
  const { lockStore, runtime } = p ?? {}
  const isLockStore = [lockStore?.acquire, lockStore?.renew, lockStore?.release].every(isFunction)
  if (isLockStore && [runtime?.now, runtime?.random, runtime?.sleep].every(isFunction)) return
  throw new TicketingError('CONFIG_INVALID', 'a lock needs a lockStore and a runtime')
}

const isFunction = (value: unknown): boolean => typeof value === 'function'

function demandResources(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new TicketingError('INVALID', 'resources must be a list')
  demandCount(value.length, 'the number of resources', { max: 256 })
  return value.map(demandResource)
}
