import { ownRedis, type RedisServer, sharedRedis } from '@b-ticketing/services'
import { Cluster, Redis } from 'ioredis'
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
  const keysOf = async (prefix: string) => (await server.cli('keys', `${prefix}*`)).trim()
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

  test.each([
    ['-info', /grant \+info/],
    ['-evalsha', /grant \+evalsha/],
    ['-eval', /grant \+eval /],
    ['-subscribe', /grant \+subscribe/],
    ['-hset', /grant .*commands of keys|grant \+hset/],
    ['resetkeys ~other:*', /grant ~<prefix>\*/],
    ['resetchannels &other:*', /grant &<prefix>\*/],
  ])('refuses a user with %s, and says which right is missing', async (rules, expected) => {
    await server.cli('acl', 'setuser', 'shop', 'reset', 'on', '>p', '~*', '&*', '+@all')
    const url = own!.url.replace('//', '//shop:p@')
    expect((await problems(url)).warnings).toBeDefined()
    await server.cli('acl', 'setuser', 'shop', ...rules.split(' '))
    expect((await problems(url, { prefix: 'shop:' })).refused).toMatch(expected)
    expect(await keysOf('shop:')).toBe('')
  })

  test('leaves nothing behind, and may have nothing but its prefix', async () => {
    const rules = ['reset', 'on', '>p', '~shop:*', '&shop:*', '+@all', '-@dangerous', '+info']
    await server.cli('acl', 'setuser', 'small', ...rules)
    const { warnings } = await problems(own!.url.replace('//', '//small:p@'), { prefix: 'shop:' })
    expect(warnings).not.toMatch(/backlog/)
    expect(await keysOf('shop:')).toBe('')
  })

  test('a database that does not exist is refused, not taken for another', async () => {
    expect((await problems(`${own!.url}/99`)).refused).toMatch(/no database/)
    const { lockStore, close } = redisAdapters({ url: `${own!.url}/99` }, { prefix: 'astray:' })
    const acquired = lockStore.acquire({ key: 'k', owner: 'o', ttlMs: 1_000 })
    await expect(acquired).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    expect(await keysOf('astray:')).toBe('')
    await close()
  })

  test('asks for a replica before the sale, then for a backlog that is kept', async (context) => {
    expect((await problems(own!.url)).warnings).toMatch(/no replica.*before the sale/)
    const replica = await ownRedis()
    if (replica === null) return context.skip()
    await replica.servers[0]?.cli('replicaof', '127.0.0.1', String(server.port))
    await expect.poll(async () => (await problems(own!.url)).warnings).toMatch(/repl-backlog-ttl is 3600.*set it to 0/)
    await config('repl-backlog-ttl', '0')
    expect((await problems(own!.url)).warnings).not.toMatch(/repl-backlog-ttl/)
    await replica.close()
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

describe.each([{ keyPrefix: 'shop:' }, { stringNumbers: true }, { enableAutoPipelining: true }])(
  'a borrowed client with %o',
  (options) => {
    test.each([
      ['Redis', () => new Redis({ ...options, lazyConnect: true })],
      ['Cluster', () => new Cluster([{ port: 1 }], { ...options, lazyConnect: true })],
      ['Cluster, of its nodes,', () => new Cluster([{ port: 1 }], { redisOptions: options, lazyConnect: true })],
    ])('%s is refused', (_, open) => {
      const client = open()
      const [name = ''] = Object.keys(options)
      const refused = { code: 'CONFIG_INVALID', message: expect.stringContaining(name) }
      expect(() => redisAdapters(client)).toThrow(expect.objectContaining(refused))
      client.disconnect()
    })
  },
)
