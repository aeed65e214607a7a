import { expect, test, vi } from 'vitest'
import { type ManualRuntime, manualRuntime, settle } from '../shared/contract.ts'
import { createAlwaysGrantedLockStore } from './always-granted.memory.ts'
import { shardKey, shardOf } from './lock.ts'
import { createMemoryLockStore } from './lock-store.memory.ts'
import type { LockStore } from './lock-store.port.ts'
import { createShardedLock } from './sharded-lock.ts'

/** One store and any number of processes with a sharded lock of their own. */
function world(p: { shards?: number; ttlMs?: number; retries?: number } = {}) {
  const runtime = manualRuntime({ seed: 7 })
  const store = createMemoryLockStore({ runtime })
  const newProcess = (lockStore: LockStore = store) => createShardedLock({ lockStore, runtime, ...p })
  const holder = (resource: string) => {
    const row = store.rows.get(shardKey(shardOf(resource, p.shards ?? 64)))
    return row && runtime.now() < row.until ? row : null
  }
  return { runtime, store, newProcess, holder }
}

/** Starts a call and tells how it ended, for calls that need the clock to move. */
function started<T>(call: Promise<T>) {
  const state: { value?: T; error?: unknown; over: boolean } = { over: false }
  call.then(
    (value) => Object.assign(state, { value, over: true }),
    (error: unknown) => Object.assign(state, { error, over: true }),
  )
  return state
}

/** `count` names that all lie on different shards. */
const distinct = (count: number, shards = 64): string[] => {
  const names = new Map<number, string>()
  for (let i = 0; names.size < count; i++) names.set(shardOf(`name-${i}`, shards), `name-${i}`)
  return [...names.values()]
}

test('Q8: takes the lease of the resource’s shard, with an owner of its own and the default ttl of 5 s', async () => {
  const { runtime, newProcess, holder, store } = world()
  const lock = newProcess()
  const lease = await lock.acquireLockWithSharding({ resource: 'group:game-1:7' })
  expect(holder('group:game-1:7')).toEqual({ owner: lease.owner, fence: lease.fence, until: runtime.now() + 5_000 })
  expect(lease.shard).toBe(shardKey(shardOf('group:game-1:7', 64)))
  expect(await lease.release()).toBe(true)
  const next = await lock.acquireLockWithSharding({ resource: 'group:game-1:7' })
  expect(next.owner).not.toBe(lease.owner)
  expect(next.fence).toBeGreaterThan(lease.fence)
  expect(store.rows.size).toBe(1)
})

test('Q8: frees itself by its ttl when nobody releases it, and tells its holder', async () => {
  const { runtime, newProcess } = world()
  const lease = await newProcess().acquireLockWithSharding({ resource: 'a' })
  const next = started(newProcess().acquireLockWithSharding({ resource: 'a', retries: 16, ttlMs: 60_000 }))
  await runtime.elapse(4_999)
  expect([next.over, lease.signal.aborted]).toEqual([false, false])
  await runtime.elapse(1)
  expect(lease.signal.aborted).toBe(true)
  expect(lease.signal.reason).toMatchObject({ code: 'LOCK_LOST' })
  await runtime.elapse(20_000)
  expect(next.value?.fence).toBeGreaterThan(lease.fence)
  expect(await lease.release()).toBe(false)
  await expect(lease.extend()).rejects.toMatchObject({ code: 'LOCK_LOST' })
  expect(next.value?.signal.aborted).toBe(false)
})

test('Q8: retries 5 times with growing, jittered pauses, then LOCK_BUSY', async () => {
  const { runtime, newProcess, store } = world()
  await newProcess().acquireLockWithSharding({ resource: 'a', ttlMs: 60_000 })
  const asked: number[] = []
  const other = newProcess({
    ...store,
    acquire: (p) => {
      asked.push(runtime.now())
      return store.acquire(p)
    },
  })
  const call = started(other.acquireLockWithSharding({ resource: 'a' }))
  await runtime.elapse(10_000)
  expect(call.error).toMatchObject({ code: 'LOCK_BUSY' })
  expect((call.error as { retryInMs: number }).retryInMs).toBeGreaterThan(0)
  const pauses = asked.slice(1).map((at, i) => at - asked[i]!)
  expect(pauses).toHaveLength(5)
  for (const [i, pause] of pauses.entries()) {
    expect(pause).toBeGreaterThanOrEqual(25 * 2 ** i)
    expect(pause).toBeLessThanOrEqual(50 * 2 ** i)
  }
})

