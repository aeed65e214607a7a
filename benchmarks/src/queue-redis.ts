import assert from 'node:assert/strict'
import { createHmac, createSecretKey } from 'node:crypto'
import { createBookingEngine, defaultSettings, type Engine, generateBallpark } from '@b-ticketing/core'
import { inMemoryAdapters } from '@b-ticketing/core/memory'
import type { AdmissionQueue, JoinReply, LineDocument, ScheduleRecord } from '@b-ticketing/core/ports'
import { Queue } from 'bullmq'
import { emptyScripts, type RedisStand, usedBytes, withRedis } from './redis-stand.ts'
import { digits, type Line, median, type Row, type Verdict } from './table.ts'

const scheduleId = 'game-1'
const repeats = 5
const secret = 'a secret of at least thirty-two characters'

/**
 * Tickets a second: number, one-place index, list of members and a signed ticket, for as many visitors at once as the shape
 * says. `line`: the adapter, one call a turn; `engine`: all of `waitingRoom.join`. Peer: BullMQ's `add`, one a visitor.
 */
export const queueJoinCore: Row = {
  name: 'queue-join-core',
  run: () =>
    withRedis(async (stand) => {
      const line = await openLine(stand)
      const engine = await openEngine(stand)
      const bull = new Queue('bench', { connection: { url: stand.redis.url } })
      await bull.waitUntilReady()
      const lines: Line[] = []
      for (const atOnce of [100, 1_000]) {
        const rates: Record<'line' | 'engine' | 'bull' | 'limit', number[]> = {
          line: [],
          engine: [],
          bull: [],
          limit: [],
        }
        for (let round = 0; round <= repeats; round++) {
          const measured = {
            line: await rate(60_000, line.crowd(60_000, atOnce)),
            engine: await rate(20_000, () => engine.join(20_000, atOnce)),
            bull: await rate(4_000, () => addJobs(bull, 4_000, atOnce)),
            limit: await emptyScripts(stand),
          }
          // The first round warms up.
          if (round > 0)
            for (const [name, figure] of Object.entries(measured)) rates[name as keyof typeof rates].push(figure)
        }
        const [peer, limit] = [median(rates.bull), median(rates.limit)]
        for (const shape of ['line', 'engine'] as const)
          lines.push({
            ...{ shape: `${shape}, ${digits(atOnce)} at once`, unit: '/s', lessIsBetter: false },
            ...{ ours: median(rates[shape]), peer, limit },
          })
      }
      await line.check()
      await engine.check()
      await bull.close()
      await line.close()
      await engine.close()
      return { lines, verdicts: lines.flatMap(joinVerdicts) }
    }),
}

function joinVerdicts({ shape, ours, peer, limit }: Line): Verdict[] {
  const [share, times] = [ours / limit!, ours / peer!]
  return [
    { target: `${shape}: ≥ 0.40 of the limit`, reached: digits(share), met: share >= 0.4 },
    { target: `${shape}: ≥ 6× BullMQ`, reached: `${digits(times)}×`, met: times >= 6 },
  ]
}

