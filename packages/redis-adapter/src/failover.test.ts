import { setTimeout as sleep } from 'node:timers/promises'
import { createMemoryFenceSource, createMemoryRecord } from '@b-ticketing/core/memory'
import { ownRedis, type Redis } from '@b-ticketing/services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listen, publish } from './feed.test-support.ts'
import { type RedisAdapters, redisAdapters } from './index.ts'

const newAdapters = ({ url }: Redis): RedisAdapters =>
  redisAdapters({ url }, { fenceSource: createMemoryFenceSource({ record: createMemoryRecord() }), timeoutMs: 500 })

const terms = { key: 'lock-1', owner: 'a', ttlMs: 60_000 }

const fenceOf = async ({ lockStore }: RedisAdapters, owner: string): Promise<number | null> => {
  const reply = await lockStore.acquire({ ...terms, owner })
  return reply.ok ? reply.fence : null
}

/** Tries until it is granted; every failure on the way is BUSY and comes within a bound. */
async function fenceAfterFault(adapters: RedisAdapters, owner: string): Promise<number> {
  const end = Date.now() + 20_000
  while (Date.now() < end) {
    const start = performance.now()
    try {
      const fence = await fenceOf(adapters, owner)
      if (fence !== null) return fence
    } catch (error) {
      expect(error).toMatchObject({ name: 'TicketingError', code: 'BUSY' })
    }
    expect(performance.now() - start).toBeLessThan(1_000)
    await sleep(50)
  }
  throw new Error('not granted within 20 s')
}

const [sentinel, cluster] = await Promise.all([ownRedis('sentinel'), ownRedis('cluster')])

describe.skipIf(sentinel === null)('failover under Sentinel', () => {
  const redis = sentinel as Redis
  let adapters: RedisAdapters
  beforeAll(() => {
    adapters = newAdapters(redis)
  })
  afterAll(async () => {
    await adapters.close()
    await redis.close()
  })

  test('I8: a master that hangs is left, numbers whose grant was lost are not granted again, the old master changes nothing', async () => {
    const [master, replica] = redis.servers
    const seen = await listen(adapters)
    const first = (await fenceOf(adapters, 'a')) as number
    await expect.poll(() => replica?.cli('hget', 'lock:{lock-1}', 'fence')).toContain(String(first))
    // The replica stops following: what the master grants now is lost with it.
    await replica?.cli('client', 'kill', 'type', 'master')
    await replica?.cli('config', 'set', 'masterauth', 'wrong', 'masteruser', 'nobody')
    await replica?.cli('client', 'kill', 'type', 'master')
    await adapters.lockStore.release({ ...terms, fence: first })
    const lost = (await fenceOf(adapters, 'b')) as number
    expect(lost).toBe(first + 1)
    expect(await replica?.cli('hget', 'lock:{lock-1}', 'owner')).toBe('a\n')
    await master?.pause()
    const later = await fenceAfterFault(adapters, 'c')
    expect(later).toBeGreaterThan(lost)
    for (const [owner, fence] of [
      ['a', first],
      ['b', lost],
    ] as const) {
      expect(await adapters.lockStore.renew({ ...terms, owner, fence })).toBe(false)
    }
    await expect.poll(() => seen.at(-1), { timeout: 15_000 }).toBe('gap')
    await publish(adapters, 1)
    await expect.poll(() => seen.at(-1)).toBe(1)
    await master?.resume()
    for (let i = 0; i < 5; i++) expect(await fenceAfterFault(adapters, 'c')).toBe(later)
  }, 60_000)
})

describe.skipIf(cluster === null)('failover of a cluster', () => {
  const redis = cluster as Redis
  let adapters: RedisAdapters
  beforeAll(() => {
    adapters = newAdapters(redis)
  })
  afterAll(async () => {
    await adapters.close()
    await redis.close()
  })

  const key = 'lock:{lock-1}'
  const ownerOf = async () => {
    const slot = Number(await redis.servers[0]?.cli('cluster', 'keyslot', key))
    for (const server of redis.servers) {
      const [me = ''] = (await server.cli('cluster', 'nodes')).split('\n').filter((line) => line.includes('myself'))
      const [id = '', , flags = '', , , , , , ...ranges] = me.split(' ')
      const has = ranges.some((range) => {
        const [from = 0, to = from] = range.split('-').map(Number)
        return from <= slot && slot <= to
      })
      if (flags.includes('master') && has) return { server, id, slot }
    }
    throw new Error('nobody has the slot')
  }

  test('I8: MOVED: a slot that moves takes its keys along, and numbers still grow', async () => {
    const fence = (await fenceOf(adapters, 'a')) as number
    const { server, id, slot } = await ownerOf()
    const nodes = await Promise.all(
      redis.servers.slice(0, 3).map(async (other) => ({ other, id: (await other.cli('cluster', 'myid')).trim() })),
    )
    const { other, id: to } = nodes.find((node) => node.id !== id) as (typeof nodes)[0]
    await other.cli('cluster', 'setslot', String(slot), 'importing', id)
    await server.cli('cluster', 'setslot', String(slot), 'migrating', to)
    await server.cli('migrate', other.host, String(other.port), key, '0', '1000')
    // In between the old node answers ASK.
    const between = await fenceAfterFault(adapters, 'b')
    expect(between).toBeGreaterThan(fence)
    for (const node of nodes) await node.other.cli('cluster', 'setslot', String(slot), 'node', to)
    expect(await fenceAfterFault(adapters, 'b')).toBe(between)
    await adapters.lockStore.release({ ...terms, owner: 'b', fence: between })
    expect(await fenceAfterFault(adapters, 'c')).toBeGreaterThan(between)
  }, 30_000)

  test('I8: a master that is killed is replaced, and numbers grow', async () => {
    const before = await fenceAfterFault(adapters, 'c')
    const { server } = await ownerOf()
    await server.kill()
    expect(await fenceAfterFault(adapters, 'd')).toBeGreaterThan(before)
    expect(await adapters.lockStore.renew({ ...terms, owner: 'c', fence: before })).toBe(false)
  }, 60_000)

  test('the feed goes on at another node', async () => {
    const seen = await listen(adapters)
    await publish(adapters, 1)
    await expect.poll(() => seen).toEqual([1])
  })
})
