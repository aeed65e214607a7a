import assert from 'node:assert/strict'
import type { SeatInventory } from '@b-ticketing/core/ports'
import { redisAdapters } from '@b-ticketing/redis-adapter'
import { ownRedis, type Redis } from '@b-ticketing/services'
import { Redis as Client } from 'ioredis'
import { inFlight, names, reserved, sectionOf, take } from './seats-redis.ts'
import { digits, type Line, median, type Row } from './table.ts'

const scheduleId = 'game-1'
const repeats = 5
const slots = 16_384
const calls = 200
const batch = 64

/** A cluster whose masters are looked at one by one. */
interface Masters {
  readonly redis: Redis
  readonly clients: readonly Client[]
  readonly ids: readonly string[]
}

async function openMasters(redis: Redis): Promise<Masters> {
  const clients = redis.servers.map(({ port }) => new Client(port))
  // A master that is left without slots stays one.
  for (const client of clients) await client.config('SET', 'cluster-allow-replica-migration', 'no')
  const masters = clients.slice(0, 3)
  const ids = await Promise.all(masters.map(async (client) => String(await client.call('CLUSTER', 'MYID'))))
  return { redis, clients, ids }
}

/** Gives all slots, which must be empty, to the first masters, as many to each, and waits until every node has heard of it. */
async function spreadOver({ clients, ids }: Masters, count: number): Promise<void> {
  const masters = clients.slice(0, 3)
  const ownerOf = (slot: number) => ids[Math.floor((slot * count) / slots)]!
  const assign = async (client: Client): Promise<void> => {
    const pipeline = client.pipeline()
    for (let slot = 0; slot < slots; slot++) pipeline.call('CLUSTER', 'SETSLOT', slot, 'NODE', ownerOf(slot))
    for (const [error] of (await pipeline.exec())!) assert.ifError(error)
    // So that what it says of its slots is believed.
    await client.call('CLUSTER', 'BUMPEPOCH')
  }
  const heard = async (client: Client): Promise<boolean> => {
    const ranges = (await client.call('CLUSTER', 'SLOTS')) as [number, number, [string, number, string]][]
    const isTrue = ranges.every(([from, to, [, , id]]) => id === ownerOf(from) && id === ownerOf(to))
    return isTrue && ranges.length === count && (await client.cluster('INFO')).includes('cluster_state:ok')
  }
  for (const client of masters) await client.flushall()
  const end = Date.now() + 30_000
  // Until then a node may take back what it has just given away, by what another one still says.
  for (let i = 0; !(await Promise.all(clients.map(heard))).every(Boolean); i++) {
    assert.ok(Date.now() < end, 'the nodes of the cluster agree on its slots')
    if (i % 10 === 0) for (const client of masters) await assign(client)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** µs of each master's own thread, by its books: with 2 cores, no wall clock tells what more machines could do. */
const cpuMicros = ({ clients }: Masters): Promise<readonly number[]> =>
  Promise.all(
    clients.slice(0, 3).map(async (client) => {
      const text = await client.info('cpu')
      const seconds = ['user', 'sys'].map((kind) =>
        Number(new RegExp(`used_cpu_${kind}_main_thread:([\\d.]+)`).exec(text)?.[1]),
      )
      return (seconds[0]! + seconds[1]!) * 1e6
    }),
  )

/** µs of the busiest master for a hold, 64 a call. */
async function busiest(masters: Masters, prefix: string): Promise<number> {
  const { seatInventory: inventory, close } = redisAdapters(
    { url: masters.redis.url },
    { prefix, shardBy: 'section', seatView: false, timeoutMs: 30_000 },
  )
  const sections = names(100)
  await inventory.install({ scheduleId, incarnation: 1, sections: sections.map((name) => sectionOf(name, 250)) })
  const hold = (count: number, first: number) => holdAll(inventory, sections, count, first)
  await hold(calls / 4, 0)
  const before = await cpuMicros(masters)
  await hold(calls, 1)
  const after = await cpuMicros(masters)
  assert.equal(await reserved(inventory, sections), (calls + calls / 4) * batch)
  await close()
  return Math.max(...after.map((micros, i) => micros - before[i]!)) / (calls * batch)
}

async function holdAll(
  inventory: SeatInventory,
  sections: readonly string[],
  count: number,
  first: number,
): Promise<void> {
  await inFlight(count, 4, async (i) => {
    const place = (Math.floor(i / 100) + first) * batch
    const commands = Array.from({ length: batch }, (_, k) => take(sections[i % 100]!, [place + k]))
    const { replies } = await inventory.commit({ scheduleId, commands })
    assert.ok(replies.every(({ is }) => is === 'hold'))
  })
}

/** Holds a second that 1, 2 and 3 masters could do, as the busiest of them spends its time. Limit: as many times one. */
export const shardScale: Row = {
  name: 'shard-scale',
  run: async () => {
    const redis = await ownRedis('cluster')
    assert.ok(redis, 'this row needs Redis')
    const masters = await openMasters(redis)
    try {
      const figures = [1, 2, 3].map((count) => ({ count, rates: [] as number[] }))
      for (let round = 0; round <= repeats; round++) {
        for (const { count, rates } of figures) {
          await spreadOver(masters, count)
          const rate = 1e6 / (await busiest(masters, `scale-${round}-${count}:`))
          if (round > 0) rates.push(rate)
        }
      }
      const one = median(figures[0]!.rates)
      const lines = figures.map(({ count, rates }): Line => {
        const shape = `${count} master${count > 1 ? 's' : ''}`
        return { shape, unit: '/s', lessIsBetter: false, ours: median(rates), peer: null, limit: count * one }
      })
      const times = lines[1]!.ours / one
      return {
        lines,
        verdicts: [{ target: '2 masters ≥ 1.8× one', reached: `${digits(times)}×`, met: times >= 1.8 }],
        notes: [
          'holds a second of Redis alone: what its busiest master spends on one; this machine has not the cores to run them side by side',
          'how evenly it spreads is chance: each section, each sixteenth of the visitors and the map fall on one master each',
        ],
      }
    } finally {
      for (const client of masters.clients) client.disconnect()
      await redis.close()
    }
  },
}
