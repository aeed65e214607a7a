import { type Redis, type RedisKind, redisKinds, startRedis } from './redis.ts'
import type { Shareable } from './shared.ts'

/** Where a shared Redis is: one for all of a run, so nobody flushes it, and every test has a prefix of its own. */
export interface SharedRedis {
  readonly kind: RedisKind
  readonly url: string
  readonly from: 'environment' | Redis['from']
}

const variables: Readonly<Record<RedisKind, string>> = {
  single: 'TEST_REDIS_URL',
  cluster: 'TEST_REDIS_CLUSTER_URL',
  sentinel: 'TEST_REDIS_SENTINEL_URL',
}

export const shareableRedis = (kind: RedisKind): Shareable<SharedRedis> => ({
  path: `/redis/${kind}`,
  name: `Redis (${kind})`,
  given: () => {
    const url = process.env[variables[kind]]
    return url ? { kind, url, from: 'environment' } : null
  },
  start: async () => {
    const { url, from, close } = await startRedis(kind)
    return { address: { kind, url, from }, close }
  },
})

export const allRedis = redisKinds.map(shareableRedis)
