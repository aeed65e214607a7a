import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { describeSql } from './mysql.test-support.ts'
import { renderSchema } from './schema-page.test-support.ts'

const page = new URL('../../../docs/schema.md', import.meta.url)

await describeSql('docs/schema.md', (server) => {
  // `UPDATE_DOCS=1 npm test -- schema-page` writes the page.
  test('describes the tables as the migrations make them', async () => {
    await using database = await server.openDatabase()
    const fresh = await renderSchema(database.pool)
    if (process.env.UPDATE_DOCS) writeFileSync(page, fresh)
    expect(readFileSync(page, 'utf8')).toBe(fresh)
  })

  test('every column and table says what it is, or its name does', async () => {
    await using database = await server.openDatabase()
    const tables = await database.rows(
      'SELECT table_comment AS comment FROM information_schema.tables WHERE table_schema = DATABASE()',
    )
    expect(tables.filter(({ comment }) => comment === '')).toEqual([])
  })
})