test('two processes that are refused together do not come back together', async () => {
  const { runtime, newProcess, store } = world()
  await newProcess().acquireLockWithSharding({ resource: 'a', ttlMs: 60_000 })
  const asked: number[] = []
  const watched = {
    ...store,
    acquire: (p: Parameters<LockStore['acquire']>[0]) => {
      asked.push(runtime.now())
      return store.acquire(p)
    },
  }
  const calls = [1, 2].map(() => started(newProcess(watched).acquireLockWithSharding({ resource: 'a' })))
  await runtime.elapse(10_000)
  expect(calls.every((call) => call.error)).toBe(true)
  expect(new Set(asked).size).toBeGreaterThan(6)
})

test('retries: 0 asks once and waits for nobody, neither here nor elsewhere', async () => {
  const { newProcess } = world()
  const lock = newProcess()
  await lock.acquireLockWithSharding({ resource: 'a' })
  await expect(lock.acquireLockWithSharding({ resource: 'a', retries: 0 })).rejects.toMatchObject({ code: 'LOCK_BUSY' })
  await expect(newProcess().acquireLockWithSharding({ resource: 'a', retries: 0 })).rejects.toMatchObject({
    code: 'LOCK_BUSY',
  })
})

test('callers of one process queue here in order: the store never refuses one of them', async () => {
  const { runtime, newProcess, store } = world()
  const acquire = vi.fn(store.acquire)
  const lock = newProcess({ ...store, acquire })
  const order: number[] = []
  const calls = Array.from({ length: 100 }, (_, i) =>
    lock.withLock({ resource: 'a' }, async () => {
      order.push(i)
      await runtime.sleep({ ms: 10 })
    }),
  )
  await runtime.elapse(2_000)
  await Promise.all(calls)
  expect(order).toEqual(Array.from({ length: 100 }, (_, i) => i))
  expect(acquire).toHaveBeenCalledTimes(100)
})

test('a caller waits here for one ttl at most, so a nested call without an owner ends too', async () => {
  const { runtime, newProcess } = world()
  const lock = newProcess()
  const call = started(lock.withLock({ resource: 'a' }, () => lock.withLock({ resource: 'a' }, async () => 'never')))
  await runtime.elapse(4_999)
  expect(call.over).toBe(false)
  await runtime.elapse(1)
  expect(call.error).toMatchObject({ code: 'LOCK_BUSY' })
  await (await lock.acquireLockWithSharding({ resource: 'a', retries: 0 })).release()
})

test('an owner never nests: neither the same resource nor another, neither one nor many', async () => {
  const { newProcess, store } = world()
  const lock = newProcess()
  const lease = await lock.acquireLockWithSharding({ resource: 'a', owner: 'rebuild' })
  const nested = { code: 'INVALID', details: { nested: 'rebuild' } }
  await expect(lock.acquireLockWithSharding({ resource: 'a', owner: 'rebuild' })).rejects.toMatchObject(nested)
  await expect(lock.acquireMany({ resources: ['b', 'c'], owner: 'rebuild' })).rejects.toMatchObject(nested)
  await expect(lock.withLock({ resource: 'z', owner: 'rebuild' }, async () => 1)).rejects.toMatchObject(nested)
  expect(store.rows.size).toBe(1)
  await lease.release()
  const many = await lock.acquireMany({ resources: distinct(3), owner: 'rebuild' })
  await many.leases[0]!.release()
  await expect(lock.acquireLockWithSharding({ resource: 'a', owner: 'rebuild' })).rejects.toMatchObject(nested)
  await many.release()
  await (await lock.acquireLockWithSharding({ resource: 'a', owner: 'rebuild' })).release()
})

test('the owner of a lease is refused when the lease’s own token is passed on', async () => {
  const { newProcess } = world()
  const lock = newProcess()
  await expect(
    lock.withLock({ resource: 'a' }, ({ owner }) => lock.withLock({ resource: 'b', owner }, async () => 1)),
  ).rejects.toMatchObject({ code: 'INVALID' })
})

