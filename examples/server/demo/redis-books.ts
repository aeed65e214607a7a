import { Redis } from 'ioredis'

/** The seats of a sale as they lie in Redis. */
export interface RedisBooks {
  readonly at: number
  /** Codes by section, in the order of its seats: 0 AVAILABLE, 1 RESERVED, 2 COMPLETED, 3 BLOCKED. */
  readonly sections: ReadonlyMap<string, readonly number[]>
  /** Status by seatId, of every `seat:{<scheduleId>}:<seatId>`. */
  readonly shown: ReadonlyMap<string, string>
  readonly keys: number
  readonly bytes: number
}

/** Redis unpacks its own rows, so that nothing of the engine or its adapter is between the store and the audit. */
const readSections = `
local reply = {}
for _, name in ipairs({ cmsgpack.unpack(redis.call('HGET', KEYS[1], '*')) }) do
  local row = { cmsgpack.unpack(redis.call('HGET', KEYS[1], 's' .. name)) }
  reply[#reply + 1] = { name, row[2], row[5] }
end
return reply`

export async function readRedisBooks(url: string, scheduleId: string): Promise<RedisBooks> {
  const redis = new Redis(url, { maxRetriesPerRequest: 1 })
  try {
    const rows = (await redis.callBuffer('EVAL', readSections, 1, `seats:{${scheduleId}}`)) as [
      Buffer,
      number,
      Buffer,
    ][]
    const sections = new Map(rows.map(([name, count, packed]) => [String(name), unpackCodes(packed, count)]))
    const shown = await readShown(redis, `seat:{${scheduleId}}:`)
    const bytes = Number(/used_memory:(\d+)/.exec(await redis.info('memory'))?.[1] ?? 0)
    return { at: Date.now(), sections, shown, keys: await redis.dbsize(), bytes }
  } finally {
    redis.disconnect()
  }
}

const unpackCodes = (packed: Buffer, count: number): readonly number[] =>
  Array.from({ length: count }, (_, i) => ((packed[i >> 2] ?? 0) >> (2 * (i & 3))) & 3)

async function readShown(redis: Redis, prefix: string): Promise<ReadonlyMap<string, string>> {
  const shown = new Map<string, string>()
  for await (const found of redis.scanStream({ match: `${prefix}*`, count: 1_000 }) as AsyncIterable<string[]>) {
    if (found.length === 0) continue
    for (const [i, text] of (await redis.mget(found)).entries()) {
      // One that has ended in between is free.
      if (text !== null) shown.set(found[i]!.slice(prefix.length), (JSON.parse(text) as { status: string }).status)
    }
  }
  return shown
}
