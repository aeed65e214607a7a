import assert from 'node:assert/strict'
import { countCodes } from '@b-ticketing/core'
import type { SeatCommand, SeatInventory, SectionState } from '@b-ticketing/core/ports'
import { emptyScripts, type RedisStand, withRedis } from './redis-stand.ts'
import { digits, type Line, median, type Row, type Verdict } from './table.ts'

const scheduleId = 'game-1'
const repeats = 5
const price = { value: 10_000, currency: 'KRW' }
let serial = 0
/** As long as real ids are. */
const id = (): string => `benchmark-id-${String(++serial).padStart(9, '0')}`

export const take = (section: string, seats: readonly number[]): SeatCommand => ({
  ...{ do: 'take', operationId: id(), holdId: id(), holder: id(), epoch: 'epoch-1', parts: [{ section, seats }] },
  ...{ ttlMs: 300_000, notAfter: 9_000_000_000_000, quota: 10, price },
})

export const names = (sections: number): readonly string[] => Array.from({ length: sections }, (_, i) => `block-${i}`)

export const sectionOf = (section: string, count: number): SectionState => ({
  ...{ section, count, created: [], blocked: [], claims: [], holds: [] },
})

/** A sale of its own, empty; without the readable view, whose writes are not on the way of a hold. */
async function openSeats(stand: RedisStand, sections: number, seats: number) {
  const { seatInventory, close } = stand.adapters(`seats-${id()}:`, { seatView: false })
  const all = names(sections)
  await seatInventory.install({ scheduleId, incarnation: 1, sections: all.map((name) => sectionOf(name, seats)) })
  return { inventory: seatInventory, sections: all, close }
}

export async function reserved(inventory: SeatInventory, sections: readonly string[]): Promise<number> {
  const map = await inventory.read({ scheduleId, sections })
  assert.ok(map.is === 'snapshot')
  return map.sections.reduce((sum, { codes, count }) => sum + countCodes(codes, count)[1], 0)
}

/** µs inside Redis for one call of a script, by its own books. */
async function scriptMicros({ client }: RedisStand, run: () => Promise<unknown>): Promise<number> {
  await client.config('RESETSTAT')
  await run()
  const [, calls, micros] = /cmdstat_evalsha:calls=(\d+),usec=(\d+)/.exec(await client.info('commandstats')) ?? []
  return Number(micros) / Number(calls)
}

/** µs of all commands but those of the books. */
async function commandMicros({ client }: RedisStand, count: number, run: () => Promise<unknown>): Promise<number> {
  await client.config('RESETSTAT')
  await run()
  const stats = await client.info('commandstats')
  const sum = [...stats.matchAll(/cmdstat_(\w+):calls=\d+,usec=(\d+)/g)].reduce((all, [, , us]) => all + Number(us), 0)
  return sum / count
}

/** So many calls of `run`, `atOnce` at a time. */
export async function inFlight(count: number, atOnce: number, run: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < count) await run(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}

/** A hold as it is done with a key per seat: look, watch, take, note the hold and its deadline. */
async function perSeatKeys({ client }: RedisStand, prefix: string, seats: readonly number[]): Promise<void> {
  const keys = seats.map((seat) => `${prefix}${seat}`)
  const hold = id()
  await client.mget(keys)
  const script = `for _, key in ipairs(KEYS) do if redis.call('EXISTS', key) == 1 then return 0 end end
    for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1], 'PX', 300000) end return 1`
  assert.equal(await client.eval(script, keys.length, ...keys, hold), 1)
  await client.hset(`${prefix}hold:${hold}`, { holder: hold, seats: seats.join() })
  await client.pexpire(`${prefix}hold:${hold}`, 300_000)
  await client.zadd(`${prefix}due`, Date.now() + 300_000, hold)
}

