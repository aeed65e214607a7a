import type { Shareable } from './shared.ts'
import { type Sql, startSql } from './sql.ts'
import { createDatabase, type Database, parseUri, type SqlAddress } from './sql-address.ts'
import { type SqlKind, sqlKinds } from './sql-software.ts'

/** Where a shared SQL server is: one for all of a run, and every test file has a database of its own. */
export interface SharedSqlAddress extends SqlAddress {
  readonly kind: SqlKind
  /** What really runs: MariaDB stands in for a MySQL that could not be fetched. */
  readonly product: SqlKind
  readonly from: 'environment' | Sql['from']
}

export interface SharedSql extends SharedSqlAddress {
  /** An empty database under a name of its own. */
  createDatabase(): Promise<Database>
}

export const withDatabases = (address: SharedSqlAddress): SharedSql => ({
  ...address,
  createDatabase: () => createDatabase(address),
})

const variables: Readonly<Record<SqlKind, string>> = { mysql: 'TEST_MYSQL_URL', mariadb: 'TEST_MARIADB_URL' }

export const shareableSql = (kind: SqlKind): Shareable<SharedSqlAddress> => ({
  path: `/sql/${kind}`,
  name: kind === 'mysql' ? 'MySQL' : 'MariaDB',
  given: () => {
    const uri = process.env[variables[kind]]
    return uri ? { kind, product: kind, from: 'environment', ...parseUri(uri) } : null
  },
  start: async () => {
    const { product, from, host, port, user, password, uri, close } = await startSql(kind)
    const address = { kind, product, from, host, port, user, password, uri }
    return product === kind
      ? { address, close }
      : { address, close, note: 'INSTEAD OF MySQL: its tests ran on MariaDB' }
  },
})

export const allSql = sqlKinds.map(shareableSql)
