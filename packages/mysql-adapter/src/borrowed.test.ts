import { systemRuntime } from '@b-ticketing/core'
import {
  answerStoreContract,
  bookingStoreContract,
  catalogueContract,
  deadLettersContract,
  noticeStoreContract,
  outboxContract,
  seatSourceContract,
} from '@b-ticketing/core/conformance'
import { createPool, type Pool, type PoolOptions, type RowDataPacket } from 'mysql2/promise'
import { afterAll, describe, expect, test } from 'vitest'
import { createMysqlAnswerStore } from './answer-store.ts'
import { bookingStoreSubject, outboxSubject } from './booking.test-support.ts'
import { catalogueSubject } from './catalogue.test-support.ts'
import { createMysqlDeadLetters } from './dead-letters.ts'
import { mysqlAdapters } from './index.ts'
import { describeSql, type TestDatabase } from './mysql.test-support.ts'
import { createMysqlClient } from './mysql-client.ts'
import { createMysqlNoticeStore } from './notice-store.ts'
import { statement } from './query.ts'
import { seatSourceSubject } from './seat-source.test-support.ts'
import { createTransactions } from './transaction.ts'

/** Nothing of it is as the adapter would have it. */
const strange: PoolOptions = {
  timezone: '+09:00',
  supportBigNumbers: true,
  bigNumberStrings: true,
  dateStrings: true,
  namedPlaceholders: true,
  rowsAsArray: true,
  nestTables: '_',
  stringifyObjects: true,
  typeCast: () => 'cast',
  // As the driver's own, it leaves a text alone that comes without values: its question marks are data.
  queryFormat: (sql, values) => (values === null ? sql : sql.replaceAll('?', 'NULL')),
  flags: ['-FOUND_ROWS'],
}

const strangeSession =
  "SET SESSION time_zone = '-03:30', SESSION innodb_lock_wait_timeout = 30; SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE"

