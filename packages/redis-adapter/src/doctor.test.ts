import { ownRedis, type RedisServer, sharedRedis } from '@b-ticketing/services'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, test } from 'vitest'
import { redisAdapters } from './index.ts'
import { describeRedis } from './redis.test-support.ts'

const own = await ownRedis()
const cluster = await sharedRedis('cluster')
afterAll(() => own?.close())

await describeRedis('doctor', ({ client }) => {
  test('has no objection to this Redis', async () => {
    const { doctor } = redisAdapters(client)
    expect((await doctor()).warnings).toContainEqual(expect.stringContaining('appendonly is off'))
  })
})

describe.skipIf(own === null)('doctor', () => {
  const server = own?.servers[0] as RedisServer
  const problems = async (url: string, options = {}) => {
    const { doctor, close } = redisAdapters({ url }, options)
    try {
      const { warnings } = await doctor()
      return { warnings: warnings.join('\n') }
    } catch (error) {
      expect(error).toMatchObject({ code: 'CONFIG_INVALID' })
      return { refused: (error as Error).message }
    } finally {
      await close()
    }
  }
  const config = (name: string, value: string) => server.cli('config', 'set', name, value)

  test('refuses an eviction policy that deletes holds, and warns of one that cannot strike yet', async () => {
    await config('maxmemory-policy', 'allkeys-lru')
    expect((await problems(own!.url)).warnings).toMatch(/maxmemory-policy is allkeys-lru/)
    await config('maxmemory', '100mb')
    expect((await problems(own!.url)).refused).toMatch(/maxmemory-policy is allkeys-lru.*noeviction/)
    await config('maxmemory-policy', 'noeviction')
    const { warnings } = await problems(own!.url)
    expect(warnings).not.toMatch(/maxmemory/)
    await config('maxmemory', '0')
  })

  test('warns of missing persistence until it is on', async () => {
    expect((await problems(own!.url)).warnings).toMatch(/appendonly/)
    await config('appendonly', 'yes')
    expect((await problems(own!.url)).warnings).not.toMatch(/appendonly/)
    await config('appendonly', 'no')
  })

  test('refuses a replica', async () => {
    await server.cli('replicaof', '127.0.0.1', '1')
    expect((await problems(own!.url)).refused).toMatch(/replica/)
    await server.cli('replicaof', 'no', 'one')
  })

  test('is BUSY when there is nobody to ask', async () => {
    const { doctor, close } = redisAdapters({ url: 'redis://127.0.0.1:1' }, { timeoutMs: 200 })
    await expect(doctor()).rejects.toMatchObject({ code: 'BUSY' })
    await close()
  })
})

describe.skipIf(cluster === null)('doctor of a cluster', () => {
  const first = cluster?.url.replace(/^redis-cluster:\/\/([^,]+).*/, 'redis://$1') ?? ''

  test('refuses a client that knows one node only', async () => {
    const { doctor, close } = redisAdapters({ url: first })
    await expect(doctor()).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: /Cluster client/ })
    await close()
  })

  test('refuses a prefix that hides the hash tags', async () => {
    const { doctor, close } = redisAdapters({ url: cluster!.url }, { prefix: '{shop}:' })
    await expect(doctor()).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { problems: [expect.stringContaining('brace')] },
    })
    await close()
  })
})

test('a client with a keyPrefix is refused: scripts and channels would not share it', () => {
  const client = new Redis({ keyPrefix: 'shop:', lazyConnect: true })
  expect(() => redisAdapters(client)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  client.disconnect()
})