test('the same owner name in two processes is two owners for the store', async () => {
  const { newProcess } = world()
  await newProcess().acquireLockWithSharding({ resource: 'a', owner: 'rebuild' })
  await expect(
    newProcess().acquireLockWithSharding({ resource: 'a', owner: 'rebuild', retries: 0 }),
  ).rejects.toMatchObject({ code: 'LOCK_BUSY' })
})

test('withLock renews for long work and releases after it', async () => {
  const { runtime, newProcess, holder } = world()
  const work = started(newProcess().withLock({ resource: 'a' }, () => runtime.sleep({ ms: 60_000 }).then(() => 'done')))
  for (let i = 0; i < 11; i++) {
    await runtime.elapse(5_000)
    expect(holder('a')).not.toBeNull()
    await expect(newProcess().acquireLockWithSharding({ resource: 'a', retries: 0 })).rejects.toThrow()
  }
  await runtime.elapse(5_000)
  expect(work.value).toBe('done')
  expect(holder('a')).toBeNull()
})

test('withLock releases when the work throws, and throws its error', async () => {
  const { newProcess, holder } = world()
  const broken = new Error('broken')
  await expect(newProcess().withLock({ resource: 'a' }, () => Promise.reject(broken))).rejects.toBe(broken)
  expect(holder('a')).toBeNull()
})

test('withLock is LOCK_LOST when the lease did not last, though the work returned', async () => {
  const { runtime, newProcess, store } = world()
  const lock = newProcess()
  let aborted = false
  const work = started(
    lock.withLock({ resource: 'a' }, async ({ signal }) => {
      store.lose()
      await runtime.sleep({ ms: 2_000 })
      aborted = signal.aborted
    }),
  )
  await runtime.elapse(2_000)
  expect(aborted).toBe(true)
  expect(work.error).toMatchObject({ code: 'LOCK_LOST', details: { resource: 'a' } })
})

test('a store that fails loses the lease only at its end, a store that hangs does too', async () => {
  for (const renew of [() => Promise.reject(new Error('down')), () => new Promise<never>(() => {})]) {
    const { runtime, newProcess, store } = world()
    const lease = await newProcess({ ...store, renew }).acquireLockWithSharding({ resource: 'a', renew: true })
    await runtime.elapse(4_999)
    expect(lease.signal.aborted).toBe(false)
    await runtime.elapse(1)
    expect(lease.signal.aborted).toBe(true)
  }
})

test('a lost lease nobody releases blocks no one in its process', async () => {
  const { runtime, newProcess } = world()
  const lock = newProcess()
  const first = await lock.acquireLockWithSharding({ resource: 'a', owner: 'rebuild' })
  await runtime.elapse(5_000)
  const next = await lock.acquireLockWithSharding({ resource: 'a', owner: 'rebuild', retries: 0 })
  expect(next.fence).toBeGreaterThan(first.fence)
  expect(await first.release()).toBe(false)
  await expect(lock.acquireLockWithSharding({ resource: 'a', retries: 0 })).rejects.toMatchObject({ code: 'LOCK_BUSY' })
})

test('a slow reply counts from when it was asked for: the lease never lasts longer here than in the store', async () => {
  const { runtime, newProcess, store, holder } = world()
  const renew: LockStore['renew'] = async (p) => {
    const renewed = await store.renew(p)
    await runtime.sleep({ ms: 3_000 })
    return renewed
  }
  const lease = await newProcess({ ...store, renew }).acquireLockWithSharding({ resource: 'a' })
  const extended = started(lease.extend())
  await runtime.elapse(4_999)
  expect([extended.over, lease.signal.aborted]).toEqual([true, false])
  expect(holder('a')).not.toBeNull()
  await runtime.elapse(1)
  expect([holder('a'), lease.signal.aborted]).toEqual([null, true])
})

test('one failed renewal is made good by the next', async () => {
  const { runtime, newProcess, store } = world()
  const renew = vi.fn(store.renew).mockRejectedValueOnce(new Error('lost reply'))
  const lease = await newProcess({ ...store, renew }).acquireLockWithSharding({ resource: 'a', renew: true })
  await runtime.elapse(30_000)
  expect(lease.signal.aborted).toBe(false)
  expect(await lease.release()).toBe(true)
  const calls = renew.mock.calls.length
  await runtime.elapse(30_000)
  expect(renew).toHaveBeenCalledTimes(calls)
})

