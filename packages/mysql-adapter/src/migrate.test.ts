import { readdirSync } from 'node:fs'
import { systemRuntime } from '@b-ticketing/core'
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise'
import { afterEach, expect, test } from 'vitest'
import { examine } from './doctor.ts'
import { migrateTables, statementsOf } from './migrate.ts'
import { type Migration, migrations } from './migration-text.ts'
import { describeSql, tapped } from './mysql.test-support.ts'
import { createMysqlClient, type MysqlPool } from './mysql-client.ts'

const names = migrations.map(({ name }) => name)

const clientOf = (pool: MysqlPool) =>
  createMysqlClient({ pool, owned: true, runtime: systemRuntime, timeoutMs: 10_000 })

/** Everything but the progress of the migrations. */
async function tablesOf(pool: Pool): Promise<readonly string[]> {
  const [tables] = await pool.query<RowDataPacket[]>('SHOW TABLES')
  const shown = tables
    .map((row) => String(Object.values(row)[0]))
    .map(async (name) =>
      String((await pool.query<RowDataPacket[]>(`SHOW CREATE TABLE ${name}`))[0][0]?.['Create Table']),
    )
  return Promise.all(shown)
}

/** The process ends right after such a statement: its reply is not read, and no other is sent. */
const crashing = (pool: Pool, isLast: (sql: string) => boolean): MysqlPool =>
  tapped(pool, (sql) => {
    if (isLast(sql)) throw Object.assign(new Error('crashed'), { code: 'CRASHED' })
  })

const withColumn: readonly Migration[] = [
  { number: 1, name: '0001-box', text: 'CREATE TABLE bt_box (id INT PRIMARY KEY, old INT);\n' },
  {
    number: 2,
    name: '0002-label',
    text: `-- A label.
      ALTER TABLE bt_box ADD COLUMN label VARCHAR(8);
      ALTER TABLE bt_box ADD KEY label (label);
      UPDATE bt_box SET label = 'a;b';
      ALTER TABLE bt_box DROP COLUMN old;`,
  },
]

test('every file of the folder is a migration, numbered from 1 without a gap', () => {
  const files = readdirSync(new URL('./migrations/', import.meta.url)).sort()
  expect(names.map((name) => `${name}.sql`)).toEqual(files)
  expect(migrations.map(({ number }) => number)).toEqual(files.map((_, i) => i + 1))
  expect(migrations.filter(({ text }) => /if not exists/i.test(text))).toEqual([])
})

test('a file is cut into its statements, comments left out', () => {
  expect(statementsOf(withColumn[1]?.text ?? '')).toHaveLength(4)
  expect(statementsOf("-- a;\nINSERT INTO t VALUES ('x;y');\n")).toEqual(["INSERT INTO t VALUES ('x;y')"])
})

