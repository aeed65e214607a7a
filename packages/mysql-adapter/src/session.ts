import { misconfigured } from './fault.ts'
import { type Sql, statement } from './query.ts'

/** Settings for the sessions of a pool of our own. */
export async function makeSession(sql: Sql, timeoutMs: number): Promise<void> {
  // Less than our own bound, so that a blocked statement is answered and repeated instead of given up.
  const lockSeconds = Math.max(1, Math.floor(timeoutMs / 2_000))
  await sql.run(statement('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED'))
  // A process that is frozen or cut off amid a transaction keeps its locks until then: by default for eight hours.
  const silentSeconds = Math.ceil((timeoutMs * 12) / 1_000)
  await sql.run(
    statement('SET SESSION innodb_lock_wait_timeout = ?, SESSION wait_timeout = ?, SESSION sql_mode = ?', [
      lockSeconds,
      silentSeconds,
      'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO',
    ]),
  )
}

interface Settings {
  readonly mode: string
  readonly autocommit: number
  readonly charsets: string
}

const settings = statement<Settings>(`SELECT @@sql_mode AS mode, @@autocommit AS autocommit,
  CONCAT_WS(',', @@character_set_client, @@character_set_connection, @@character_set_results) AS charsets`)

/** What values must have to arrive as they were sent, and statements to be done at once. @throws TicketingError `CONFIG_INVALID` */
export async function requireSession(sql: Sql): Promise<void> {
  const { mode = '', autocommit = 0, charsets = '' } = (await sql.first(settings)) ?? {}
  const modes = mode.split(',')
  if (modes.includes('NO_BACKSLASH_ESCAPES')) throw misconfigured('sql_mode must not contain NO_BACKSLASH_ESCAPES')
  if (!modes.some((name) => name === 'STRICT_TRANS_TABLES' || name === 'STRICT_ALL_TABLES')) {
    throw misconfigured('sql_mode must contain STRICT_TRANS_TABLES')
  }
  if (Number(autocommit) !== 1) throw misconfigured('the connections of the pool must have autocommit on')
  if (charsets !== 'utf8mb4,utf8mb4,utf8mb4') throw misconfigured('the connections of the pool must use utf8mb4')
}