test('a lost reply to acquire is repeated with the same token and gets the same grant', async () => {
  const { runtime, newProcess, store } = world()
  const seen: number[] = []
  const acquire: LockStore['acquire'] = async (p) => {
    const reply = await store.acquire(p)
    if (reply.ok) seen.push(reply.fence)
    if (seen.length === 1) throw new Error('connection lost')
    return reply
  }
  const call = started(newProcess({ ...store, acquire }).acquireLockWithSharding({ resource: 'a' }))
  await runtime.elapse(1_000)
  expect(call.value?.fence).toBe(seen[0])
  expect(seen).toEqual([seen[0], seen[0]])
})

test('a store that is down is LOCK_BUSY with its fault as the cause', async () => {
  const { runtime, newProcess, store } = world()
  const down = new Error('down')
  const call = started(
    newProcess({ ...store, acquire: () => Promise.reject(down) }).withLock({ resource: 'a' }, async () => 1),
  )
  await runtime.elapse(10_000)
  expect(call.error).toMatchObject({ code: 'LOCK_BUSY', cause: down })
})

test('a failing release costs the work nothing: the shard frees itself', async () => {
  const { runtime, newProcess, store } = world()
  const release = () => Promise.reject(new Error('down'))
  expect(await newProcess({ ...store, release }).withLock({ resource: 'a' }, async () => 1)).toBe(1)
  const next = started(newProcess().acquireLockWithSharding({ resource: 'a', retries: 16 }))
  await runtime.elapse(20_000)
  expect(next.value).toBeDefined()
})

test('extend sets the lease’s length from now on; release is repeatable', async () => {
  const { runtime, newProcess, holder } = world()
  const lease = await newProcess().acquireLockWithSharding({ resource: 'a' })
  await lease.extend({ ttlMs: 20_000 })
  await runtime.elapse(19_999)
  expect(lease.signal.aborted).toBe(false)
  expect(holder('a')).not.toBeNull()
  expect(await Promise.all([lease.release(), lease.release()])).toEqual([true, true])
  expect(lease.signal.aborted).toBe(false)
  await expect(lease.extend({ ttlMs: Number.NaN })).rejects.toMatchObject({ code: 'INVALID' })
})

test('`await using` releases', async () => {
  const { newProcess, holder } = world()
  {
    await using lease = await newProcess().acquireLockWithSharding({ resource: 'a' })
    expect(holder('a')?.owner).toBe(lease.owner)
  }
  expect(holder('a')).toBeNull()
})

test('a caller’s signal ends its waiting, here and at the store', async () => {
  const { runtime, newProcess } = world()
  const lock = newProcess()
  const held = await lock.acquireLockWithSharding({ resource: 'a', ttlMs: 60_000 })
  const stop = new AbortController()
  const here = started(lock.acquireLockWithSharding({ resource: 'a', signal: stop.signal }))
  const there = started(newProcess().acquireLockWithSharding({ resource: 'a', signal: stop.signal }))
  await settle()
  stop.abort(new Error('enough'))
  await settle()
  expect([here.error, there.error]).toMatchObject([{ code: 'LOCK_BUSY' }, { code: 'LOCK_BUSY' }])
  await expect(lock.acquireLockWithSharding({ resource: 'b', signal: stop.signal })).rejects.toThrow()
  await held.release()
  await runtime.elapse(1)
  await (await lock.acquireLockWithSharding({ resource: 'a', retries: 0 })).release()
})

test('acquireMany takes every shard once, in one order, under one owner, and frees all', async () => {
  const { newProcess, store } = world()
  const names = distinct(5)
  const keys: string[] = []
  const watched: LockStore = {
    ...store,
    acquire: (p) => {
      keys.push(p.key)
      return store.acquire(p)
    },
  }
  const set = await newProcess(watched).acquireMany({ resources: [...names, ...names].reverse() })
  const shards = keys.map((key) => Number(key.slice('lock-'.length)))
  expect(shards).toEqual([...new Set(shards)].sort((a, b) => a - b))
  expect(set.leases).toHaveLength(5)
  expect(new Set(set.leases.map((lease) => lease.owner))).toEqual(new Set([set.owner]))
  for (const name of names) {
    expect(set.fenceOf(name)).toBe(store.rows.get(shardKey(shardOf(name, 64)))?.fence)
  }
  expect(() => set.fenceOf('another')).toThrow(expect.objectContaining({ code: 'INVALID' }))
  await set.extend()
  expect(await set.release()).toBe(true)
  for (const name of names) await (await newProcess().acquireLockWithSharding({ resource: name, retries: 0 })).release()
})

