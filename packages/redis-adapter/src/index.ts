import { TicketingError } from '@b-ticketing/core'
import { bundle } from '@b-ticketing/core/adapter-kit'
import type { Adapters, Catalogue, FenceSource, Id, SeatNews } from '@b-ticketing/core/ports'
import { createRedisAdmissionQueue } from './admission-queue.ts'
import { createRedisChangeFeed } from './change-feed.ts'
import { type Diagnosis, examine } from './doctor.ts'
import { createKeys } from './keys.ts'
import { createRedisLockStore } from './lock-store.ts'
import { createRedisPaymentView } from './payment-view.ts'
import { createConnection, isCluster, type RedisClient } from './redis-client.ts'
import { openClient } from './redis-url.ts'
import { createScriptRunner } from './script.ts'
import { createRedisSeatInventory } from './seat-inventory.ts'
import { createSeatNames } from './seat-names.ts'
import { createSeatView } from './seat-view.ts'
import { createSectionedSeatInventory } from './sectioned-inventory.ts'
import type { ShardBy } from './shard-by.ts'

export interface RedisAdapterOptions {
  /** The record's epochs, so that fencing numbers grow also when Redis loses its data. */
  readonly fenceSource?: FenceSource
  /**
   * The record behind these lines, where it does not outlive its process: lines of another record are missing then. See
   * `holdRecordLease`.
   */
  readonly recordId?: Id
  /**
   * Whether each seat that is not free is shown under `seat:{<scheduleId>}:<seatId>`, for whoever looks into Redis; default true.
   * Nothing reads it.
   */
  readonly seatView?: boolean
  /**
   * What shares a hash tag, and so a node of a cluster: all seats of a schedule, one call a batch (default), or those of each
   * section, so that one hot sale spreads over the cluster. All processes of a schedule need the same: those that do not agree with
   * who loaded its seats first get `CONFIG_INVALID` for all that needs seats, and change nothing. It says how to change this.
   */
  readonly shardBy?: ShardBy
  /** Names the seats of that view; without it they are called `<section>-<index>`. */
  readonly catalogue?: Pick<Catalogue, 'schedules' | 'venue'>
  /** Stands before every key and channel: two deployments on one Redis need two. */
  readonly prefix?: string
  /**
   * Most that a round trip takes, waiting for a connection included, 1 … 2³¹ − 1; default 2 000 ms. Then its call is `BUSY`. Most
   * calls are one round trip; those that read more than one thing, or with `shardBy: 'section'` hold seats, are several.
   */
  readonly timeoutMs?: number
  /** Judges deadlines instead of Redis's own clock: for tests. */
  readonly clock?: { now(): number }
}

export type RedisAdapters = Pick<
  Adapters,
  'admissionQueue' | 'seatInventory' | 'lockStore' | 'paymentView' | 'changeFeed'
> & {
  /** Call it before a sale. @throws TicketingError `CONFIG_INVALID` when this Redis would lose what it is given; `BUSY` */
  doctor(): Promise<Diagnosis>
  /** One round trip, for whoever watches. @throws TicketingError `BUSY`, `STORE_FAULT` */
  ping(): Promise<void>
  close(): Promise<void>
}

/**
 * The doors that Redis serves. A client of yours (ioredis: `Redis`, also with `sentinels`, or `Cluster`) is borrowed and stays
 * open; for a `url` (`redis://`, `redis-sentinel://host:port,…/master`, `redis-cluster://host:port,…`) one is opened, and closed
 * when the engine is, or by `close`. Nothing is sent before the first call.
 * @throws TicketingError `CONFIG_INVALID`
 */
export function redisAdapters(
  redis: RedisClient | { readonly url: string },
  options: RedisAdapterOptions = {},
): RedisAdapters {
  const { fenceSource, recordId, prefix = '', timeoutMs = 2_000, clock, seatView = true, catalogue, shardBy } = options
  if (!(Number.isSafeInteger(timeoutMs) && timeoutMs > 0 && timeoutMs <= longestTimer)) {
    throw invalid('timeoutMs must be an integer number of milliseconds, 1 to 2147483647')
  }
  if (typeof prefix !== 'string') throw invalid('prefix must be a string')
  if (typeof redis !== 'object' || redis === null || !('url' in redis || 'call' in redis)) {
    throw invalid('redisAdapters needs an ioredis client or { url }')
  }
  const owned = 'url' in redis
  const client = owned ? openClient(redis.url, timeoutMs) : redis
  demandPlain(client.options)
  demandPlain(client.options.redisOptions)
  const connection = createConnection({ client, owned, timeoutMs })
  const scripts = createScriptRunner({ connection, ...(clock && { clock }) })
  const keys = createKeys(prefix)
  const changeFeed = createRedisChangeFeed<SeatNews>({ scripts, keys, connection })
  if (shardBy !== undefined && shardBy !== 'schedule' && shardBy !== 'section') {
    throw invalid("shardBy is 'schedule' or 'section'")
  }
  const bySection = shardBy === 'section'
  const record = recordId !== undefined && { recordId }
  const view = seatView && createSeatView({ scripts, keys, bySection, names: createSeatNames(catalogue) })
  const createSeatInventory = bySection ? createSectionedSeatInventory : createRedisSeatInventory
  const doors = {
    admissionQueue: createRedisAdmissionQueue({ scripts, keys, ...record }),
    seatInventory: createSeatInventory({ scripts, keys, ...record, ...(view && { view }) }),
    lockStore: createRedisLockStore({ scripts, keys, ...(fenceSource && { fenceSource }) }),
    paymentView: createRedisPaymentView({ scripts, keys, isCluster: isCluster(client) }),
    changeFeed,
  }
  const close = async (): Promise<void> => {
    await changeFeed.close()
    if (view) await view.settled()
    await connection.close()
  }
  return {
    ...bundle(doors, close),
    doctor: () => examine({ connection, scripts, keys }),
    ping: async () => void (await connection.command((send) => send('ping', []))),
  }
}

/** What a timer can wait. */
const longestTimer = 2 ** 31 - 1

/** A client that changes what is sent or answered would fail every call, or answer wrongly without a sign. */
function demandPlain(options: RedisClient['options']['redisOptions']): void {
  if (options?.keyPrefix) throw invalid('use the prefix of redisAdapters, not the keyPrefix of the client')
  if (options?.stringNumbers) throw invalid('the client must not have stringNumbers: numbers of replies are judged')
  if (options?.enableAutoPipelining) {
    throw invalid('the client must not have enableAutoPipelining: it cannot send what the adapter sends')
  }
}

const invalid = (message: string): TicketingError => new TicketingError('CONFIG_INVALID', message)

export type { Diagnosis } from './doctor.ts'
export { holdRecordLease, type RecordLease } from './record-lease.ts'
export type { RedisClient } from './redis-client.ts'