await describeSql('migrate', (server) => {
  const pools: Pool[] = []
  const open = async () => {
    const { uri } = await server.createDatabase()
    return opened(uri)
  }
  const opened = (uri: string) => {
    const pool = createPool({ uri })
    pools.push(pool)
    return { uri, pool, client: clientOf(pool) }
  }
  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.end()
  })

  test('makes all tables once, and repeated nothing', async () => {
    const { client, pool } = await open()
    expect(await migrateTables(client)).toEqual({ applied: names })
    const tables = await tablesOf(pool)
    expect(await migrateTables(client)).toEqual({ applied: [] })
    expect(await tablesOf(pool)).toEqual(tables)
    expect(tables.filter((table) => !table.includes('utf8mb4_bin'))).toEqual([])
  })

  test('of several processes at once, one makes them', async () => {
    const { uri, client } = await open()
    const others = [opened(uri).client, opened(uri).client]
    const done = await Promise.all([client, ...others].map((each) => migrateTables(each)))
    expect(done.flatMap(({ applied }) => applied)).toEqual(names)
  })

  test('two databases on one server do not wait for each other', async () => {
    const { pool, client } = await open()
    const connection = await pool.getConnection()
    await connection.query("SELECT GET_LOCK(CONCAT('b-ticketing-', LEFT(SHA2('another', 256), 40)), 1)")
    expect(await migrateTables(client)).toEqual({ applied: names })
    connection.release()
  })

  test('goes on after a crash at any statement, whether it was noted or not', { timeout: 60_000 }, async () => {
    const whole = await open()
    await migrateTables(whole.client)
    const { pool, client } = await open()
    const seen = new Set<string>()
    const isNews = (sql: string) =>
      !/GET_LOCK|RELEASE_LOCK|^SELECT|^SET|^SHOW/.test(sql) && !seen.has(sql) && seen.add(sql) !== null
    let crashes = 0
    while (
      await migrateTables(clientOf(crashing(pool, isNews))).then(
        () => false,
        () => true,
      )
    )
      crashes++
    expect(crashes).toBeGreaterThan(migrations.flatMap(({ text }) => statementsOf(text)).length)
    expect(await migrateTables(client)).toEqual({ applied: [] })
    expect(new Set((await tablesOf(pool)).map(withoutCounters))).toEqual(
      new Set((await tablesOf(whole.pool)).map(withoutCounters)),
    )
  })

  test('columns and keys that a crash left behind are found done', async () => {
    const { pool } = await open()
    const seen = new Set<string>()
    const isNews = (sql: string) => /^(CREATE|ALTER)/.test(sql) && !seen.has(sql) && seen.add(sql) !== null
    const migrated = () => migrateTables(clientOf(crashing(pool, isNews)), withColumn)
    for (const [i] of ['ledger', 'table', 'column', 'key', 'drop'].entries())
      await expect(migrated(), `crash ${i}`).rejects.toMatchObject({ code: 'BUSY' })
    expect(await migrated()).toEqual({ applied: ['0002-label'] })
    const table = (await tablesOf(pool)).find((text) => text.includes('bt_box'))
    expect(table).toMatch(/`label` varchar\(8\)/)
    expect(table).toMatch(/KEY `label`/)
    expect(table).not.toMatch(/`old`/)
  })

  test('a table of the host is never taken for one of its own', async () => {
    const { pool, client } = await open()
    await pool.query('CREATE TABLE bt_venue (mine INT)')
    for (let i = 0; i < 3; i++) await expect(migrateTables(client)).rejects.toMatchObject({ code: 'STORE_FAULT' })
    await pool.query('DROP TABLE bt_venue')
    expect(await migrateTables(client)).toEqual({ applied: names })
  })

  test('refuses a database that is newer than the package', async () => {
    const { pool, client } = await open()
    const next = { number: migrations.length + 1, name: 'next', text: 'CREATE TABLE bt_next (id INT PRIMARY KEY);' }
    await migrateTables(client, [...migrations, next])
    const tables = await tablesOf(pool)
    await expect(migrateTables(client)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: /newer/ })
    await expect(examine(client)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: /newer/ })
    expect(await tablesOf(pool)).toEqual(tables)
  })

  test('the doctor sees a newer version that did not come to its end, as migrate does', async () => {
    const { client } = await open()
    const failing = { number: migrations.length + 1, name: 'next', text: 'ALTER TABLE bt_nowhere ADD COLUMN a INT;' }
    await expect(migrateTables(client, [...migrations, failing])).rejects.toMatchObject({ code: 'STORE_FAULT' })
    await expect(migrateTables(client)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: /newer/ })
    await expect(examine(client)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: /newer/ })
  })

  test('the doctor sees one of its own that did not come to its end', async () => {
    const { client, pool } = await open()
    await migrateTables(client)
    await pool.query('UPDATE bt_migration SET finished = 0 WHERE number = ?', [migrations.length])
    await expect(examine(client)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: /run migrate/ })
  })

  test('the doctor says what is missing', async () => {
    const { client } = await open()
    await expect(examine(client)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: /run migrate/ })
    await migrateTables(client, migrations.slice(0, 1))
    await expect(examine(client)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: /older/ })
    await migrateTables(client)
    const { version } = await examine(client)
    expect(version).toMatch(/^\d+\.\d+/)
  })
})

const withoutCounters = (table: string): string => table.replace(/ AUTO_INCREMENT=\d+/, '')
