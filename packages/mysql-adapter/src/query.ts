import { TicketingError } from '@b-ticketing/core'
import {
  type Compilable,
  CompiledQuery,
  DummyDriver,
  Kysely,
  MysqlAdapter,
  MysqlIntrospector,
  MysqlQueryCompiler,
} from 'kysely'
import type { Tables } from './tables.ts'

/** Builds statements; it has no connection. They are run by a `Sql`. */
export const db = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new MysqlAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (builder) => new MysqlIntrospector(builder),
    createQueryCompiler: () => new MysqlQueryCompiler(),
  },
})

/** A statement with its values, and the shape of the rows it answers: what every builder of kysely is. */
export type Query<Row> = Compilable<Row>

/** A statement as text, for what a builder would only hide. `VALUES ?` takes a list of rows: `[[[1, 'a'], [2, 'b']]]`. */
export const statement = <Row = unknown>(sql: string, parameters: readonly unknown[] = []): Query<Row> => ({
  compile: () => CompiledQuery.raw(sql, [...parameters]) as CompiledQuery<Row>,
})

/** What a write did. */
export interface Written {
  /** Some connections count matched rows, some changed ones: guard with a column that the same statement changes. */
  readonly rows: number
  /** The first AUTO_INCREMENT number that an INSERT made. */
  readonly insertId: number
}

/** Runs statements, each within the bound. Inside the adapter it throws the driver's own errors. */
export interface Sql {
  rows<Row>(query: Query<Row>): Promise<readonly Row[]>
  first<Row>(query: Query<Row>): Promise<Row | undefined>
  run(query: Query<unknown>): Promise<Written>
}

/** A BIGINT, however the connection shows it. @throws TicketingError `STORE_FAULT` where it would lose digits. */
export function integer(value: unknown): number {
  const number = Number(value)
  if (value !== null && Number.isSafeInteger(number)) return number
  throw new TicketingError('STORE_FAULT', 'the database answered what is no safe integer')
}

export const integerOrNull = (value: unknown): number | null => (value === null ? null : integer(value))

/**
 * A document as a value of a statement: JSON as text. Of what JSON may contain only these two end or change a quoted text, and
 * a document is mostly double quotes, which need no care.
 */
export const document = (value: unknown): { toSqlString(): string } => {
  const text = JSON.stringify(value)
  return { toSqlString: () => `'${/['\\]/.test(text) ? text.replaceAll(/['\\]/g, '\\$&') : text}'` }
}

/** A document as it was written: kept as text, so that both servers and every connection show it alike. */
export const parsed = <T>(text: string): T => JSON.parse(text) as T
