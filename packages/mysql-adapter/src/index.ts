import { systemRuntime } from '@b-ticketing/core'
import { bundle } from '@b-ticketing/core/adapter-kit'
import type { Adapters, AnswerStore, FenceSource, Runtime } from '@b-ticketing/core/ports'
import { createPool } from 'mysql2/promise'
import { createMysqlAnswerStore } from './answer-store.ts'
import { createMysqlBookingStore } from './booking-store.ts'
import { createMysqlCatalogue } from './catalogue.ts'
import { createMysqlDeadLetters } from './dead-letters.ts'
import { type Diagnosis, examine } from './doctor.ts'
import { misconfigured } from './fault.ts'
import { createMysqlFenceSource } from './fence-source.ts'
import { type Migrated, migrateTables } from './migrate.ts'
import { createMysqlClient, type MysqlPool } from './mysql-client.ts'
import { createMysqlNoticeStore } from './notice-store.ts'
import { createMysqlOutbox } from './outbox.ts'
import { statement } from './query.ts'
import { createMysqlSeatSource } from './seat-source.ts'
import { createTransactions } from './transaction.ts'
import { createVenues } from './venues.ts'

export interface MysqlAdapterOptions {
  /** Most that the wait for a connection, and any statement, takes; default 5 000 ms. Then it is `BUSY`. */
  readonly timeoutMs?: number
  /** For random tokens and pauses; default: the system's. */
  readonly runtime?: Runtime
  /** Judges leases instead of the database's own clock: for tests. */
  readonly clock?: { now(): number }
}

/** A pool that the adapter opens. */
export interface MysqlAddress {
  /** `mysql://user:password@host:port/database` */
  readonly uri: string
  /** Most connections at once; default 10. */
  readonly connectionLimit?: number
}

export type MysqlAdapters = Pick<
  Adapters,
  'catalogue' | 'seatSource' | 'bookingStore' | 'outbox' | 'deadLetters' | 'noticeStore'
> & {
  /** For a lock store: epochs of fencing numbers that outlive the locks. */
  readonly fenceSource: FenceSource
  /** First answers by idempotency key, for hosts. */
  readonly answerStore: AnswerStore
  /**
   * Makes or updates the tables. Repeatable, also after a crash in the middle, and by several processes at once.
   * @throws TicketingError `CONFIG_INVALID` when the database is newer than this package; `BUSY`, `STORE_FAULT`
   */
  migrate(): Promise<Migrated>
  /** Call it before a sale. @throws TicketingError `CONFIG_INVALID` when a sale cannot run on this database; `BUSY`, `STORE_FAULT` */
  doctor(): Promise<Diagnosis>
  /** One round trip, for whoever watches. @throws TicketingError `BUSY`, `STORE_FAULT` */
  ping(): Promise<void>
  close(): Promise<void>
}

/**
 * The doors of the record. A mysql2/promise pool of yours is borrowed and stays open; for a `uri` one is opened, and closed when the
 * engine is, or by `close`. Nothing is sent before the first call, and no table is made but by `migrate`.
 * @throws TicketingError `CONFIG_INVALID`
 */
export function mysqlAdapters(mysql: MysqlPool | MysqlAddress, options: MysqlAdapterOptions = {}): MysqlAdapters {
  const { timeoutMs = 5_000, runtime = systemRuntime, clock } = options
  if (!(Number.isSafeInteger(timeoutMs) && timeoutMs > 0))
    throw misconfigured('timeoutMs must be a number of milliseconds')
  const { pool, owned } = poolOf(mysql)
  const client = createMysqlClient({ pool, owned, runtime, timeoutMs, ...(clock && { clock }) })
  const store = { client, ...createTransactions(client) }
  const doors = {
    catalogue: createMysqlCatalogue(store),
    seatSource: createMysqlSeatSource({ ...store, venues: createVenues() }),
    bookingStore: createMysqlBookingStore(store),
    outbox: createMysqlOutbox(store),
    deadLetters: createMysqlDeadLetters(store),
    noticeStore: createMysqlNoticeStore(store),
    fenceSource: createMysqlFenceSource(store),
    answerStore: createMysqlAnswerStore(store),
  }
  return {
    ...bundle(doors, () => client.close()),
    migrate: () => migrateTables(client),
    doctor: () => examine(client),
    ping: async () => void (await client.read((sql) => sql.first(statement('SELECT 1')))),
  }
}

function poolOf(mysql: MysqlPool | MysqlAddress): { readonly pool: MysqlPool; readonly owned: boolean } {
  if (typeof mysql !== 'object' || mysql === null || !('uri' in mysql || 'getConnection' in mysql)) {
    throw misconfigured('mysqlAdapters needs a mysql2/promise pool or { uri }')
  }
  if ('promise' in mysql) throw misconfigured('mysqlAdapters needs the pool of mysql2/promise: pass pool.promise()')
  return 'uri' in mysql ? { pool: openPool(mysql), owned: true } : { pool: mysql, owned: false }
}

function openPool({ uri, connectionLimit = 10 }: MysqlAddress): MysqlPool {
  if (!(Number.isSafeInteger(connectionLimit) && connectionLimit > 0))
    throw misconfigured('connectionLimit must be a number of connections')
  if (!/^mysql:\/\/[^/]+\/[^/?]+/.test(String(uri)))
    throw misconfigured('uri must be mysql://user:password@host:port/database')
  return createPool({
    uri,
    connectionLimit,
    charset: 'utf8mb4',
    supportBigNumbers: true,
    timezone: 'Z',
    queueLimit: 10_000,
    // Errors have our own stack; another for each statement costs more than most of them.
    trace: false,
  })
}

export type { Diagnosis } from './doctor.ts'
export type { Migrated } from './migrate.ts'
export type { MysqlConnection, MysqlPool } from './mysql-client.ts'
