// region kit
import { DatabaseSync } from 'node:sqlite'
import { lockStoreContract } from '@b-ticketing/core/conformance'
import { createSqliteLockStore } from './sqlite-lock-store.ts'

export const cases = lockStoreContract(() => {
  const database = new DatabaseSync(':memory:')
  let now = Date.now()
  return {
    port: createSqliteLockStore({ database, now: () => now }),
    // The kit moves the store's clock itself, and looks behind the port.
    now: () => now,
    advance: (ms) => {
      now += ms
    },
    lose: () => database.exec('DELETE FROM leases'),
    holder: async (key) => {
      const row = database.prepare('SELECT owner, fence, until FROM leases WHERE key = ?').get(key)
      return row && Number(row.until) > now ? { owner: String(row.owner), fence: Number(row.fence) } : null
    },
    close: () => database.close(),
  }
})
// then, in vitest, node:test or any other runner: for (const { name, run } of cases) test(name, run)
// endregion
