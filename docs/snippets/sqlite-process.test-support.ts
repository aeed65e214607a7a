import { DatabaseSync } from 'node:sqlite'
import { isTicketingError } from '@b-ticketing/core'
import { createSqliteLockStore } from './sqlite-lock-store.ts'

// One of several processes on one file: asks for the keys it is sent, and answers which it was granted.
const store = createSqliteLockStore({ database: new DatabaseSync(process.argv[2] ?? ''), now: Date.now })
const owner = `process-${process.pid}`

/** Again while the file is busy, as the engine does. */
async function ask(key: string, attempts = 20): Promise<boolean | string> {
  try {
    return (await store.acquire({ key, owner, ttlMs: 60_000 })).ok
  } catch (error) {
    if (isTicketingError(error) && error.code === 'BUSY' && attempts > 1) return ask(key, attempts - 1)
    return String(error)
  }
}

process.on('message', async (keys: readonly string[]) => {
  const replies: unknown[] = []
  for (const key of keys) replies.push(await ask(key))
  process.send?.(replies)
})
process.send?.('ready')
