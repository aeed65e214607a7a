import type { Pool, RowDataPacket } from 'mysql2/promise'
import { migrations } from './migration-text.ts'

const intro = `# The tables

What \`migrate()\` of \`@b-ticketing/mysql-adapter\` makes, as a migrated database describes itself. Every table is InnoDB, utf8mb4 with the
binary collation \`utf8mb4_bin\`. Instants are ms since 1970 in UTC. Ids are at most 64 letters, digits, \`_\` and \`-\`.

Read them as you like; what writes them is the adapter alone.`

/** The page of docs that describes the tables, as they stand in this database: the same for MySQL and MariaDB. */
export async function renderSchema(pool: Pool): Promise<string> {
  const parts = [intro]
  for (const { name, text } of migrations) {
    const tables = [...text.matchAll(/CREATE TABLE (\w+)/g)].map(([, table = '']) => table)
    if (tables.length === 0) continue
    parts.push(`## ${text.match(/^-- (.*)\.$/m)?.[1]}`, `Since migration \`${name}\`.`)
    for (const table of tables) parts.push(await renderTable(pool, table))
  }
  return `${parts.join('\n\n')}\n`
}

async function renderTable(pool: Pool, table: string): Promise<string> {
  const rows = async (what: string, of: string) => {
    const query = `SELECT ${what} FROM information_schema.${of} WHERE table_schema = DATABASE() AND table_name = ?`
    return (await pool.query<RowDataPacket[]>(query, [table]))[0]
  }
  const [about] = await rows('table_comment AS comment', 'tables')
  const columns = await rows(
    'column_name AS name, column_type AS type, is_nullable AS nullable, extra AS extra, column_comment AS comment, ordinal_position AS place',
    'columns',
  )
  const keys = await rows(
    'index_name AS name, non_unique AS many, column_name AS col, seq_in_index AS place',
    'statistics',
  )
  return [
    `### ${table}`,
    String(about?.comment),
    ['| column | type | |', '|--|--|--|', ...columns.sort(byPlace).map(columnLine)].join('\n'),
    keyLines(keys).join('\n'),
  ].join('\n\n')
}

const byPlace = (a: RowDataPacket, b: RowDataPacket): number => a.place - b.place

function columnLine({ name, type, nullable, extra, comment }: RowDataPacket): string {
  const counted = String(extra).includes('auto_increment') ? ', counted' : ''
  const shown = `${String(type).replace(/(int)\(\d+\)/, '$1')}${counted}${nullable === 'YES' ? ', or null' : ''}`
  return `| \`${name}\` | ${shown} | ${comment} |`
}

/** The primary key first, then by name. */
function keyLines(rows: readonly RowDataPacket[]): readonly string[] {
  const names = [...new Set(rows.map(({ name }) => String(name)))].sort((a, b) => rank(a).localeCompare(rank(b)))
  return names.map((name) => {
    const key = rows.filter((row) => row.name === name).sort(byPlace)
    const kind = name === 'PRIMARY' ? 'Primary key' : Number(key[0]?.many) === 0 ? 'Unique' : 'Key'
    return `- ${kind}: ${key.map(({ col }) => `\`${col}\``).join(', ')}`
  })
}

const rank = (name: string): string => (name === 'PRIMARY' ? '' : name)
