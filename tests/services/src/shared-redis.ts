import { type Redis, type RedisKind, startRedis } from './redis.ts'

/** Where a shared Redis is: one for all of a run, so nobody flushes it, and every test has a prefix of its own. */
export interface SharedRedis {
  readonly kind: RedisKind
  readonly url: string
  readonly from: 'environment' | Redis['from']
}

/** An address in the environment comes first. */
const variables: Readonly<Record<RedisKind, string>> = {
  single: 'TEST_REDIS_URL',
  cluster: 'TEST_REDIS_CLUSTER_URL',
  sentinel: 'TEST_REDIS_SENTINEL_URL',
}

/** Starts each kind at most once, when it is first asked for. */
export function createSharedRedis() {
  const started = new Map<RedisKind, Promise<Redis>>()
  return {
    get: async (kind: RedisKind): Promise<SharedRedis> => {
      const given = process.env[variables[kind]]
      if (given) return { kind, url: given, from: 'environment' }
      const starting = started.get(kind) ?? startRedis(kind)
      started.set(kind, starting)
      const { url, from } = await starting
      return { kind, url, from }
    },
    close: async (): Promise<void> => {
      const all = [...started.values()]
      started.clear()
      await Promise.all(all.map((starting) => starting.then((redis) => redis.close()).catch(() => {})))
    },
  }
}
