import { systemRuntime } from '@b-ticketing/core'
import type { AuditRow } from '@b-ticketing/core/ports'
import { type Database, type SharedSql, type SqlKind, sharedSql, sqlKinds } from '@b-ticketing/services'
import { createPool, type Pool, type PoolConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, describe } from 'vitest'
import { migrateTables } from './migrate.ts'
import { createMysqlClient, type MysqlPool } from './mysql-client.ts'
import type { Store } from './store.ts'
import { createTransactions } from './transaction.ts'

/** A migrated, empty database of this test's own, the ground of the doors on it, and a clock that the test moves. */
export interface TestDatabase extends Store, AsyncDisposable {
  readonly name: string
  readonly uri: string
  /** Looks behind the adapter. */
  readonly pool: Pool
  /** The same database for another process, through a pool of its own. */
  beside(): Store
  /** The same, but whenever `lose` has been called, the reply of the next COMMIT is lost. */
  losing(): Store & { lose(): void }
  rows(sql: string, values?: unknown[]): Promise<RowDataPacket[]>
  audit(): Promise<readonly AuditRow[]>
  now(): number
  advance(ms: number): void
  close(): Promise<void>
}

export interface SqlServer {
  readonly kind: SqlKind
  readonly host: string
  readonly port: number
  /** An empty database without tables, dropped at the end. */
  createDatabase(): Promise<Database>
  openDatabase(): Promise<TestDatabase>
}

/** Runs `body` on each kind of server, or skips it aloud. Servers are started once per run, when the first file asks. */
export async function describeSql(name: string, body: (server: SqlServer) => void): Promise<void> {
  for (const kind of sqlKinds) {
    const shared = await sharedSql(kind)
    describe.skipIf(shared === null)(`${name} (${titleOf(kind, shared)})`, () => {
      if (shared === null) return void describe.todo(`needs ${kind}`)
      const { close, ...server } = serverOf(kind, shared)
      afterAll(close)
      body(server)
    })
  }
}

const titles: Readonly<Record<SqlKind, string>> = { mysql: 'MySQL', mariadb: 'MariaDB' }

const titleOf = (kind: SqlKind, server: SharedSql | null): string =>
  server && server.product !== kind ? `${titles[server.product]} in the place of ${titles[kind]}` : titles[kind]

/** Making tables takes long and deleting a few rows does not: a database that a test closed is another's afterwards. */
function serverOf(kind: SqlKind, shared: SharedSql): SqlServer & { close(): Promise<void> } {
  const made: Database[] = []
  const pools: Pool[] = []
  const idle: { readonly database: Database; readonly pool: Pool }[] = []

  const createDatabase = async (): Promise<Database> => {
    const database = await shared.createDatabase()
    made.push(database)
    return database
  }

  const migrated = async () => {
    const database = await createDatabase()
    const pool = createPool({ uri: database.uri, connectionLimit: 10 })
    pools.push(pool)
    await migrateTables(createMysqlClient({ pool, owned: true, runtime: systemRuntime, timeoutMs: 30_000 }))
    return { database, pool }
  }

  return {
    kind,
    host: shared.host,
    port: shared.port,
    createDatabase,
    openDatabase: async () => {
      const home = idle.pop() ?? (await migrated())
      return testDatabase(home.database, home.pool, async () => {
        await emptyTables(home.pool)
        idle.push(home)
      })
    },
    close: async () => {
      await Promise.all(pools.map((pool) => pool.end()))
      await Promise.all(made.map((database) => database.drop()))
    },
  }
}

async function emptyTables(pool: Pool): Promise<void> {
  const [tables] = await pool.query<RowDataPacket[]>("SHOW TABLES LIKE 'bt\\_%'")
  const names = tables.map((row) => String(Object.values(row)[0]))
  const connection = await pool.getConnection()
  await connection.beginTransaction()
  for (const name of names)
    if (!['bt_migration', 'bt_outbox_lane'].includes(name)) await connection.query(`DELETE FROM ${name}`)
  await connection.query('UPDATE bt_outbox_lane SET token = NULL, leased_until = 0')
  await connection.commit()
  connection.release()
}

function testDatabase({ name, uri }: Database, pool: Pool, giveBack: () => Promise<void>): TestDatabase {
  let now = 1_800_000_000_000
  const clock = { now: () => now }
  const others: Pool[] = []
  const storeOn = (on: MysqlPool): Store => {
    const client = createMysqlClient({ pool: on, owned: true, runtime: systemRuntime, timeoutMs: 10_000, clock })
    return { client, ...createTransactions(client) }
  }
  const beside = (): Store => {
    const other = createPool({ uri, connectionLimit: 10 })
    others.push(other)
    return storeOn(other)
  }
  const rows = async (sql: string, values: unknown[] = []) => (await pool.query<RowDataPacket[]>(sql, values))[0]
  const close = async () => {
    await Promise.all(others.map((other) => other.end()))
    await giveBack()
  }
  return {
    name,
    uri,
    ...storeOn(pool),
    pool,
    beside,
    losing: () => {
      let due = false
      const lossy = tapped(pool, (sql) => {
        if (!due || sql !== 'COMMIT') return
        due = false
        throw Object.assign(new Error('the reply is lost'), { code: 'PROTOCOL_CONNECTION_LOST' })
      })
      return {
        ...storeOn(lossy),
        lose: () => {
          due = true
        },
      }
    },
    rows,
    audit: async () => (await rows('SELECT * FROM bt_audit ORDER BY seq')).map(auditRow),
    now: () => now,
    advance: (ms) => {
      now += ms
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** `after` runs after each statement; what it throws is what the adapter gets in the place of the reply. */
export const tapped = (
  pool: Pool,
  after: (sql: string, connection: PoolConnection) => void | Promise<void>,
): MysqlPool => ({
  end: () => pool.end(),
  getConnection: async () => {
    const connection = await pool.getConnection()
    return {
      connection: connection.connection,
      threadId: connection.threadId,
      release: () => connection.release(),
      destroy: () => connection.destroy(),
      query: async (options) => {
        const reply = await connection.query(options)
        await after(options.sql, connection)
        return reply
      },
    }
  },
})

const auditRow = (row: RowDataPacket): AuditRow => ({
  id: String(row.seq),
  at: row.at,
  by: row.by_whom,
  action: row.action,
  subject: row.subject,
  detail: JSON.parse(row.detail),
})