test('acquireMany is all or none', async () => {
  const { newProcess, holder, store } = world({ retries: 0 })
  const [one, two, three] = distinct(3) as [string, string, string]
  await newProcess().acquireLockWithSharding({ resource: two })
  await expect(newProcess().acquireMany({ resources: [one, two, three] })).rejects.toMatchObject({ code: 'LOCK_BUSY' })
  expect([holder(one), holder(three)]).toEqual([null, null])
  expect(store.rows.size).toBeGreaterThan(0)
})

test('acquireMany keeps what it has while it waits for the rest', async () => {
  const { runtime, newProcess, holder } = world({ retries: 16 })
  const names = distinct(2).sort((a, b) => shardOf(a, 64) - shardOf(b, 64))
  const [first, last] = names as [string, string]
  await newProcess().acquireLockWithSharding({ resource: last, ttlMs: 12_000 })
  const call = started(newProcess().acquireMany({ resources: names }))
  await runtime.elapse(11_999)
  expect(holder(first)).not.toBeNull()
  await runtime.elapse(20_000)
  expect(call.error).toBeUndefined()
})

test('acquireMany is lost when one of its leases is', async () => {
  const { runtime, newProcess, store } = world()
  const names = distinct(3)
  const set = await newProcess().acquireMany({ resources: names, renew: true })
  await runtime.elapse(20_000)
  expect(set.signal.aborted).toBe(false)
  store.lose()
  await runtime.elapse(2_000)
  expect(set.signal.reason).toMatchObject({ code: 'LOCK_LOST' })
  expect(await set.release()).toBe(false)
})

test('two processes that take the same resources in opposite order never wait for each other', async () => {
  const { runtime, newProcess } = world()
  const names = distinct(4)
  const calls = [names, [...names].reverse()].map((resources) =>
    started(
      newProcess()
        .acquireMany({ resources })
        .then((set) => runtime.sleep({ ms: 50 }).then(() => set.release())),
    ),
  )
  await runtime.elapse(3_000)
  expect(calls.map((call) => call.value)).toEqual([true, true])
})

test('bad input is INVALID and takes nothing', async () => {
  const { newProcess, store, runtime } = world()
  const lock = newProcess()
  const bad = [
    undefined,
    {},
    { resource: '' },
    { resource: 7 },
    { resource: 'x'.repeat(513) },
    { resource: 'a', ttlMs: 0 },
    { resource: 'a', ttlMs: Number.NaN },
    { resource: 'a', ttlMs: 1e12 },
    { resource: 'a', retries: -1 },
    { resource: 'a', retries: 1e9 },
    { resource: 'a', owner: 'not an id' },
    { resource: 'a', signal: {} },
  ] as unknown as { resource: string }[]
  for (const input of bad) {
    await expect(lock.acquireLockWithSharding(input)).rejects.toMatchObject({ code: 'INVALID' })
    await expect(lock.withLock(input, async () => 1)).rejects.toMatchObject({ code: 'INVALID' })
  }
  for (const resources of [undefined, 'a', [], [''], new Array(257).fill('a')] as unknown as string[][]) {
    await expect(lock.acquireMany({ resources })).rejects.toMatchObject({ code: 'INVALID' })
  }
  for (const shards of [0, -1, 1.5, Number.NaN]) {
    expect(() => createShardedLock({ lockStore: store, runtime, shards })).toThrow(
      expect.objectContaining({ code: 'INVALID' }),
    )
  }
  expect(store.rows.size).toBe(0)
})

test('over a lock that grants everything, callers of one process still take turns', async () => {
  const runtime: ManualRuntime = manualRuntime()
  const lock = createShardedLock({ lockStore: createAlwaysGrantedLockStore(), runtime })
  let inside = 0
  const calls = Array.from({ length: 10 }, () =>
    lock.withLock({ resource: 'a' }, async () => {
      expect(++inside).toBe(1)
      await runtime.sleep({ ms: 5 })
      inside--
    }),
  )
  await runtime.elapse(100)
  await Promise.all(calls)
})
