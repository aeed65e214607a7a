import { isTicketingError, newId, type Observer, systemRuntime } from '@b-ticketing/core'
import { createMemoryEventBus, inMemoryAdapters, type MemoryRecord } from '@b-ticketing/core/memory'
import type { Logger } from 'pino'
import { acknowledgeWhenHandled } from './in-process-bus.ts'
import type { Checks } from './routes/house.ts'
import type { Stores } from './server.ts'
import type { Settings } from './settings.ts'

export interface OpenStores {
  /** Closed by the engine that gets them. */
  readonly stores: Stores
  /** What `/readyz` asks, by name. */
  readonly checks: Checks
}

interface Opening {
  readonly settings: Pick<Settings, 'redisUrl' | 'mysqlUrl' | 'kafkaBrokers' | 'role'>
  readonly log: Logger
  readonly observer: Observer
  /**
   * With Redis alone the record lives in this process, and its lease stands in Redis. Another process has taken that lease:
   * nothing may be written here any more, this one has to end at once.
   */
  readonly onLost: (why: string) => void
  /** Tables of one's own, for an audit that watches them. */
  readonly record?: MemoryRecord
}

/** The doors of the record, wherever it lives. */
type RecordDoors = Pick<
  Stores,
  'catalogue' | 'seatSource' | 'bookingStore' | 'outbox' | 'deadLetters' | 'noticeStore'
> & { readonly fenceSource: ReturnType<typeof inMemoryAdapters>['fenceSource'] }

/** What was opened so far: closed again when the next step fails. */
type Opened = (opened: { close(): Promise<void> }) => void

/**
 * The stores that the settings name, looked over and ready to serve: the tables are brought up to date, topics are made. The clients of
 * the others are not even loaded.
 * @throws Error with one line: what cannot be used, and why
 */
export async function openStores(p: Opening): Promise<OpenStores> {
  const memory = inMemoryAdapters({ runtime: systemRuntime, ...(p.record && { record: p.record }) })
  const { redisUrl, mysqlUrl, kafkaBrokers } = p.settings
  if (redisUrl === null) return { stores: memory, checks: {} }
  const opened: { close(): Promise<void> }[] = []
  const keep: Opened = (one) => opened.push(one)
  try {
    const mysql = mysqlUrl === null ? null : await openMysql(p, mysqlUrl, keep)
    const redis = mysql
      ? await openRedis(p, redisUrl, mysql.stores, keep)
      : await openRedisAlone(p, redisUrl, memory, keep)
    const record = mysql?.stores ?? memory
    const kafka = kafkaBrokers === null ? inProcess(record) : await openKafka(p, kafkaBrokers, record, keep)
    return {
      stores: { ...memory, ...mysql?.stores, ...redis.stores, ...kafka.stores },
      checks: { ...redis.checks, ...mysql?.checks, ...kafka.checks },
    }
  } catch (error) {
    await Promise.allSettled(opened.map((one) => one.close()))
    throw error
  }
}

async function openMysql({ log }: Opening, uri: string, keep: Opened) {
  const { mysqlAdapters } = await import('@b-ticketing/mysql-adapter')
  const mysql = await named('MYSQL_URL', () => mysqlAdapters({ uri }))
  keep(mysql)
  const { applied } = await named('MYSQL_URL', mysql.migrate)
  if (applied.length > 0) log.info({ applied }, 'the tables were brought up to date')
  const { warnings } = await named('MYSQL_URL', mysql.doctor)
  for (const warning of warnings) log.warn(`MySQL: ${warning}`)
  const { migrate, doctor, ping, close, ...stores } = mysql
  return { stores, checks: { mysql: { ask: ping } } }
}

async function openRedis({ log }: Opening, url: string, record: RecordDoors, keep: Opened, recordId?: string) {
  const { fenceSource, catalogue } = record
  const { redisAdapters } = await import('@b-ticketing/redis-adapter')
  const redis = await named('REDIS_URL', () =>
    redisAdapters({ url }, { fenceSource, catalogue, ...(recordId !== undefined && { recordId }) }),
  )
  keep(redis)
  const { warnings } = await named('REDIS_URL', redis.doctor)
  for (const warning of warnings) log.warn(`Redis: ${warning}`)
  const { doctor, ping, close, ...stores } = redis
  return { stores, checks: { redis: { ask: ping } } }
}

/** One process: its record is known by a random id, whose lease stands in Redis. */
async function openRedisAlone(p: Opening, url: string, record: RecordDoors, keep: Opened) {
  const recordId = newId(systemRuntime)
  const redis = await openRedis(p, url, record, keep, recordId)
  const { holdRecordLease } = await import('@b-ticketing/redis-adapter')
  const lease = await holdRecordLease({
    lockStore: redis.stores.lockStore,
    recordId,
    onWait: () => p.log.info('the process before this one may still be alive: its lease is waited for, at most 10 s'),
    onLost: () => p.onLost('another process keeps the record of this Redis now: this one was silent for too long'),
  })
  return { ...redis, stores: { ...redis.stores, close: lease.close } }
}

const inProcess = ({ deadLetters }: RecordDoors): OpenStoresOf<'eventBus'> => ({
  stores: { eventBus: acknowledgeWhenHandled(createMemoryEventBus({ runtime: systemRuntime, deadLetters })) },
  checks: {},
})

/** A broker that is away costs time and no message, so nothing waits for it: the log and `/readyz` tell. */
async function openKafka(p: Opening, brokers: readonly string[], record: RecordDoors, keep: Opened) {
  const { observer, log, settings } = p
  const connection = { brokers: [...brokers], clientId: 'b-ticketing' }
  const { kafkaAdapters } = await import('@b-ticketing/kafka-adapter')
  const kafka = await named('KAFKA_BROKERS', () =>
    kafkaAdapters(connection, { deadLetters: record.deadLetters, observer }),
  )
  keep(kafka)
  await named('KAFKA_BROKERS', kafka.doctor).catch((error: unknown) => {
    if (!isBusy(error)) throw error
    log.warn(`${(error as Error).message}; it is tried again and again`)
  })
  const ask = async (): Promise<void> => {
    const { ok, ...health } = kafka.health()
    if (!ok) throw new Error(JSON.stringify(health))
  }
  // The page needs no broker; a worker without one has nothing to do.
  const optional = settings.role === null || settings.role === 'web'
  return { stores: { eventBus: kafka.eventBus }, checks: { kafka: { ask, optional } } }
}

interface OpenStoresOf<Door extends keyof Stores> {
  readonly stores: Pick<Stores, Door>
  readonly checks: Checks
}

/** A setting that its adapter does not take is an error that names it; the adapters keep passwords out of theirs. */
async function named<T>(setting: string, open: () => T | Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    throw isTicketingError(error) ? new Error(`${setting} cannot be used: ${error.message}`, { cause: error }) : error
  }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && isTicketingError(error.cause) && error.cause.code === 'BUSY'