await describeSql('a borrowed pool', (server) => {
  const pools: Pool[] = []
  afterAll(async () => {
    for (const pool of pools) await pool.end()
  })

  const poolTo = (uri: string, options: PoolOptions = {}, session = ''): Pool => {
    const pool = createPool({ uri, connectionLimit: 8, ...options })
    pools.push(pool)
    pool.pool.on('connection', (connection) => {
      for (const sql of session.split('; ').filter(Boolean)) connection.query({ sql, typeCast: true })
    })
    return pool
  }

  const strangely = async (): Promise<TestDatabase> => {
    const database = await server.openDatabase()
    const pool = poolTo(database.uri, strange, strangeSession)
    const client = createMysqlClient({ pool, owned: false, runtime: systemRuntime, timeoutMs: 10_000, clock: database })
    return { ...database, client, ...createTransactions(client) }
  }

  // What the driver does with its settings does not depend on the server.
  if (server.kind === 'mysql')
    describe('with settings of its own serves every door', () => {
      const kits = [
        ...catalogueContract(async () => catalogueSubject(await strangely())),
        ...bookingStoreContract(async () => bookingStoreSubject(await strangely())),
        ...outboxContract(async () => outboxSubject(await strangely())),
        ...seatSourceContract(async () => seatSourceSubject(await strangely())),
        ...deadLettersContract(async () => {
          const database = await strangely()
          return { ...database, port: createMysqlDeadLetters(database) }
        }),
        ...noticeStoreContract(async () => {
          const database = await strangely()
          return { ...database, port: createMysqlNoticeStore(database) }
        }),
        ...answerStoreContract(async () => {
          const database = await strangely()
          return { ...database, port: createMysqlAnswerStore(database) }
        }),
      ]
      for (const { name, run } of kits) test(name, run)
    })

  test('stays open when the adapters are closed, and so does what the host set', async () => {
    await using database = await server.openDatabase()
    const pool = poolTo(database.uri, { connectionLimit: 1 }, strangeSession)
    const adapters = mysqlAdapters(pool)
    await adapters.fenceSource.next({ key: 'lock-1' })
    const [session] = await pool.query<RowDataPacket[]>(
      "SHOW SESSION VARIABLES WHERE Variable_name IN ('transaction_isolation', 'tx_isolation')",
    )
    expect(session.map(({ Value }) => Value)).toContain('SERIALIZABLE')
    await adapters.close()
    await adapters.close()
    await expect(adapters.ping()).rejects.toMatchObject({ code: 'CLOSED' })
    expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
  })

  test('the database’s clock is UTC in ms, whatever the session’s time zone', async () => {
    await using database = await server.openDatabase()
    const times = await Promise.all(
      ["'+00:00'", "'-12:00'", "'+12:45'"].map((zone) => {
        const pool = poolTo(
          database.uri,
          { connectionLimit: 1 },
          `SET SESSION time_zone = ${zone}, SESSION timestamp = 1700000000.123`,
        )
        const client = createMysqlClient({ pool, owned: false, runtime: systemRuntime, timeoutMs: 5_000 })
        return client.read((sql) => sql.first(statement<{ now: number }>(`SELECT ${client.now()} AS now`)))
      }),
    )
    expect(times).toEqual(times.map(() => ({ now: 1_700_000_000_123 })))
  })

  test.each([
    [
      'escapes that end a text early',
      "SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES')",
      /NO_BACKSLASH/,
    ],
    ['values cut without a word', "SET SESSION sql_mode = ''", /STRICT/],
    ['transactions that nobody began', 'SET SESSION autocommit = 0', /autocommit/],
    ['another alphabet', 'SET NAMES latin1', /utf8mb4/],
  ])('is refused when its sessions have %s', async (_, session, message) => {
    await using database = await server.openDatabase()
    const { catalogue } = mysqlAdapters(poolTo(database.uri, {}, session))
    await expect(catalogue.schedules({})).rejects.toMatchObject({ code: 'CONFIG_INVALID', message })
  })

  test('texts arrive as they were sent', async () => {
    await using database = await server.openDatabase()
    const port = createMysqlDeadLetters({ ...database })
    const reason = `it's "quoted" \\ \\' \0 \n \u001a ? ?? :name % _ 예매 🎟 -- ; /* */`
    await port.park({
      letters: [{ id: 'a', source: 'webhook', reason, message: { topic: 'webhook', data: { reason } } }],
    })
    expect((await port.list({})).items[0]).toMatchObject({ reason, message: { data: { reason } } })
  })

  test('a number beyond 2^53 is a fault, and the last safe one is exact', async () => {
    await using database = await server.openDatabase()
    await database.rows(
      "INSERT INTO bt_schedule (schedule_id, venue_id, state, version, epoch, ceiling, incarnation, document) VALUES ('s', 'v', 'open', 9007199254740991, 'e', 1, 1, '{}')",
    )
    const numbers = [{}, { supportBigNumbers: true }, { supportBigNumbers: true, bigNumberStrings: true }]
    const catalogues = numbers.map((options) => mysqlAdapters(poolTo(database.uri, options)).catalogue)
    for (const catalogue of catalogues)
      expect((await catalogue.schedules({})).items[0]?.version).toBe(Number.MAX_SAFE_INTEGER)
    for (const more of ['9007199254740992', '9007199254740993', '9223372036854775807']) {
      await database.rows(`UPDATE bt_schedule SET version = ${more}`)
      for (const catalogue of catalogues)
        await expect(catalogue.schedules({})).rejects.toMatchObject({ code: 'STORE_FAULT' })
    }
  })
})

test.each([
  [null, {}],
  ['mysql://root@localhost/sale', {}],
  [{}, {}],
  [{ uri: 'postgres://localhost/sale' }, {}],
  [{ uri: 'mysql://localhost' }, {}],
  [{ uri: 'mysql://localhost/sale', connectionLimit: 0 }, {}],
  [{ uri: 'mysql://localhost/sale' }, { timeoutMs: 0 }],
  [{ uri: 'mysql://localhost/sale' }, { timeoutMs: Number.NaN }],
])('%j is not opened: CONFIG_INVALID', (mysql, options) => {
  expect(() => mysqlAdapters(mysql as never, options)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
})
