import { expect, test } from 'vitest'
import { manualRuntime } from '../shared/contract.ts'
import { createMemoryRecord, type MemoryRecord } from '../shared/record.memory.ts'
import { fenceSourceContract } from './fence-source.contract.ts'
import { createMemoryFenceSource, fenceEpochs } from './fence-source.memory.ts'
import { maxFenceEpoch } from './lock.ts'
import { lockStoreContract } from './lock-store.contract.ts'
import { createMemoryLockStore } from './lock-store.memory.ts'

const subjectOf = (newRecord: (() => MemoryRecord) | null) => () => {
  const runtime = manualRuntime()
  const port = createMemoryLockStore({
    runtime,
    ...(newRecord && { fenceSource: createMemoryFenceSource({ record: newRecord() }) }),
  })
  return {
    port,
    now: runtime.now,
    advance: runtime.advance,
    lose: port.lose,
    holder: async (key: string) => {
      const row = port.rows.get(key)
      return row && runtime.now() < row.until ? { owner: row.owner, fence: row.fence } : null
    },
  }
}

for (const { name, run } of lockStoreContract(subjectOf(null))) test(`without a record: ${name}`, run)
for (const { name, run } of lockStoreContract(subjectOf(createMemoryRecord))) test(`with a record: ${name}`, run)

for (const { name, run } of fenceSourceContract(() => {
  const record = createMemoryRecord()
  return { port: createMemoryFenceSource({ record }), reopen: () => createMemoryFenceSource({ record }) }
})) {
  test(name, run)
}

const terms = { key: 'lock-1', owner: 'a', ttlMs: 1_000 }

test('without a record numbers start at the clock in microseconds and grow by 1', async () => {
  const runtime = manualRuntime({ start: 1_800_000_000_000 })
  const store = createMemoryLockStore({ runtime })
  expect(await store.acquire(terms)).toMatchObject({ fence: 1_800_000_000_000_000 })
  runtime.advance(1_000)
  expect(await store.acquire({ ...terms, owner: 'b' })).toMatchObject({ fence: 1_800_000_000_000_001 })
})

test('with a record a number is epoch · 2³² + counter, and only a key without data asks for an epoch', async () => {
  const runtime = manualRuntime()
  const record = createMemoryRecord()
  const store = createMemoryLockStore({ runtime, fenceSource: createMemoryFenceSource({ record }) })
  expect(await store.acquire(terms)).toMatchObject({ fence: 2 ** 32 + 1 })
  runtime.advance(1_000)
  expect(await store.acquire({ ...terms, owner: 'b' })).toMatchObject({ fence: 2 ** 32 + 2 })
  expect(record.table(fenceEpochs).get('lock-1')).toBe(1)
  store.lose()
  expect(await store.acquire({ ...terms, owner: 'c' })).toMatchObject({ fence: 2 * 2 ** 32 + 1 })
})

test('I8: an epoch fetched before a loss is not used after it', async () => {
  const source = createMemoryFenceSource({ record: createMemoryRecord() })
  let open = () => {}
  const gates = [new Promise<void>((resolve) => (open = resolve))]
  const next = async (p: { key: string }) => {
    const gate = gates.pop()
    const epoch = await source.next(p)
    await gate
    return epoch
  }
  const store = createMemoryLockStore({ runtime: manualRuntime(), fenceSource: { next } })
  const slow = store.acquire(terms)
  const other = await store.acquire({ ...terms, owner: 'b' })
  store.lose()
  open()
  const late = await slow
  if (!other.ok || !late.ok) throw new Error('both are granted, one after the loss')
  expect(late.fence).toBeGreaterThan(other.fence)
})

test('numbers that are used up are a fault, never used again', async () => {
  const record = createMemoryRecord()
  record.table(fenceEpochs).set('lock-1', maxFenceEpoch)
  const store = createMemoryLockStore({ runtime: manualRuntime(), fenceSource: createMemoryFenceSource({ record }) })
  await expect(store.acquire(terms)).rejects.toMatchObject({ code: 'STORE_FAULT' })
  expect(store.rows.size).toBe(0)
})
