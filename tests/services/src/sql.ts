import { type Machine, writeText } from './machine.ts'
import { openOnlyServer, type ServerProcess, serverFolder } from './server-process.ts'
import { createDatabase, type Database, query, type SqlAddress, sqlAddress } from './sql-address.ts'
import { type SqlKind, type SqlPrograms, software } from './sql-software.ts'
import { type Site, startOn } from './start-on.ts'

/** An SQL server of one's own, for tests that hurt it. */
export interface Sql extends SqlAddress, ServerProcess {
  readonly kind: SqlKind
  /** What really runs: MariaDB stands in for a MySQL that could not be started. */
  readonly product: SqlKind
  readonly from: Machine['kind']
  /** An empty database under a name of its own. */
  createDatabase(): Promise<Database>
  close(): Promise<void>
}

/**
 * `config`: more options of the server, e.g. `--innodb-lock-wait-timeout=1`. Where there is no MySQL, MariaDB stands in for
 * it, and that is said aloud. @throws Error
 */
export async function startSql(kind: SqlKind, config: readonly string[] = []): Promise<Sql> {
  const start = async (product: SqlKind): Promise<Sql> => {
    const server = await startOn(software[product], 1, (site) => startServer(product, site, config))
    return { kind, ...server }
  }
  if (kind === 'mariadb') return start('mariadb')
  return start('mysql').catch((error: Error) => {
    console.warn(`INSTEAD OF MySQL: these tests run on MariaDB, because MySQL could not be started: ${error.message}`)
    return start('mariadb')
  })
}

const account = { user: 'ticketing', password: 'ticketing' }

/** Run by the server before it takes connections: the root of a new server may come from its own machine only. */
const accountSql = [
  `CREATE USER IF NOT EXISTS '${account.user}'@'%' IDENTIFIED BY '${account.password}';`,
  `GRANT ALL ON *.* TO '${account.user}'@'%' WITH GRANT OPTION;`,
  '',
].join('\n')

async function startServer(
  product: SqlKind,
  { machine, ports: [port = 0], programs }: Site<SqlPrograms>,
  config: readonly string[],
): Promise<Omit<Sql, 'kind'>> {
  const folder = serverFolder(machine, port)
  const data = `${folder}/data`
  const address = sqlAddress({ host: machine.host, port, ...account })
  const command = [
    ...[...programs.server, `--datadir=${data}`, `--bind-address=${machine.bind}`, `--port=${port}`],
    ...[`--socket=${folder}/socket`, `--pid-file=${folder}/own.pid`, `--init-file=${folder}/init.sql`],
    ...['--character-set-server=utf8mb4', '--skip-log-bin', '--performance-schema=OFF', '--max-connections=1000'],
    ...config,
  ]
  const answers = () =>
    query(address, 'select @@datadir as data').then(
      ([row]) => row?.data === `${data}/`,
      () => false,
    )
  const prepare = async () => {
    await writeText(machine, `${folder}/init.sql`, accountSql)
    await machine.exec(...programs.initialize(data))
  }
  const server = await openOnlyServer({ machine, name: product, port, command, answers, prepare })
  return { product, from: machine.kind, ...address, ...server, createDatabase: () => createDatabase(address) }
}
