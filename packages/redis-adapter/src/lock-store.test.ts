import { type LockStoreSubject, lockStoreContract } from '@b-ticketing/core/conformance'
import { createMemoryFenceSource, createMemoryRecord } from '@b-ticketing/core/memory'
import { expect, test } from 'vitest'
import { createRedisLockStore } from './lock-store.ts'
import { describeRedis, type TestRedis, testSpace } from './redis.test-support.ts'

const newSource = () => createMemoryFenceSource({ record: createMemoryRecord() })

const subjectOf = (redis: TestRedis, withRecord: boolean) => (): LockStoreSubject => {
  const space = testSpace(redis)
  const { keys, scripts } = space
  return {
    port: createRedisLockStore({ scripts, keys, ...(withRecord && { fenceSource: newSource() }) }),
    now: space.now,
    advance: space.advance,
    lose: space.forget,
    holder: async (key) => {
      const row = (await space.call('hmget', keys.lock(key), 'owner', 'fence', 'until')) as (string | null)[]
      const [owner, fence, until] = row
      return owner && space.now() < Number(until) ? { owner, fence: Number(fence) } : null
    },
    close: space.forget,
  }
}

await describeRedis('LockStore', (redis) => {
  for (const { name, run } of lockStoreContract(subjectOf(redis, false))) test(`without a record: ${name}`, run)
  for (const { name, run } of lockStoreContract(subjectOf(redis, true))) test(`with a record: ${name}`, run)

  const terms = { key: 'lock-1', owner: 'a', ttlMs: 1_000 }

  test('by Redis’s own clock a lease is granted, held and over', async () => {
    const { keys, realTime, forget } = testSpace(redis)
    const store = createRedisLockStore({ scripts: realTime, keys })
    const first = await store.acquire({ ...terms, ttlMs: 150 })
    if (!first.ok) throw new Error('a free key was refused')
    expect(Math.abs(first.until - 150 - Date.now())).toBeLessThan(1_000)
    expect(await store.acquire({ ...terms, owner: 'b' })).toMatchObject({ ok: false })
    await expect
      .poll(() => store.acquire({ ...terms, owner: 'b' }), { interval: 20 })
      .toMatchObject({ ok: true, fence: first.fence + 1 })
    expect(await store.renew({ ...terms, fence: first.fence })).toBe(false)
    await forget()
  })

  test('a row names its TTL: the lease and a day', async () => {
    const { keys, scripts, call, forget } = testSpace(redis)
    await createRedisLockStore({ scripts, keys }).acquire(terms)
    const ttl = Number(await call('pttl', keys.lock('lock-1')))
    expect(ttl).toBeGreaterThan(86_390_000)
    expect(ttl).toBeLessThanOrEqual(86_401_000)
    await forget()
  })

  test('with a record a number is epoch · 2³² + counter', async () => {
    const { keys, scripts, forget } = testSpace(redis)
    const store = createRedisLockStore({ scripts, keys, fenceSource: newSource() })
    expect(await store.acquire(terms)).toMatchObject({ fence: 2 ** 32 + 1 })
    await store.release({ ...terms, fence: 2 ** 32 + 1 })
    expect(await store.acquire({ ...terms, owner: 'b' })).toMatchObject({ fence: 2 ** 32 + 2 })
    await forget()
    expect(await store.acquire({ ...terms, owner: 'c' })).toMatchObject({ fence: 2 * 2 ** 32 + 1 })
    await forget()
  })

  test('I8: what another run of the server wrote is gone, and numbers grow past it', async () => {
    const { keys, scripts, call, forget } = testSpace(redis)
    const store = createRedisLockStore({ scripts, keys, fenceSource: newSource() })
    const before = await store.acquire(terms)
    if (!before.ok) throw new Error('a free key was refused')
    await call('hset', keys.lock('lock-1'), 'run', 'f'.repeat(40))
    expect(await store.renew({ ...terms, fence: before.fence })).toBe(false)
    expect(await store.release({ ...terms, fence: before.fence })).toBe(false)
    expect(await store.acquire({ ...terms, owner: 'b' })).toMatchObject({ fence: 2 * 2 ** 32 + 1 })
    await forget()
  })

  test('I8: an epoch fetched before a loss is not used after it', async () => {
    const { keys, scripts, forget } = testSpace(redis)
    const source = newSource()
    let open = () => {}
    const gates = [new Promise<void>((resolve) => (open = resolve))]
    const next = async (p: { key: string }) => {
      const gate = gates.pop()
      const epoch = await source.next(p)
      await gate
      return epoch
    }
    const store = createRedisLockStore({ scripts, keys, fenceSource: { next } })
    const slow = store.acquire(terms)
    await expect.poll(() => gates.length).toBe(0)
    const other = await store.acquire({ ...terms, owner: 'b' })
    await forget()
    open()
    const late = await slow
    if (!other.ok || !late.ok) throw new Error('both are granted, one after the loss')
    expect(late.fence).toBeGreaterThan(other.fence)
    await forget()
  })
})
