import { asFault, isAnswer, misconfigured, unavailable } from './fault.ts'
import { type Migration, migrations } from './migration-text.ts'
import type { Connected, MysqlClient } from './mysql-client.ts'
import { statement } from './query.ts'

/** What was done: the names of the migrations that were applied by this call, in order. */
export interface Migrated {
  readonly applied: readonly string[]
}

/** Longest wait for another process that migrates. */
const lockSeconds = 60

/** Longest statement: a table may be large. */
const statementMs = 3_600_000

/**
 * Brings the tables up to this version. Repeatable, also after a crash in the middle, and safe to call in several processes at
 * once: one does it, the others wait. Never called by anything but the host.
 * @throws TicketingError `CONFIG_INVALID` when the database is newer than this package; `BUSY`, `STORE_FAULT`
 */
export async function migrateTables(client: MysqlClient, known: readonly Migration[] = migrations): Promise<Migrated> {
  try {
    return await client.connected((connection) => locked(connection, () => applyAll(connection, known)), statementMs)
  } catch (error) {
    throw asFault(error)
  }
}

/** The lock belongs to the connection: it ends with it, and with a crash. */
async function locked<T>(connection: Connected, work: () => Promise<T>): Promise<T> {
  const name = "CONCAT('b-ticketing-', LEFT(SHA2(DATABASE(), 256), 40))"
  const got = await connection.first(
    statement<{ held: number | null }>(`SELECT GET_LOCK(${name}, ${lockSeconds}) AS held`),
  )
  if (Number(got?.held) !== 1) throw unavailable('another process is migrating the database')
  try {
    return await work()
  } finally {
    await connection.rows(statement(`SELECT RELEASE_LOCK(${name})`)).catch(() => connection.destroy())
  }
}

const ledger = `CREATE TABLE IF NOT EXISTS bt_migration (
  number INT NOT NULL,
  name VARCHAR(64) NOT NULL,
  done INT NOT NULL COMMENT 'Statements of it that are done.',
  begun INT NOT NULL COMMENT 'Statements that were begun: after a crash one more than done, which may be done as well.',
  finished TINYINT NOT NULL,
  PRIMARY KEY (number)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='Progress of the migrations.'`

interface LedgerRow {
  readonly number: number
  readonly done: number
  readonly begun: number
  readonly finished: number
}

async function applyAll(connection: Connected, known: readonly Migration[]): Promise<Migrated> {
  await connection.run(statement(ledger))
  const rows = await connection.rows(statement<LedgerRow>('SELECT number, done, begun, finished FROM bt_migration'))
  refuseNewer(rows, known)
  const applied: string[] = []
  for (const migration of known) {
    const row = rows.find(({ number }) => number === migration.number)
    if (row?.finished) continue
    if (!row) await connection.run(startOf(migration))
    await apply(connection, migration, row ?? { done: 0, begun: 0 })
    applied.push(migration.name)
  }
  return { applied }
}

const startOf = ({ number, name }: Migration) =>
  statement('INSERT INTO bt_migration (number, name, done, begun, finished) VALUES (?, ?, 0, 0, 0)', [number, name])

/** DDL commits by itself, so progress is noted around each statement, and only one in doubt may find its work done. */
async function apply(
  connection: Connected,
  { number, text }: Migration,
  { done, begun }: Pick<LedgerRow, 'done' | 'begun'>,
): Promise<void> {
  const note = (change: string) =>
    connection.run(statement(`UPDATE bt_migration SET ${change} WHERE number = ?`, [number]))
  for (const [at, sql] of statementsOf(text).entries()) {
    if (at < done) continue
    await note(`begun = ${at + 1}`)
    try {
      await connection.run(statement(sql))
    } catch (error) {
      if (!isAnswer(error)) throw error
      if (!(begun > at && isDoneBefore(error))) {
        await note(`begun = ${at}`)
        throw error
      }
    }
    await note(`done = ${at + 1}`)
  }
  await note('finished = 1')
}

/** Statements end with a `;` at the end of a line; comment lines stand alone. */
export const statementsOf = (text: string): readonly string[] =>
  text
    .split(/;[ \t]*(?:\r?\n|$)/)
    .map((part) => part.replaceAll(/^--.*$/gm, '').trim())
    .filter((part) => part !== '')

/** Table, column or key is there already, or gone already. */
const doneBefore = new Set([1050, 1060, 1061, 1091, 1826])

const isDoneBefore = (error: unknown): boolean =>
  isAnswer(error) && doneBefore.has((error as { readonly errno: number }).errno)

function refuseNewer(found: readonly LedgerRow[], known: readonly Migration[]): void {
  const last = known.at(-1)?.number ?? 0
  const newest = Math.max(0, ...found.map(({ number }) => number))
  if (newest > last) throw misconfigured(`the database is at migration ${newest}, newer than this package (${last})`)
}