/** Redis µs of a hold of N seats, alone in its call. Peer: a key a seat, five round trips. Limit: a script that does nothing. */
export const holdN: Row = {
  name: 'hold-n',
  run: () =>
    withRedis(async (stand) => {
      const sizes = [1, 2, 4, 8]
      const figures = new Map(
        sizes.map((n) => [n, { ours: [] as number[], peer: [] as number[], limit: [] as number[] }]),
      )
      const holds = 2_000
      for (let round = 0; round <= repeats; round++) {
        for (const n of sizes) {
          const { inventory, sections, close } = await openSeats(stand, 100, 250)
          const spot = (i: number) => Array.from({ length: n }, (_, k) => Math.floor(i / 100) * n + k)
          const held = (i: number) => inventory.commit({ scheduleId, commands: [take(sections[i % 100]!, spot(i))] })
          const ours = await scriptMicros(stand, () => inFlight(holds, 16, held))
          assert.equal(await reserved(inventory, sections), holds * n)
          await close()
          const prefix = `peer-${id()}:`
          const seats = (i: number) => Array.from({ length: n }, (_, k) => i * n + k)
          const peer = await commandMicros(stand, 500, () =>
            inFlight(500, 16, (i) => perSeatKeys(stand, prefix, seats(i))),
          )
          const limit = 1e6 / (await emptyScripts(stand, 100_000, 16))
          if (round === 0) continue
          const into = figures.get(n)!
          into.ours.push(ours)
          into.peer.push(peer)
          into.limit.push(limit)
        }
      }
      const lines = sizes.map((n): Line => {
        const { ours, peer, limit } = figures.get(n)!
        const shape = `${n} seat${n > 1 ? 's' : ''}`
        return { shape, unit: 'µs', lessIsBetter: true, ours: median(ours), peer: median(peer), limit: median(limit) }
      })
      const [first, last] = [lines[0]!, lines.at(-1)!]
      const share = Math.min(...lines.map(({ ours, limit }) => limit! / ours))
      const growth = last.ours / first.ours
      const verdicts: Verdict[] = [
        { target: '≥ 0.30 of the limit', reached: digits(share), met: share >= 0.3 },
        { target: '8 seats ≤ 1.1× one', reached: `${digits(growth)}×`, met: growth <= 1.1 },
      ]
      return { lines, verdicts }
    }),
}

/** Holds a second through the adapter, 64 a call: record, deadline, holder, answer and news included. */
export const holdBatch: Row = {
  name: 'hold-batch',
  run: () =>
    withRedis(async (stand) => {
      const calls = 300
      const rates: number[] = []
      const inside: number[] = []
      const peers: number[] = []
      const limits: number[] = []
      for (let round = 0; round <= repeats; round++) {
        const { inventory, sections, close } = await openSeats(stand, 100, 250)
        const batch = (i: number) =>
          Array.from({ length: 64 }, (_, k) => take(sections[i % 100]!, [64 * Math.floor(i / 100) + k]))
        let micros = 0
        const begun = performance.now()
        micros = await scriptMicros(stand, () =>
          inFlight(calls, 4, (i) => inventory.commit({ scheduleId, commands: batch(i) })),
        )
        const took = performance.now() - begun
        assert.equal(await reserved(inventory, sections), calls * 64)
        await close()
        const prefix = `peer-${id()}:`
        const peerBegun = performance.now()
        await inFlight(2_000, 64, (i) => perSeatKeys(stand, prefix, [i]))
        const peer = (2_000 * 1_000) / (performance.now() - peerBegun)
        const limit = await emptyScripts(stand, 200_000)
        if (round === 0) continue
        rates.push((calls * 64 * 1_000) / took)
        inside.push(micros / 64)
        peers.push(peer)
        limits.push(limit)
      }
      const line: Line = {
        ...{ shape: '64 a call', unit: '/s', lessIsBetter: false },
        ...{ ours: median(rates), peer: median(peers), limit: median(limits) },
      }
      const share = line.ours / line.limit!
      return {
        lines: [line],
        verdicts: [{ target: '≥ 1.0 of the limit', reached: digits(share), met: share >= 1 }],
        notes: [
          `${digits(median(inside))} µs of Redis a hold; the rest is this one process of Node, which Redis shares the machine with`,
        ],
      }
    }),
}

