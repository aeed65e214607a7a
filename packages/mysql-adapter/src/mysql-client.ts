import { isTicketingError, TicketingError } from '@b-ticketing/core'
import type { Runtime } from '@b-ticketing/core/ports'
import { format } from 'mysql2'
import { asFault, CommitUnknown, isAnswer, isLost } from './fault.ts'
import { type Query, type Sql, statement, type Written } from './query.ts'
import { makeSession, requireSession } from './session.ts'
import { within } from './within.ts'

/** What we call of a mysql2/promise pool. */
export interface MysqlPool {
  getConnection(): Promise<MysqlConnection>
  end(): Promise<void>
}

export interface MysqlConnection {
  /** The same object each time the pool hands this connection out. */
  readonly connection: object
  readonly threadId: number | null
  query(options: QueryOptions): Promise<[unknown, unknown]>
  release(): void
  destroy(): void
}

interface QueryOptions {
  readonly sql: string
  /** Values are in the text by now; without a word the driver would look through all of it for more places. */
  readonly values: null
  readonly namedPlaceholders: false
  readonly timeout: number
  readonly rowsAsArray: false
  readonly nestTables: false
  readonly typeCast: true | ((field: unknown, next: () => unknown) => unknown)
}

/** The one way to the database: every statement ends within the bound, in its answer or in an error. */
export interface MysqlClient {
  readonly runtime: Runtime
  readonly timeoutMs: number
  /**
   * SQL for the database's own clock, in ms since 1970, UTC whatever the session's time zone. Constant within one statement.
   * Instants are kept as BIGINT and never compared with a clock of this process.
   */
  readonly now: () => string
  /** Reads outside a transaction, one snapshot per statement. Repeated once on another connection when its own was lost. */
  read<T>(run: (sql: Sql) => Promise<T>): Promise<T>
  /**
   * A connection of one's own, given back afterwards; destroyed when `work` fails by anything but the server's answer.
   * `statementMs`: another bound for its statements.
   */
  connected<T>(work: (connection: Connected) => Promise<T>, statementMs?: number): Promise<T>
  /** Closes the pool if it is owned. Repeatable. */
  close(): Promise<void>
}

export interface Connected extends Sql {
  /** Every transaction must say READ COMMITTED itself: the pool is the host's, and so are the settings of its sessions. */
  readonly borrowed: boolean
  /** Is not used again. Whatever it has open, the server ends. */
  destroy(): void
}

const serverClock = "(TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000)"

export function createMysqlClient(p: {
  readonly pool: MysqlPool
  readonly owned: boolean
  readonly runtime: Runtime
  readonly timeoutMs: number
  readonly clock?: { now(): number }
}): MysqlClient {
  const { pool, owned, timeoutMs, clock } = p
  const known = new WeakSet<object>()
  let closed = false

  const prepare = async (connection: MysqlConnection): Promise<void> => {
    if (known.has(connection.connection)) return
    const sql = sqlOf(connection, timeoutMs, owned)
    if (owned) await makeSession(sql, timeoutMs)
    await requireSession(sql)
    known.add(connection.connection)
  }

  const checkout = async (): Promise<MysqlConnection> => {
    if (closed) throw new TicketingError('CLOSED', 'the MySQL adapter is closed')
    const connection = await within(timeoutMs, pool.getConnection())
    try {
      await prepare(connection)
      return connection
    } catch (error) {
      if (isAnswer(error) || isTicketingError(error)) connection.release()
      else connection.destroy()
      throw error
    }
  }

  /** What the server still runs for a connection we gave up would keep its locks. */
  const kill = async (threadId: number | null): Promise<void> => {
    if (threadId === null || closed) return
    const connection = await checkout()
    await sqlOf(connection, timeoutMs, owned)
      .run(statement(`KILL CONNECTION ${threadId}`))
      .then(
        () => connection.release(),
        (error) => (isAnswer(error) ? connection.release() : connection.destroy()),
      )
  }

  const connected = async <T>(work: (connection: Connected) => Promise<T>, statementMs = timeoutMs): Promise<T> => {
    const connection = await checkout()
    let live = true
    const destroy = () => {
      live = false
      connection.destroy()
    }
    try {
      return await work({ ...sqlOf(connection, statementMs, owned), borrowed: !owned, destroy })
    } catch (error) {
      if (isTimeout(error)) void kill(connection.threadId).catch(() => {})
      if (live && !isAnswer(error) && !isTicketingError(error)) destroy()
      throw error
    } finally {
      if (live) connection.release()
    }
  }

  return {
    runtime: p.runtime,
    timeoutMs,
    now: clock ? () => String(Math.trunc(clock.now())) : () => serverClock,
    connected,
    read: async (run) => {
      try {
        return await connected(run).catch((error) => {
          if (!isLost(error)) throw error
          return connected(run)
        })
      } catch (error) {
        throw asFault(error)
      }
    },
    close: async () => {
      if (closed) return
      closed = true
      if (owned) await within(timeoutMs, pool.end()).catch(() => {})
    },
  }
}

const isTimeout = (error: unknown): boolean => {
  const { code } = (error instanceof CommitUnknown ? error.cause : error) as { code?: unknown }
  return code === 'PROTOCOL_SEQUENCE_TIMEOUT'
}

type SqlValue = NonNullable<Parameters<typeof format>[1]>

/** A cast of the host's is in force unless a query brings one of its own. */
const asTheyCome = (_: unknown, next: () => unknown): unknown => next()

/** Values become text here and not in the driver, whose settings are the host's. `requireSession` makes it safe. */
function sqlOf(connection: MysqlConnection, timeout: number, owned: boolean): Sql {
  const send = async (query: Query<unknown>): Promise<unknown> => {
    const { sql, parameters } = query.compile()
    const text = parameters.length === 0 ? sql : format(sql, parameters as SqlValue, false, 'Z')
    const [reply] = await connection.query({
      sql: text,
      values: null,
      namedPlaceholders: false,
      timeout,
      rowsAsArray: false,
      nestTables: false,
      typeCast: owned || asTheyCome,
    })
    return reply
  }
  const rows = async <Row>(query: Query<Row>) => (await send(query)) as readonly Row[]
  return {
    rows,
    first: async (query) => (await rows(query))[0],
    run: async (query): Promise<Written> => {
      const { affectedRows, insertId } = (await send(query)) as { affectedRows: number; insertId: number }
      return { rows: affectedRows, insertId }
    },
  }
}
