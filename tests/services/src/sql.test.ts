import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { type Connection, createConnection } from 'mysql2/promise'
import { afterEach, describe, expect, test } from 'vitest'
import { ownSql, sharedSql, sqlKinds } from './index.ts'

const open: Connection[] = []

async function connect(uri: string): Promise<Connection> {
  const connection = await createConnection({ uri, connectTimeout: 5_000 })
  connection.on('error', () => {})
  open.push(connection)
  return connection
}

const one = async (connection: Connection, sql: string): Promise<unknown> => {
  const [rows] = await connection.query({ sql, rowsAsArray: true })
  return (rows as unknown as unknown[][])[0]?.[0]
}

afterEach(() => {
  for (const connection of open.splice(0)) connection.destroy()
})

for (const kind of sqlKinds) {
  const shared = await sharedSql(kind)
  describe.skipIf(shared === null)(`${kind} (${shared?.product})`, () => {
    test('one server for a run, and it is what it says', async () => {
      expect(await sharedSql(kind)).toMatchObject({ uri: shared!.uri })
      const version = await one(await connect(shared!.uri), 'select version()')
      expect(/mariadb/i.test(String(version)) ? 'mariadb' : 'mysql').toBe(shared!.product)
    })

    test('everybody gets an empty database of their own', async () => {
      const [first, second] = [await shared!.createDatabase(), await shared!.createDatabase()]
      await (await connect(first.uri)).query('create table seat (id int primary key)')
      expect(
        await one(
          await connect(second.uri),
          'select count(*) from information_schema.tables where table_schema = database()',
        ),
      ).toBe(0)
      await Promise.all([first.drop(), second.drop()])
      await expect(connect(first.uri)).rejects.toThrow(/unknown database/i)
    })

    test('one’s own: what was committed outlives a kill; a paused one answers when it goes on', async () => {
      const own = (await ownSql(kind, ['--innodb-lock-wait-timeout=7']))!
      const { uri } = await own.createDatabase()
      const before = await connect(uri)
      expect(await one(before, 'select @@innodb_lock_wait_timeout')).toBe(7)
      await before.query('create table seat (id int primary key)')
      await before.query('insert into seat values (17)')
      await own.kill()
      await expect(connect(uri)).rejects.toThrow()
      await own.start()
      const after = await connect(uri)
      await own.pause()
      const answer = one(after, 'select id from seat')
      expect(await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 100, 'silence'))])).toBe(
        'silence',
      )
      await own.resume()
      expect(await answer).toBe(17)
      await own.close()
      await expect(connect(uri)).rejects.toThrow()
    }, 60_000)
  })
}

test('where MySQL cannot be fetched MariaDB stands in, aloud', async () => {
  const program = fileURLToPath(new URL('./probe.test-support.ts', import.meta.url))
  const env = { PATH: process.env.PATH, TEST_DOCKER: '0', XDG_CACHE_HOME: '/dev/null', REQUIRE_SERVICES: '1' }
  const child = spawn(process.execPath, [program, 'mysql'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const said = { out: '', err: '' }
  child.stdout.on('data', (chunk) => (said.out += chunk))
  child.stderr.on('data', (chunk) => (said.err += chunk))
  const [code] = await once(child, 'close')
  expect([code, JSON.parse(said.out)]).toMatchObject([0, { kind: 'mysql', product: 'mariadb' }])
  expect(said.err).toMatch(/^INSTEAD OF MySQL: .* MariaDB/m)
})
