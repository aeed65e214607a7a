import { installPackages, works } from './install.ts'
import { fetchMysqld } from './mysql-fetch.ts'
import type { Software } from './start-on.ts'

export const sqlKinds = ['mysql', 'mariadb'] as const
export type SqlKind = (typeof sqlKinds)[number]

/** Commands of an SQL server. */
export interface SqlPrograms {
  readonly server: readonly string[]
  /** Fills a data folder that does not exist yet. */
  initialize(data: string): readonly string[]
}

const mariadbPrograms: SqlPrograms = {
  server: ['mariadbd', '--no-defaults', '--user=root'],
  initialize: (data) => [
    ...['mariadb-install-db', '--no-defaults', '--user=root', `--datadir=${data}`],
    ...['--auth-root-authentication-method=normal', '--skip-test-db'],
  ],
}

const mariadb: Software<SqlPrograms> = {
  image: 'mariadb:10.11',
  inImage: mariadbPrograms,
  install: async () => {
    const installed = (await works('mariadbd', '--version')) && (await works('my_print_defaults', '--version'))
    // my_print_defaults, which mariadb-install-db calls, is in the client's package.
    if (!installed) await installPackages('mariadb-server-core', 'mariadb-client-core')
    return mariadbPrograms
  },
}

const mysqlPrograms = (mysqld: readonly string[]): SqlPrograms => ({
  server: [...mysqld, '--mysqlx=OFF', '--secure-file-priv=NULL'],
  initialize: (data) => [...mysqld, '--initialize-insecure', `--datadir=${data}`],
})

const mysql: Software<SqlPrograms> = {
  image: 'mysql:8.4',
  // The image's own configuration makes it run as its user mysql.
  inImage: mysqlPrograms(['mysqld']),
  install: async () => mysqlPrograms([...(await fetchMysqld()), '--user=root']),
}

export const software: Readonly<Record<SqlKind, Software<SqlPrograms>>> = { mysql, mariadb }