/** A thousand clients on a hundred seats, all at once: answers a second. Peer: 64 sharded locks. Limit: scripts that do nothing. */
export const holdHot: Row = {
  name: 'hold-hot',
  run: () =>
    withRedis(async (stand) => {
      const clients = 1_000
      // The same in every round, and each seat ten times.
      const wishes = Array.from({ length: clients }, (_, i) => (i * 37) % 100)
      const wanted = new Set(wishes).size
      const ours: number[] = []
      const peers: number[] = []
      const limits: number[] = []
      for (let round = 0; round <= repeats; round++) {
        const { inventory, sections, close } = await openSeats(stand, 1, 100)
        const begun = performance.now()
        const batches = Array.from({ length: 4 }, (_, b) =>
          inventory.commit({
            scheduleId,
            commands: wishes.slice(b * 250, b * 250 + 250).map((seat) => take(sections[0]!, [seat])),
          }),
        )
        const replies = (await Promise.all(batches)).flatMap((answer) => answer.replies)
        const took = performance.now() - begun
        assert.equal(replies.filter(({ is }) => is === 'hold').length, wanted, 'exactly one winner a seat')
        assert.equal(await reserved(inventory, sections), wanted)
        await close()
        const peer = await lockedRush(stand, wishes, wanted)
        const limit = await emptyScripts(stand, 200_000)
        if (round === 0) continue
        ours.push((clients * 1_000) / took)
        peers.push(peer)
        limits.push(limit)
      }
      const line: Line = {
        ...{ shape: '1 000 on 100 seats', unit: '/s', lessIsBetter: false },
        ...{ ours: median(ours), peer: median(peers), limit: median(limits) },
      }
      const times = line.ours / line.peer!
      const verdicts = [
        { target: 'exactly one winner a seat', reached: 'yes', met: true },
        { target: '≥ 2.3× the locks', reached: `${digits(times)}×`, met: times >= 2.3 },
      ]
      return { lines: [line], verdicts }
    }),
}

