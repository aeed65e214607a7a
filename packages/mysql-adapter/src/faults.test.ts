import { once } from 'node:events'
import type { Socket } from 'node:net'
import { systemRuntime } from '@b-ticketing/core'
import type { Runtime } from '@b-ticketing/core/ports'
import { createFaultProxy, type FaultProxy, ownSql, type SqlKind, sqlKinds } from '@b-ticketing/services'
import { createPool, type Pool, type RowDataPacket } from 'mysql2/promise'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { CommitUnknown } from './fault.ts'
import { mysqlAdapters } from './index.ts'
import { tapped } from './mysql.test-support.ts'
import { createMysqlClient, type MysqlClient, type MysqlPool } from './mysql-client.ts'
import { type Sql, statement } from './query.ts'
import { createTransactions } from './transaction.ts'

const busy = { name: 'TicketingError', code: 'BUSY', retryInMs: 1_000 }

for (const kind of sqlKinds) await describeFaults(kind)

async function describeFaults(kind: SqlKind): Promise<void> {
  const server = await ownSql(kind)
  afterAll(() => server?.close())

  describe.skipIf(server === null)(`faults of a real ${kind === 'mysql' ? 'MySQL' : 'MariaDB'}`, () => {
    if (server === null) return void describe.todo(`needs ${kind}`)
    const closing: (() => unknown)[] = []
    let uri = ''

    beforeAll(async () => {
      uri = (await server.createDatabase()).uri
      const adapters = mysqlAdapters({ uri })
      await adapters.migrate()
      await adapters.close()
    })

    afterEach(async () => {
      for (const close of closing.splice(0).reverse()) await close()
    })

    const poolTo = (address: string, options: object = {}): Pool => {
      const pool = createPool({ uri: address, connectionLimit: 4, connectTimeout: 1_000, ...options })
      closing.push(() => pool.end().catch(() => {}))
      return pool
    }

    interface Ground {
      readonly client: MysqlClient
      readonly inTransaction: ReturnType<typeof createTransactions>['inTransaction']
      /** Pauses between attempts. */
      readonly pauses: number[]
    }

    const ground = (pool: Pool, timeoutMs = 5_000): Ground => {
      const pauses: number[] = []
      const runtime: Runtime = {
        ...systemRuntime,
        sleep: async (p) => {
          pauses.push(p.ms)
          await systemRuntime.sleep(p)
        },
      }
      const client = createMysqlClient({ pool, owned: true, runtime, timeoutMs })
      return { client, inTransaction: createTransactions(client).inTransaction, pauses }
    }

    const proxied = async (): Promise<FaultProxy & { readonly uri: string }> => {
      const proxy = await createFaultProxy({ host: '127.0.0.1', port: server.port })
      closing.push(proxy.close)
      return Object.assign(proxy, { uri: uri.replace(`:${server.port}`, `:${proxy.port}`) })
    }

    const raise = (resource: string) =>
      statement('INSERT INTO bt_fence_epoch VALUES (?, 1) ON DUPLICATE KEY UPDATE epoch = epoch + 1', [resource])
    const epochOf = async (pool: Pool, resource: string) =>
      (await pool.query<RowDataPacket[]>('SELECT epoch FROM bt_fence_epoch WHERE resource = ?', [resource]))[0][0]
        ?.epoch

    test('a deadlock is rolled back and run again, and both sides come through', async () => {
      const pool = poolTo(uri)
      const one = ground(pool)
      const two = ground(poolTo(uri))
      await pool.query("INSERT IGNORE INTO bt_fence_epoch VALUES ('d-a', 0), ('d-b', 0)")
      const meet = meeting(2)
      const crossing = ({ inTransaction }: Ground, first: string, second: string) => {
        let met = false
        return inTransaction(async (tx) => {
          await tx.run(raise(first))
          if (!met) await meet()
          met = true
          await tx.run(raise(second))
        })
      }
      await Promise.all([crossing(one, 'd-a', 'd-b'), crossing(two, 'd-b', 'd-a')])
      expect([await epochOf(pool, 'd-a'), await epochOf(pool, 'd-b')]).toEqual([2, 2])
      expect(one.pauses.length + two.pauses.length).toBeGreaterThan(0)
    })

    test('a lock that is waited for too long is waited for again, with nothing half done', async () => {
      const pool = poolTo(uri)
      const { inTransaction, pauses } = ground(poolTo(uri), 2_000)
      const holder = await pool.getConnection()
      await holder.query('START TRANSACTION')
      await holder.query("INSERT INTO bt_fence_epoch VALUES ('w-b', 0)")
      let runs = 0
      const done = inTransaction(async (tx) => {
        runs++
        await tx.run(raise('w-a'))
        await tx.run(raise('w-b'))
      })
      await expect.poll(() => pauses.length).toBe(1)
      await holder.query('COMMIT')
      holder.release()
      await done
      expect(runs).toBeGreaterThan(1)
      expect([await epochOf(pool, 'w-a'), await epochOf(pool, 'w-b')]).toEqual([1, 1])
    })

    test('races that are lost every time end in BUSY, with nothing done', async () => {
      const pool = poolTo(uri)
      const { inTransaction, pauses } = ground(pool)
      const lost = inTransaction(async (tx) => {
        await tx.run(raise('never'))
        await tx.run(statement("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'Deadlock found'"))
      })
      await expect(lost).rejects.toMatchObject(busy)
      expect(pauses).toHaveLength(5)
      expect(Math.max(...pauses)).toBeLessThanOrEqual(160)
      expect(await epochOf(pool, 'never')).toBeUndefined()
    })

    test('an error of the caller rolls back, and its connection serves on', async () => {
      const pool = poolTo(uri, { connectionLimit: 1 })
      const { inTransaction } = ground(pool)
      const failed = inTransaction(async (tx) => {
        await tx.run(raise('thrown'))
        throw new TypeError('a bug')
      })
      await expect(failed).rejects.toMatchObject({ name: 'TicketingError', code: 'STORE_FAULT' })
      expect(await inTransaction((tx) => tx.first(statement('SELECT 1 AS one')))).toEqual({ one: 1 })
      expect(await epochOf(pool, 'thrown')).toBeUndefined()
    })

    test('a connection killed before COMMIT: the transaction is run again on another', async () => {
      const pool = poolTo(uri)
      const { inTransaction } = ground(pool)
      let runs = 0
      await inTransaction(async (tx) => {
        await tx.run(raise('killed'))
        if (++runs === 1) await kill(server.uri, tx)
        await tx.run(raise('killed'))
      })
      expect([runs, await epochOf(pool, 'killed')]).toEqual([2, 2])
    })

    test('a connection known to be closed before COMMIT was sent: run again, too', async () => {
      const pool = poolTo(uri)
      const client = createMysqlClient({
        pool: losingSight(pool),
        owned: true,
        runtime: systemRuntime,
        timeoutMs: 5_000,
      })
      let runs = 0
      await createTransactions(client).inTransaction(async (tx) => {
        runs++
        await tx.run(raise('closed'))
      })
      expect([runs, await epochOf(pool, 'closed')]).toEqual([2, 1])
    })

    test('an idle connection that the server has closed costs nothing', async () => {
      const pool = poolTo(uri, { connectionLimit: 1 })
      const { client } = ground(pool)
      const identity = () =>
        client.read(
          async (sql) => (await sql.first(statement<{ id: number }>('SELECT CONNECTION_ID() AS id')))?.id ?? 0,
        )
      const first = await identity()
      const root = poolTo(server.uri)
      await root.query(`KILL ${first}`)
      expect(await identity()).not.toBe(first)
    })

    test('the reply of COMMIT is lost: that is said, and the change stands', async () => {
      const pool = poolTo(uri)
      const proxy = await proxied()
      const { inTransaction } = ground(poolTo(proxy.uri))
      const change = inTransaction(async (tx) => {
        await tx.run(raise('reply'))
        void proxy.loseNextReply()
      })
      await expect(change).rejects.toBeInstanceOf(CommitUnknown)
      await expect(change).rejects.toMatchObject(busy)
      expect(await epochOf(pool, 'reply')).toBe(1)
    })

    test('COMMIT itself is lost: that is said, and the change does not stand', async () => {
      const pool = poolTo(uri)
      const proxy = await proxied()
      const { inTransaction } = ground(poolTo(proxy.uri), 500)
      const change = inTransaction(async (tx) => {
        await tx.run(raise('request'))
        proxy.blackHole(true)
      })
      await expect(change).rejects.toBeInstanceOf(CommitUnknown)
      proxy.cut()
      await expect.poll(() => epochOf(pool, 'request')).toBeUndefined()
    })

    test('what knows its own work is run again when the reply of COMMIT is lost', async () => {
      const proxy = await proxied()
      const { inTransaction } = ground(poolTo(proxy.uri))
      let runs = 0
      const made = await inTransaction(
        async (tx) => {
          await tx.run(statement("INSERT IGNORE INTO bt_fence_epoch VALUES ('own', 7)"))
          if (++runs === 1) void proxy.loseNextReply()
          return tx.first(statement("SELECT epoch FROM bt_fence_epoch WHERE resource = 'own'"))
        },
        { repeatUnknown: true },
      )
      expect([runs, made]).toEqual([2, { epoch: 7 }])
    })

    test('a statement that takes too long is BUSY, and the server gives up its locks', async () => {
      const pool = poolTo(uri)
      await pool.query("INSERT IGNORE INTO bt_fence_epoch VALUES ('slow', 0)")
      const { inTransaction } = ground(poolTo(uri), 500)
      const slow = inTransaction(async (tx) => {
        await tx.run(raise('slow'))
        await tx.rows(statement('SELECT SLEEP(30)'))
      })
      await expect(slow).rejects.toMatchObject(busy)
      // Waits for the lock, which nobody but the abandoned statement holds.
      await pool.query("UPDATE bt_fence_epoch SET epoch = 5 WHERE resource = 'slow'")
      expect(await epochOf(pool, 'slow')).toBe(5)
    })

    test('a network that swallows everything is BUSY within the bound, and afterwards all is well', async () => {
      const proxy = await proxied()
      const { client } = ground(poolTo(proxy.uri), 300)
      const one = () => client.read((sql) => sql.first(statement('SELECT 1 AS one')))
      await one()
      proxy.blackHole(true)
      await expect(one()).rejects.toMatchObject(busy)
      proxy.blackHole(false)
      await expect.poll(() => one().catch(() => null)).toEqual({ one: 1 })
    })

    test('a pool that is used up is BUSY within the bound, and a connection that comes late goes back', async () => {
      const pool = poolTo(uri, { connectionLimit: 1 })
      const { client } = ground(pool, 300)
      const one = () => client.read((sql) => sql.first(statement('SELECT 1 AS one')))
      const taken = await pool.getConnection()
      await expect(one()).rejects.toMatchObject(busy)
      taken.release()
      expect(await one()).toEqual({ one: 1 })
      const impatient = ground(poolTo(uri, { connectionLimit: 1, waitForConnections: false }))
      const both = await Promise.allSettled(
        [1, 2].map(() => impatient.client.read((sql) => sql.first(statement('SELECT SLEEP(0.2)')))),
      )
      expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: busy })
    })

    test('a server that is killed and comes back: BUSY meanwhile, what was committed stands, nothing else does', async () => {
      const { inTransaction, client } = ground(poolTo(uri), 2_000)
      await inTransaction((tx) => tx.run(raise('before')))
      const cut = inTransaction(async (tx) => {
        await tx.run(raise('amid'))
        await server.kill()
      })
      await expect(cut).rejects.toMatchObject(busy)
      await expect(inTransaction((tx) => tx.run(raise('amid')))).rejects.toMatchObject(busy)
      await server.start()
      const epoch = (resource: string) =>
        client.read(async (sql) =>
          (
            await sql.rows(
              statement<{ epoch: number }>('SELECT epoch FROM bt_fence_epoch WHERE resource = ?', [resource]),
            )
          ).map((row) => row.epoch),
        )
      await expect.poll(() => epoch('before').catch(() => null)).toEqual([1])
      expect(await epoch('amid')).toEqual([])
    })

    test('a server that became read-only is BUSY, and reads go on', async () => {
      const root = poolTo(server.uri)
      const name = new URL(uri).pathname.slice(1)
      await root.query("CREATE USER IF NOT EXISTS 'app'@'%' IDENTIFIED BY 'app'")
      await root.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${name}.* TO 'app'@'%'`)
      const own = uri.replace(/\/\/[^@]+@/, '//app:app@')
      const adapters = mysqlAdapters({ uri: own })
      closing.push(adapters.close)
      expect(await adapters.fenceSource.next({ key: 'read-only' })).toBe(1)
      await root.query('SET GLOBAL read_only = 1')
      try {
        await expect(adapters.fenceSource.next({ key: 'read-only' })).rejects.toMatchObject(busy)
        await expect(adapters.doctor()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: /read-only/ })
        expect((await adapters.catalogue.schedules({})).items).toEqual([])
      } finally {
        await root.query('SET GLOBAL read_only = 0')
      }
      expect(await adapters.fenceSource.next({ key: 'read-only' })).toBe(2)
    })

    test('an address where nobody answers is BUSY', async () => {
      const nobody = await proxied()
      await nobody.close()
      const away = mysqlAdapters({ uri: nobody.uri })
      closing.push(away.close)
      await expect(away.ping()).rejects.toMatchObject(busy)
    })

    test('a wrong password, an unknown database and an account without rights say what to do', async () => {
      const root = poolTo(server.uri)
      const name = new URL(uri).pathname.slice(1)
      await root.query("CREATE USER IF NOT EXISTS 'guest'@'%' IDENTIFIED BY 'guest'")
      const guest = uri.replace(/\/\/[^@]+@/, '//guest:guest@')
      const refusing = async (address: string, fault: RegExp, code: string) => {
        const adapters = mysqlAdapters({ uri: address })
        closing.push(adapters.close)
        const expected = { name: 'TicketingError', code: 'STORE_FAULT', message: fault, cause: { code } }
        for (const call of [adapters.doctor, adapters.migrate, adapters.ping])
          await expect(call()).rejects.toMatchObject(expected)
      }
      const wrong = uri.replace(/:[^:@]+@/, ':wrong@')
      await refusing(wrong, /password is wrong.*correct the address/, 'ER_ACCESS_DENIED_ERROR')
      await refusing(`${server.uri}/nowhere`, /no such database: create it.*migrate/, 'ER_BAD_DB_ERROR')
      await refusing(guest, /lacks rights.*grant them/, 'ER_DBACCESS_DENIED_ERROR')
      await root.query(`GRANT SELECT ON ${name}.* TO 'guest'@'%'`)
      const reader = mysqlAdapters({ uri: guest })
      closing.push(reader.close)
      await reader.doctor()
      const written = reader.fenceSource.next({ key: 'guest' })
      await expect(written).rejects.toMatchObject({ code: 'STORE_FAULT', message: /grant them/ })
    })

    test('warns of settings that lose what was committed', async () => {
      const root = poolTo(server.uri)
      const adapters = mysqlAdapters({ uri })
      closing.push(adapters.close)
      expect((await adapters.doctor()).warnings).toEqual([])
      await root.query('SET GLOBAL innodb_flush_log_at_trx_commit = 2')
      expect((await adapters.doctor()).warnings).toEqual([expect.stringMatching(/innodb_flush_log_at_trx_commit is 2/)])
      await root.query('SET GLOBAL innodb_flush_log_at_trx_commit = 1')
    })
  })
}

/** Everyone waits until all have come. */
function meeting(count: number): () => Promise<void> {
  let open = () => {}
  const all = new Promise<void>((resolve) => {
    open = resolve
  })
  let come = 0
  return () => {
    if (++come === count) open()
    return all
  }
}

async function kill(uri: string, tx: Sql): Promise<void> {
  const row = await tx.first(statement<{ id: number }>('SELECT CONNECTION_ID() AS id'))
  const root = createPool({ uri })
  await root.query(`KILL ${row?.id}`)
  await root.end()
}

/** The first connection breaks after its first write, and the driver has seen it. */
function losingSight(pool: Pool): MysqlPool {
  let broken = false
  return tapped(pool, async (sql, connection) => {
    if (broken || !sql.startsWith('INSERT')) return
    broken = true
    const { stream } = (connection as unknown as { connection: { stream: Socket } }).connection
    const closed = once(stream, 'close')
    stream.destroy()
    await closed
  })
}
