import { systemRuntime } from '@b-ticketing/core'
import type { BookingStore, Outbox, Runtime } from '@b-ticketing/core/ports'
import { createPool } from 'mysql2/promise'
import { createMysqlBookingStore } from './booking-store.ts'
import { createMysqlClient, type MysqlPool } from './mysql-client.ts'
import { createMysqlOutbox } from './outbox.ts'
import { createTransactions } from './transaction.ts'

/** A process of the sale, as the database sees it: a pool of its own. */
export interface Process {
  readonly store: BookingStore
  readonly outbox: Outbox
  /** Errors that the server answered to it, by number. */
  readonly errors: readonly number[]
  close(): Promise<void>
}

export interface ProcessOptions {
  readonly timeoutMs?: number
  readonly connectionLimit?: number
  /** Instead of the database's own clock. */
  readonly clock?: { now(): number }
  /** Is told each statement before it is sent. */
  readonly onSend?: (sql: string) => void
  /** Happens before anything is repeated. */
  readonly onPause?: () => Promise<unknown>
}

export function openProcess(uri: string, options: ProcessOptions = {}): Process {
  const { timeoutMs = 5_000, connectionLimit = 4, clock, onSend, onPause } = options
  const errors: number[] = []
  const pool = createPool({ uri, connectionLimit, charset: 'utf8mb4', supportBigNumbers: true, timezone: 'Z' })
  const watched: MysqlPool = {
    getConnection: async () => {
      const connection = await pool.getConnection()
      return {
        connection: connection.connection,
        threadId: connection.threadId,
        release: () => connection.release(),
        destroy: () => connection.destroy(),
        query: async (query) => {
          onSend?.(query.sql)
          return connection.query(query).catch((error) => {
            errors.push(error.errno)
            throw error
          })
        },
      }
    },
    end: () => pool.end(),
  }
  const runtime: Runtime = {
    ...systemRuntime,
    sleep: async (p) => {
      await onPause?.()
      await systemRuntime.sleep(p)
    },
  }
  const client = createMysqlClient({ pool: watched, owned: true, runtime, timeoutMs, ...(clock && { clock }) })
  const store = { client, ...createTransactions(client) }
  return {
    store: createMysqlBookingStore(store),
    outbox: createMysqlOutbox(store),
    errors,
    close: () => client.close(),
  }
}
