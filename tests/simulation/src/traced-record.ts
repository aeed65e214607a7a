import type { MemoryRecord, Table } from '@b-ticketing/core/memory'

/** One row as it changed; `after` undefined: deleted, `before` undefined: new. */
export interface RowChange {
  readonly table: string
  readonly key: string
  readonly before: unknown
  readonly after: unknown
}

/** The record with a reader of its own behind every adapter: it sees each committed row without asking anybody. */
export interface TracedRecord extends MemoryRecord {
  /** Changes since the last call, in order. */
  takeChanges(): readonly RowChange[]
  rows<Row>(table: string): ReadonlyMap<string, Row>
}

class TracedTable extends Map<string, unknown> {
  readonly #name: string
  readonly #changes: RowChange[]

  constructor(name: string, changes: RowChange[]) {
    super()
    this.#name = name
    this.#changes = changes
  }

  override set(key: string, after: unknown): this {
    this.#changes.push({ table: this.#name, key, before: super.get(key), after })
    return super.set(key, after)
  }

  override delete(key: string): boolean {
    if (this.has(key)) this.#changes.push({ table: this.#name, key, before: super.get(key), after: undefined })
    return super.delete(key)
  }
}

export function createTracedRecord(): TracedRecord {
  const tables = new Map<string, TracedTable>()
  const changes: RowChange[] = []
  let version = 0
  const open = (name: string): TracedTable => {
    let rows = tables.get(name)
    if (!rows) {
      rows = new TracedTable(name, changes)
      tables.set(name, rows)
    }
    return rows
  }
  return {
    table: <Row>({ name }: Table<Row>) => open(name) as unknown as Map<string, Row>,
    nextVersion: () => ++version,
    takeChanges: () => changes.splice(0),
    rows: <Row>(table: string) => open(table) as unknown as ReadonlyMap<string, Row>,
  }
}