/** The same rush with a lock around each seat: 64 of them, tried again until they are had. */
async function lockedRush({ client }: RedisStand, wishes: readonly number[], wanted: number): Promise<number> {
  const prefix = `locks-${id()}:`
  const unlock = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`
  let won = 0
  const one = async (seat: number): Promise<void> => {
    const [lock, me] = [`${prefix}lock:${seat % 64}`, id()]
    while ((await client.set(lock, me, 'PX', 5_000, 'NX')) === null) await new Promise((r) => setTimeout(r, 1))
    if ((await client.get(`${prefix}seat:${seat}`)) === null) {
      await client.set(`${prefix}seat:${seat}`, me, 'PX', 300_000)
      won++
    }
    await client.eval(unlock, 1, lock, me)
  }
  const begun = performance.now()
  await Promise.all(wishes.map(one))
  const took = performance.now() - begun
  assert.equal(won, wanted)
  return (wishes.length * 1_000) / took
}

/** ms for the whole map of 25 000 seats. Peer: a hash with a field a seat, HGETALL. Limit: GET of as many bytes. */
export const seatmapRead: Row = {
  name: 'seatmap-read',
  run: () =>
    withRedis(async (stand) => {
      const seats = 25_000
      const { inventory, sections, close } = await openSeats(stand, 100, 250)
      for (const section of sections) await inventory.commit({ scheduleId, commands: [take(section, [0, 1, 2, 3])] })
      await stand.client.set('map', Buffer.alloc(seats / 4, 7))
      const state = (seat: number) => JSON.stringify({ seatId: `seat-${seat}`, status: 'AVAILABLE', grade: 'infield' })
      for (let at = 0; at < seats; at += 1_000)
        await stand.client.hset(
          'seats',
          Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [at + i, state(at + i)])),
        )
      const timed = async (count: number, run: () => Promise<unknown>): Promise<number> => {
        const begun = performance.now()
        await inFlight(count, 8, run)
        return (performance.now() - begun) / count
      }
      const figures = { ours: [] as number[], peer: [] as number[], limit: [] as number[] }
      let bytes = 0
      for (let round = 0; round <= repeats; round++) {
        const ours = await timed(300, async () => {
          const map = await inventory.read({ scheduleId, sections })
          assert.ok(map.is === 'snapshot')
          bytes = map.sections.reduce((sum, { codes }) => sum + codes.length, 0)
        })
        const peer = await timed(16, async () => {
          const all = Object.values(await stand.client.hgetall('seats')).map((text) => JSON.parse(text))
          assert.equal(all.length, seats)
        })
        const limit = await timed(1_000, () => stand.client.getBuffer('map'))
        if (round === 0) continue
        figures.ours.push(ours)
        figures.peer.push(peer)
        figures.limit.push(limit)
      }
      assert.equal(await reserved(inventory, sections), 400)
      await close()
      const line: Line = {
        ...{ shape: '25 000 seats, 100 sections', unit: 'ms', lessIsBetter: true },
        ...{ ours: median(figures.ours), peer: median(figures.peer), limit: median(figures.limit) },
      }
      const [times, each] = [line.peer! / line.ours, bytes / seats]
      return {
        lines: [line],
        verdicts: [
          { target: '≥ 500× HGETALL', reached: `${digits(times)}×`, met: times >= 500 },
          { target: '≤ 0.27 B a seat', reached: `${digits(each)} B`, met: each <= 0.27 },
        ],
      }
    }),
}

/** Worst GET of a bystander, in ms, while 100 000 holds end at once and are reaped. Peer: a key with a TTL for each. Limit: idle. */
export const expiryStorm: Row = {
  name: 'expiry-storm',
  run: () =>
    withRedis(async (stand) => {
      const holds = 100_000
      const figures = { ours: [] as number[], peer: [] as number[], limit: [] as number[], drain: [] as number[] }
      for (let round = 0; round < repeats; round++) {
        const { inventory, close } = await openStorm(stand, holds)
        let drain = 0
        const ours = await worstGet(stand, async () => {
          const begun = performance.now()
          let freed = 0
          for (let more = true; more; ) {
            const reaped = await inventory.reap({ scheduleId, limit: 256 })
            freed += reaped.changes.length
            more = reaped.more
          }
          drain = performance.now() - begun
          assert.equal(freed, holds, 'all released')
        })
        assert.equal(await reserved(inventory, names(100)), 0)
        await close()
        const peer = await storm(stand, holds)
        const limit = await worstGet(stand, () => new Promise((resolve) => setTimeout(resolve, 1_000)))
        figures.ours.push(ours)
        figures.peer.push(peer)
        figures.limit.push(limit)
        figures.drain.push(drain)
      }
      const line: Line = {
        ...{ shape: '100 000 holds due', unit: 'ms', lessIsBetter: true },
        ...{ ours: median(figures.ours), peer: median(figures.peer), limit: median(figures.limit) },
      }
      const [share, drain] = [line.ours / line.peer!, median(figures.drain)]
      return {
        lines: [line],
        verdicts: [
          { target: 'worst GET ≤ 0.25 of the keys’', reached: digits(share), met: share <= 0.25 },
          { target: 'drained within 1 000 ms', reached: `${digits(drain)} ms`, met: drain <= 1_000 },
        ],
      }
    }),
}

/** 100 000 holds of a seat each that are due: restored before their deadline, and waited for. */
async function openStorm(stand: RedisStand, holds: number) {
  const { seatInventory: inventory, close } = stand.adapters(`storm-${id()}:`, { seatView: false })
  const each = holds / 100
  const expiresAt = Date.now() + 6_000
  for (const [i, section] of names(100).entries()) {
    const saved = Array.from({ length: each }, (_, seat) => ({
      ...{ holdId: id(), version: 1 + seat, scheduleId, holder: `v-${i}-${seat}`, parts: [{ section, seats: [seat] }] },
      ...{ price, createdAt: expiresAt - 300_000, expiresAt, epoch: 'e', requestId: null },
    }))
    const sections = [{ ...sectionOf(section, each), holds: saved }]
    await inventory.install({ scheduleId, incarnation: 1, sections })
  }
  assert.equal(await reserved(inventory, names(100)), holds, 'all held before the storm')
  await new Promise((resolve) => setTimeout(resolve, expiresAt - Date.now() + 20))
  return { inventory, close }
}

async function storm(stand: RedisStand, holds: number): Promise<number> {
  const at = Date.now() + 2_500
  const prefix = `ttl-${id()}:`
  for (let from = 0; from < holds; from += 5_000) {
    const pipeline = stand.client.pipeline()
    for (let i = from; i < from + 5_000; i++) pipeline.call('SET', `${prefix}${i}`, 'x', 'PXAT', at)
    await pipeline.exec()
  }
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, at - Date.now() - 50)))
  return worstGet(stand, async () => {
    const end = Date.now() + 10_000
    while (Number(await stand.client.dbsize()) >= holds / 2 && Date.now() < end)
      await new Promise((r) => setTimeout(r, 50))
    await new Promise((r) => setTimeout(r, 500))
  })
}

/** The longest that a GET of another connection takes while `work` goes on, asked again as soon as it is answered. */
async function worstGet({ client }: RedisStand, work: () => Promise<unknown>): Promise<number> {
  const bystander = client.duplicate()
  await bystander.get('x')
  let [worst, over] = [0, false]
  const watch = (async () => {
    while (!over) {
      const begun = performance.now()
      await bystander.get('x')
      worst = Math.max(worst, performance.now() - begun)
    }
  })()
  await work()
  over = true
  await watch
  bystander.disconnect()
  return worst
}
