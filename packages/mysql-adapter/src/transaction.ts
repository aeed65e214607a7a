import { isTicketingError } from '@b-ticketing/core'
import type { Runtime } from '@b-ticketing/core/ports'
import { asFault, CommitUnknown, isAnswer, isLost, isRace, isUnsent } from './fault.ts'
import type { Connected, MysqlClient } from './mysql-client.ts'
import { type Query, type Sql, statement } from './query.ts'

/** So often a transaction is run that loses races of locks, or its connection before COMMIT. */
const attempts = 6

interface Options {
  readonly repeatUnknown?: boolean
}

export interface Transactions {
  /**
   * Runs `run` as one READ COMMITTED transaction and commits what it did; if it throws, nothing happened. Lost races (1205,
   * 1213) and connections lost before COMMIT are rolled back and run again, so `run` must have no effect outside `tx`. Lock rows
   * in sorted order. `repeatUnknown`: run again also when the reply of COMMIT was lost, for what finds its own work by key.
   * @throws CommitUnknown (`BUSY`) when the reply of COMMIT was lost; TicketingError `BUSY`, `STORE_FAULT`
   */
  inTransaction<T>(run: (tx: Sql) => Promise<T>, options?: Options): Promise<T>
  /** Reads of one instant, however many statements: nothing that commits meanwhile is seen. @throws TicketingError */
  inSnapshot<T>(run: (sql: Sql) => Promise<T>): Promise<T>
}

export function createTransactions(client: MysqlClient): Transactions {
  const repeated = async <T>(work: (connection: Connected) => Promise<T>, { repeatUnknown }: Options): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await client.connected(work)
      } catch (error) {
        const again = isRace(error) || isLost(error) || (repeatUnknown && error instanceof CommitUnknown)
        if (!again || attempt === attempts) throw asFault(error)
        await client.runtime.sleep({ ms: pause(client.runtime, attempt) })
      }
    }
  }
  return {
    inTransaction: (run, options = {}) =>
      repeated((connection) => transact(connection, connection.borrowed ? borrowed : own, run), options),
    inSnapshot: (run) => repeated((connection) => transact(connection, snapshot, run), { repeatUnknown: true }),
  }
}

const begin = statement('START TRANSACTION')
const own = [begin]
const borrowed = [statement('SET TRANSACTION ISOLATION LEVEL READ COMMITTED'), begin]
const snapshot = [
  statement('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ'),
  statement('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY'),
]
const commit = statement('COMMIT')

async function transact<T>(
  connection: Connected,
  start: readonly Query<unknown>[],
  run: (tx: Sql) => Promise<T>,
): Promise<T> {
  for (const query of start) await connection.run(query)
  const result = await run(connection).catch(async (error) => {
    await rollback(connection, error)
    throw error
  })
  await connection.run(commit).catch((error) => {
    connection.destroy()
    throw isRace(error) || isUnsent(error) ? error : new CommitUnknown(error)
  })
  return result
}

/** After 1205 the server has undone only the statement: always the whole. */
async function rollback(connection: Connected, error: unknown): Promise<void> {
  if (!isAnswer(error) && !isTicketingError(error)) return connection.destroy()
  await connection.run(statement('ROLLBACK')).catch(() => connection.destroy())
}

/** 5 to 160 ms, doubling, half of it by chance: those who collided come back one after the other. */
function pause(runtime: Pick<Runtime, 'random'>, attempt: number): number {
  const longest = 10 * 2 ** (attempt - 1)
  return longest / 2 + ((runtime.random(1)[0] ?? 0) / 255) * (longest / 2)
}
