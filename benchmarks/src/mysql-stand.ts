import assert from 'node:assert/strict'
import { type MysqlAdapters, mysqlAdapters } from '@b-ticketing/mysql-adapter'
import { ownSql } from '@b-ticketing/services'
import { createPool, type Pool } from 'mysql2/promise'

/** A MySQL of the row's own, as durable as it comes: every commit is on disk before it is answered. */
export async function withMysql<T>(run: (stand: MysqlStand) => Promise<T>): Promise<T> {
  const server = await ownSql('mysql', [
    '--innodb-buffer-pool-size=512M',
    '--local-infile=1',
    '--transaction-isolation=READ-COMMITTED',
  ])
  assert.ok(server, 'this row needs MySQL')
  try {
    return await run({
      product: server.product,
      openRecord: async (connectionLimit = 10) => {
        const database = await server.createDatabase()
        const adapters = mysqlAdapters({ uri: database.uri, connectionLimit }, { timeoutMs: 60_000 })
        await adapters.migrate()
        const pool = createPool({ uri: database.uri, connectionLimit })
        const close = async () => {
          await adapters.close()
          await pool.end()
          await database.drop()
        }
        return { adapters, pool, close }
      },
    })
  } finally {
    await server.close()
  }
}

/** An empty record, and a pool beside it. */
export interface RecordStand {
  readonly adapters: MysqlAdapters
  readonly pool: Pool
  close(): Promise<void>
}

export interface MysqlStand {
  readonly product: string
  /** `connectionLimit`: of each of its pools. */
  openRecord(connectionLimit?: number): Promise<RecordStand>
}
