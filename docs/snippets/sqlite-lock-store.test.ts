import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createSqliteLockStore } from './sqlite-lock-store.ts'

let folder: string
const closing: (() => unknown)[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leases-'))
})
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
  await rm(folder, { recursive: true })
})

const open = (file: string): DatabaseSync => {
  const database = new DatabaseSync(join(folder, file))
  closing.push(() => database.close())
  return database
}

const openProcess = async () => {
  const file = join(import.meta.dirname, 'sqlite-process.test-support.ts')
  const child = fork(file, [join(folder, 'leases')], { execArgv: ['--conditions=@b-ticketing/source'] })
  const exit = once(child, 'exit')
  closing.push(async () => {
    child.disconnect()
    await exit
  })
  await once(child, 'message')
  return async (keys: readonly string[]): Promise<readonly (boolean | string)[]> => {
    const reply = once(child, 'message')
    child.send(keys)
    return (await reply)[0]
  }
}

const terms = { key: 'lock-1', owner: 'a', ttlMs: 60_000 }

test('of two processes on one file exactly one is granted a key', { timeout: 60_000 }, async () => {
  const processes = await Promise.all([openProcess(), openProcess()])
  for (let round = 0; round < 5; round++) {
    const keys = Array.from({ length: 100 }, (_, i) => `lock-${round}-${i}`)
    const [one = [], other = []] = await Promise.all(processes.map((ask) => ask(keys)))
    const grants = keys.map((_, i) => [one[i], other[i]].sort())
    expect(grants).toEqual(keys.map(() => [false, true]))
  }
})

test('a file that another process writes all the time is BUSY, and a free one again', async () => {
  const store = createSqliteLockStore({ database: open('leases'), now: Date.now })
  const writer = open('leases')
  writer.exec('BEGIN IMMEDIATE')
  const refused = { code: 'BUSY', retryInMs: 1_000, cause: expect.objectContaining({ code: 'ERR_SQLITE_ERROR' }) }
  await expect(store.acquire(terms)).rejects.toMatchObject(refused)
  writer.exec('COMMIT')
  expect(await store.acquire(terms)).toMatchObject({ ok: true })
})

test('a grant that a reader kept from the file is BUSY, not a grant', async () => {
  const store = createSqliteLockStore({ database: open('leases'), now: Date.now })
  const reader = open('leases')
  reader.exec('BEGIN; SELECT * FROM leases')
  await expect(store.acquire(terms)).rejects.toMatchObject({ code: 'BUSY' })
  reader.exec('COMMIT')
  expect(await store.acquire({ ...terms, owner: 'b' })).toMatchObject({ ok: true })
})

test('what repeating does not mend is STORE_FAULT', async () => {
  const database = open('leases')
  const store = createSqliteLockStore({ database, now: Date.now })
  database.exec('DROP TABLE leases')
  await expect(store.acquire(terms)).rejects.toMatchObject({ code: 'STORE_FAULT' })
})
