import { TicketingError } from '@b-ticketing/core'
import { migrations } from './migration-text.ts'
import type { MysqlClient } from './mysql-client.ts'
import { integer, type Sql, statement } from './query.ts'

export interface Diagnosis {
  /** As the server says it. */
  readonly version: string
  /** What an operator should know: it works, but not everything is as safe as it could be. */
  readonly warnings: readonly string[]
}

/**
 * Looks at the database before a sale is put on it.
 * @throws TicketingError `CONFIG_INVALID` with `details.problems` when a sale cannot run on it; `BUSY`, `STORE_FAULT`
 */
export async function examine(client: MysqlClient): Promise<Diagnosis> {
  return client.read(async (sql) => {
    const settings = await settingsOf(sql)
    const problems = [...serverProblems(settings), ...(await tableProblems(sql))]
    if (problems.length > 0) throw new TicketingError('CONFIG_INVALID', problems.join('; '), { details: { problems } })
    return { version: settings.version ?? 'unknown', warnings: warningsOf(settings) }
  })
}

type Settings = Readonly<Record<string, string | undefined>>

const names = ['version', 'read_only', 'super_read_only', 'innodb_flush_log_at_trx_commit', 'log_bin', 'sync_binlog']

async function settingsOf(sql: Sql): Promise<Settings> {
  type Row = { readonly Variable_name: string; readonly Value: string }
  const rows = await sql.rows(statement<Row>('SHOW VARIABLES WHERE Variable_name IN (?)', [names]))
  return Object.fromEntries(rows.map((row) => [row.Variable_name, row.Value]))
}

function serverProblems({ version = '', read_only, super_read_only }: Settings): readonly string[] {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  const isMariaDb = version.includes('MariaDB')
  const old = isMariaDb ? major < 10 || (major === 10 && minor < 11) : major < 8 || (major === 8 && minor < 4)
  const needed = isMariaDb ? 'MariaDB 10.11' : 'MySQL 8.4'
  return [
    ...(old ? [`${version} is too old: ${needed} or newer is needed`] : []),
    ...([read_only, super_read_only].includes('ON') ? ['the server is read-only: a sale needs the primary'] : []),
  ]
}

async function tableProblems(sql: Sql): Promise<readonly string[]> {
  const ledger = await sql.rows(statement("SHOW TABLES LIKE 'bt\\_migration'"))
  if (ledger.length === 0) return ['the database has no tables yet: run migrate()']
  type Row = { readonly number: number; readonly finished: number }
  const rows = await sql.rows(statement<Row>('SELECT number, finished FROM bt_migration'))
  const last = migrations.at(-1)?.number ?? 0
  // Begun is enough: `migrate` refuses it, and the tables may be changed already.
  if (rows.some((row) => integer(row.number) > last)) return ['the database is newer than this package']
  const done = new Set(rows.filter((row) => integer(row.finished) === 1).map((row) => integer(row.number)))
  return migrations.every(({ number }) => done.has(number))
    ? []
    : ['the tables are older than this package: run migrate()']
}

function warningsOf(settings: Settings): readonly string[] {
  const { innodb_flush_log_at_trx_commit: flush, log_bin, sync_binlog } = settings
  const lossy = 'what was committed last, payments among it, is lost when the machine fails; set 1'
  return [
    ...(flush === '1' ? [] : [`innodb_flush_log_at_trx_commit is ${flush}: ${lossy}`]),
    ...(log_bin === 'ON' && sync_binlog !== '1' ? [`sync_binlog is ${sync_binlog}: ${lossy}`] : []),
  ]
}
