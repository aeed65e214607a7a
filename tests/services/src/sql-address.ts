import { randomUUID } from 'node:crypto'
import { createConnection } from 'mysql2/promise'

/** Where an SQL server is, and as whom one may do everything there. */
export interface SqlAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  /** mysql://user:password@host:port, without a database. */
  readonly uri: string
}

export function sqlAddress(p: Omit<SqlAddress, 'uri'>): SqlAddress {
  const credentials = [p.user, p.password].map(encodeURIComponent).join(':')
  return { ...p, uri: `mysql://${credentials}@${p.host}:${p.port}` }
}

export function parseUri(uri: string): SqlAddress {
  const { hostname, port, username, password } = new URL(uri)
  return sqlAddress({
    host: hostname,
    port: Number(port || 3306),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  })
}

export interface Database {
  readonly name: string
  /** The server's, with this database. */
  readonly uri: string
  drop(): Promise<void>
}

export async function createDatabase(address: SqlAddress): Promise<Database> {
  const name = `t_${randomUUID().replaceAll('-', '')}`
  await query(address, `create database ${name}`)
  return {
    name,
    uri: `${address.uri}/${name}`,
    drop: async () => void (await query(address, `drop database if exists ${name}`)),
  }
}

export async function query(address: SqlAddress, sql: string): Promise<Record<string, unknown>[]> {
  const { host, port, user, password } = address
  const connection = await createConnection({ host, port, user, password, connectTimeout: 2_000 })
  try {
    const [rows] = await connection.query({ sql, timeout: 10_000 })
    return rows as Record<string, unknown>[]
  } finally {
    connection.destroy()
  }
}