/** µs of wall time a join, 256 in a call, and bytes a waiter, as the line grows. Peer: a sorted set, asked for the place. */
export const queueScale: Row = {
  name: 'queue-scale',
  run: () =>
    withRedis(async (stand) => {
      const figures = new Map<number, { join: number[]; tick: number[]; peer: number[]; limit: number[] }>()
      const notes: string[] = []
      const verdicts: Verdict[] = []
      // Sizes take turns, so that noise of the machine hits all alike.
      const sizes = [10_000, 100_000, 1_000_000]
      const lines = new Map<number, Awaited<ReturnType<typeof openLine>>>()
      for (const size of sizes) {
        const empty = await usedBytes(stand)
        const line = await openLine(stand, `size-${size}:`)
        await line.crowd(size, 256)()
        const bytes = ((await usedBytes(stand)) - empty) / size
        const bare = await line.bareBytes(size)
        if (size === 1_000_000) {
          verdicts.push({
            target: 'W8: ≤ 16 B a waiter without lists and index',
            reached: `${digits(bare)} B`,
            met: bare <= 16,
          })
          verdicts.push({ target: 'W8: ≤ 160 B a waiter with both', reached: `${digits(bytes)} B`, met: bytes <= 160 })
        }
        notes.push(`${digits(size)} waiting: ${digits(bytes)} B a waiter, ${digits(bare)} B without lists and index`)
        lines.set(size, line)
        figures.set(size, { join: [], tick: [], peer: [], limit: [] })
        await addToSet(stand, `set-${size}`, 0, size)
      }
      for (let round = 0; round < repeats; round++) {
        for (const size of sizes) {
          const line = lines.get(size)!
          const into = figures.get(size)!
          into.join.push(1e6 / (await rate(10_240, line.crowd(10_240, 256))))
          into.tick.push(1e6 / (await rate(200, () => line.ticks(200))))
          into.peer.push(1e6 / (await rate(10_240, () => joinSet(stand, `set-${size}`, size + round * 10_240, 10_240))))
          into.limit.push(1e6 / (await emptyScripts(stand, 100_000)))
        }
      }
      for (const line of lines.values()) {
        await line.check()
        await line.close()
      }
      const rows = sizes.map((size): Line => {
        const { join, peer, limit } = figures.get(size)!
        const shape = `${digits(size)} waiting, join`
        return { shape, unit: 'µs', lessIsBetter: true, ours: median(join), peer: median(peer), limit: median(limit) }
      })
      const ticks = sizes.map((size): Line => {
        const ours = median(figures.get(size)!.tick)
        return { shape: `${digits(size)} waiting, tick`, unit: 'µs', lessIsBetter: true, ours, peer: null, limit: null }
      })
      verdicts.push(grown('join', rows), grown('tick', ticks))
      return { lines: [...rows, ...ticks], verdicts, notes }
    }),
}

function grown(what: string, lines: readonly Line[]): Verdict {
  const times = lines.at(-1)!.ours / lines[0]!.ours
  return { target: `${what}, 10 k → 1 M waiting ≤ 1.10×`, reached: `${digits(times)}×`, met: times <= 1.1 }
}

const key = createSecretKey(secret, 'utf8')
const sign = (visitor: string, number: number): string =>
  createHmac('sha256', key).update(`ticket.${scheduleId}.epoch-1.n${number}.${visitor}`).digest('base64url')

/** A line of the adapter's that admits nobody. */
async function openLine(stand: RedisStand, prefix = '') {
  const { admissionQueue: queue, close } = stand.adapters(prefix)
  const record = recordOf(1)
  await queue.configure({ scheduleId, record, recover: true })
  await queue.configure({ scheduleId, record: { ...recordOf(2), ceiling: 100_000_000 } })
  let joined = 0

  /** The joins of `count` more visitors: as many at once as a turn has (group commit), two turns on their way. */
  const crowd = (count: number, atOnce: number): (() => Promise<unknown>) => {
    const turns: Joins[] = []
    for (const end = joined + count; joined < end; joined += turns.at(-1)!.length)
      turns.push(crowdOf(joined, Math.min(atOnce, end - joined)))
    const lane = async () => {
      for (let joins = turns.shift(); joins; joins = turns.shift()) await turn(queue, joins)
    }
    return () => Promise.all([lane(), lane()])
  }

  const document = async (): Promise<LineDocument> => {
    const answer = await queue.tick({ scheduleId })
    assert.notEqual(answer, 'RECOVER')
    return answer as LineDocument
  }

  return {
    crowd,
    ticks: async (count: number) => {
      for (let i = 0; i < count; i++) await document()
    },
    /** Everything that is kept but the index and the lists. */
    bareBytes: async (size: number) => {
      const keys = await stand.client.keys(`${prefix}queue:*`)
      const bare = keys.filter((name) => !/:index$|:group:/.test(name))
      const sizes = await Promise.all(bare.map((name) => stand.client.memory('USAGE', name)))
      return sizes.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0) / size
    },
    check: async () => {
      const { tail, counts } = await document()
      assert.deepEqual([tail, counts.waiting], [joined, joined], 'every visitor has one number')
    },
    close,
  }
}

