import type { Version } from './types.ts'

declare const row: unique symbol

/** A named table of the memory record. The room that owns the noun declares it; rooms to its right may read it. */
export interface Table<Row> {
  readonly name: string
  readonly [row]?: Row
}

export const defineTable = <Row>(name: string): Table<Row> => ({ name })

/**
 * The record (what MySQL is on a real deployment) in memory. Every change is made inside one synchronous function, which is
 * what makes it atomic: decide first, then evolve, no `await` between. Rooms share it as they share the database.
 */
export interface MemoryRecord {
  table<Row>(table: Table<Row>): Map<string, Row>
  /** Grows with every committed change of a seat's owner: what projections are compared by. */
  nextVersion(): Version
}

export function createMemoryRecord(): MemoryRecord {
  const tables = new Map<string, Map<string, unknown>>()
  let version = 0
  return {
    table<Row>({ name }: Table<Row>) {
      let rows = tables.get(name)
      if (!rows) {
        rows = new Map()
        tables.set(name, rows)
      }
      return rows as Map<string, Row>
    },
    nextVersion: () => ++version,
  }
}
