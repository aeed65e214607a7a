// region engine
import { createBookingEngine, type Engine } from '@b-ticketing/core'
import { inMemoryAdapters } from '@b-ticketing/core/memory'
import { redisAdapters } from '@b-ticketing/redis-adapter'
import type { Cluster, Redis } from 'ioredis'

export async function openEngine(redis: Redis | Cluster, secret: string): Promise<Engine> {
  const record = inMemoryAdapters()
  const onRedis = redisAdapters(redis, { fenceSource: record.fenceSource })

  // Throws when this Redis would lose holds, and says what an operator should know.
  const { warnings } = await onRedis.doctor()
  for (const warning of warnings) console.warn(warning)

  return createBookingEngine({ ...record, ...onRedis, tokenSecrets: [{ kid: '2026-11', secret }] })
}
// endregion