type Joins = Parameters<AdmissionQueue['join']>[0]['joins']

const crowdOf = (from: number, count: number): Joins =>
  Array.from({ length: count }, (_, i) => {
    const id = `visitor-${1_000_000_000 + from + i}`
    return { visitor: id, operationId: id }
  })

/** One turn: numbers for all, then a signed ticket for each. */
async function turn(queue: AdmissionQueue, joins: Joins): Promise<void> {
  const replies = await queue.join({ scheduleId, epoch: 'epoch-1', joins })
  for (let i = 0; i < joins.length; i++) {
    const reply = replies[i] as JoinReply
    if (reply.is !== 'number' || !reply.created) throw new Error(`not a new number: ${JSON.stringify(reply)}`)
    sign(joins[i]!.visitor, reply.number)
  }
}

/** An engine whose line is in Redis and that admits nobody. */
async function openEngine(stand: RedisStand) {
  const { admissionQueue, close } = stand.adapters('engine:')
  const engine = await createBookingEngine({
    ...{ ...inMemoryAdapters(), admissionQueue, close },
    tokenSecrets: [{ kid: 'bench', secret }],
  })
  const settings = { capacity: 0, ratePerMinute: null }
  await engine.schedules.create({ scheduleId, venue: generateBallpark({ seats: 100 }), state: 'open', settings })
  const numbers = new Set<number | null>()
  let joined = 0
  const one = async (engine: Engine, visitor: string) => {
    const { status } = await engine.waitingRoom.join({ scheduleId, visitor })
    numbers.add(status.number)
  }
  return {
    join: async (count: number, atOnce: number) => {
      for (let at = 0; at < count; at += atOnce) {
        await Promise.all(Array.from({ length: atOnce }, () => one(engine, `visitor-${joined++}`)))
      }
    },
    check: async () => {
      assert.equal(numbers.size, joined, 'numbers are unique')
      assert.equal((await engine.waitingRoom.stats({ scheduleId })).joined, joined)
    },
    close: () => engine.close(),
  }
}

async function addJobs(bull: Queue, count: number, atOnce: number): Promise<void> {
  for (let at = 0; at < count; at += atOnce) {
    await Promise.all(Array.from({ length: atOnce }, (_, i) => bull.add('join', { visitor: `visitor-${at + i}` })))
  }
}

async function addToSet({ client }: RedisStand, name: string, from: number, count: number): Promise<void> {
  for (let at = from; at < from + count; at += 256) {
    const some = Array.from({ length: Math.min(256, from + count - at) }, (_, i) => [at + i, `visitor-${1e9 + at + i}`])
    await client.zadd(name, 'NX', ...(some.flat() as [number, string]))
  }
}

/** A join of the peer's: into the set, and which place that is. */
async function joinSet(stand: RedisStand, name: string, from: number, count: number): Promise<void> {
  await addToSet(stand, name, from, count)
  for (let at = from; at < from + count; at += 256) {
    const pipeline = stand.client.pipeline()
    for (let i = at; i < Math.min(at + 256, from + count); i++) pipeline.zrank(name, `visitor-${1e9 + i}`)
    await pipeline.exec()
  }
}

/** `count` a second. */
async function rate(count: number, run: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await run()
  return (count * 1_000) / (performance.now() - begun)
}

const recordOf = (version: number): ScheduleRecord => ({
  ...{ scheduleId, venueId: 'venue-1', name: 'game', currency: 'KRW', startsAt: null, opensAt: null, prices: {} },
  ...{ version, epoch: 'epoch-1', ceiling: 0, incarnation: 1, draw: null, state: 'open', lineIncarnation: 1 },
  settings: { ...defaultSettings, ratePerMinute: null, capacity: 0 },
})
