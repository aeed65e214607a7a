import type { CatalogueSubject } from '@b-ticketing/core/conformance'
import { createMysqlCatalogue } from './catalogue.ts'
import type { TestDatabase } from './mysql.test-support.ts'

export const catalogueSubject = (database: TestDatabase): CatalogueSubject => ({
  ...database,
  port: createMysqlCatalogue(database),
  stored: async (scheduleId) => {
    const find = 'SELECT version, state, ceiling FROM bt_schedule WHERE schedule_id = ?'
    const [row] = await database.rows(find, [scheduleId])
    return row ? { version: row.version, state: row.state, ceiling: row.ceiling } : null
  },
})
