import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { countCodes } from '@b-ticketing/core'
import type { AllocDone, AllocWork } from './alloc-commit.worker.ts'
import { emptyScripts, type RedisStand, withRedis } from './redis-stand.ts'
import { digits, type Line, median, type Row } from './table.ts'

const file = fileURLToPath(new URL('./alloc-commit.worker.ts', import.meta.url))
const rows = 100
const rowSeats = 100
const seats = rows * rowSeats
const repeats = 5
const scheduleId = 'game-1'
let serial = 0

/** Parties of two a second until nothing is left, and in the middle, while the section is about half full. */
interface Rates {
  readonly whole: number
  readonly middle: number
}

/** A section of its own, all free. */
async function openSection(stand: RedisStand) {
  const prefix = `alloc-${++serial}:`
  const { seatInventory, close } = stand.adapters(prefix, { seatView: false })
  const section = { section: 'block', count: seats, created: [], blocked: [], claims: [], holds: [] }
  await seatInventory.install({ scheduleId, incarnation: 1, sections: [section] })
  const work = { url: stand.redis.url, prefix, scheduleId, rows, rowSeats }
  return { work, seatInventory, close }
}

async function sellOut(stand: RedisStand, children: readonly ChildProcess[]): Promise<Rates> {
  const { work, seatInventory, close } = await openSection(stand)
  try {
    const done = await Promise.all(children.map((child, k) => ask(child, { ...work, name: `p${k}` })))
    const map = await seatInventory.read({ scheduleId, sections: ['block'] })
    assert.ok(map.is === 'snapshot')
    assert.deepEqual(countCodes(map.sections[0]!.codes, seats), [0, seats, 0, 0], 'sold out')
    const given = done.flatMap((one) => one.seats).flat()
    assert.equal(given.length, seats, 'as many seats were given as there are')
    assert.equal(new Set(given).size, seats, 'no seat was given twice')
    return ratesOf(done)
  } finally {
    await close()
  }
}

/** Processes that have sold out a section each before they are measured: a process that just began is slower. */
async function openProcesses(stand: RedisStand, count: number): Promise<readonly ChildProcess[]> {
  const children = Array.from({ length: count }, () => fork(file, { execArgv: ['--conditions=@b-ticketing/source'] }))
  await Promise.all(children.map((child) => once(child, 'message')))
  for (const child of children) await sellOut(stand, [child])
  return children
}

async function ask(child: ChildProcess, work: AllocWork): Promise<AllocDone> {
  const settled = new AbortController()
  const { signal } = settled
  const answer = Promise.race([
    once(child, 'message', { signal }).then(([done]) => done as AllocDone),
    once(child, 'exit', { signal }).then(([code]) => Promise.reject(new Error(`a process ended with ${code}`))),
  ])
  child.send(work)
  try {
    return await answer
  } finally {
    settled.abort()
  }
}

function ratesOf(done: readonly AllocDone[]): Rates {
  const steps = done.flatMap(({ marks }) =>
    marks.map(({ granted, at }, i) => ({ at, more: granted - (marks[i - 1]?.granted ?? 0) })),
  )
  steps.sort((a, b) => a.at - b.at)
  const all = seats / 2
  let granted = 0
  const at = { begin: steps[0]!.at, low: 0, high: 0, end: 0, between: 0 }
  for (const step of steps) {
    const before = granted
    granted += step.more
    if (at.low === 0 && granted >= 0.4 * all) Object.assign(at, { low: step.at, between: granted })
    if (before < 0.6 * all && granted >= 0.6 * all) Object.assign(at, { high: step.at, between: granted - at.between })
    at.end = step.at
  }
  return { whole: (all * 1_000) / (at.end - at.begin), middle: (at.between * 1_000) / (at.high - at.low) }
}

/** Looks at every window of two in every row, and takes the one nearest to the front of the middle. */
const rescan = `local free = redis.call('GET', KEYS[1])
local best, least
for row = 0, ${rows - 1} do
  for place = 0, ${rowSeats - 2} do
    local at = row * ${rowSeats} + place + 1
    if string.byte(free, at) == 48 and string.byte(free, at + 1) == 48 then
      local x, y = place - ${(rowSeats - 2) / 2}, row
      local distance = x * x + y * y
      if not least or distance < least then best, least = at - 1, distance end
    end
  end
end
if not best then return -1 end
redis.call('SETRANGE', KEYS[1], best, '11')
redis.call('HSET', KEYS[2], ARGV[1], best)
redis.call('ZADD', KEYS[3], ARGV[2], ARGV[1])
return best`

/** Parties a second of that script, 64 in a pipeline, on a section whose front half is taken. */
async function rescanned({ client }: RedisStand): Promise<number> {
  const keys = ['map', 'holds', 'due'].map((name) => `rescan-${serial}:${name}`)
  await client.set(keys[0]!, '1'.repeat(seats / 2) + '0'.repeat(seats / 2))
  const sha = String(await client.script('LOAD', rescan))
  const count = 256
  const given = new Set<unknown>()
  const begun = performance.now()
  for (let from = 0; from < count; from += 64) {
    const pipeline = client.pipeline()
    for (let i = from; i < from + 64; i++) pipeline.evalsha(sha, 3, ...keys, `hold-${i}`, Date.now() + 600_000)
    for (const [error, best] of (await pipeline.exec())!) {
      assert.ifError(error)
      given.add(best)
    }
  }
  const took = performance.now() - begun
  assert.equal(given.size, count)
  await client.unlink(keys)
  return (count * 1_000) / took
}

/** Seats for parties of two, chosen in the process and taken through the adapter, until the section is sold out. */
export const allocCommit: Row = {
  name: 'alloc-commit',
  run: () =>
    withRedis(async (stand) => {
      const shapes = [1, 2, 4]
      const figures = new Map(shapes.map((processes) => [processes, [] as number[]]))
      const children = await openProcesses(stand, Math.max(...shapes))
      const half = { ours: [] as number[], peer: [] as number[] }
      const limits: number[] = []
      for (let round = 0; round <= repeats; round++) {
        const rates = new Map<number, Rates>()
        for (const processes of shapes) rates.set(processes, await sellOut(stand, children.slice(0, processes)))
        const peer = await rescanned(stand)
        const limit = await emptyScripts(stand, 200_000)
        if (round === 0) continue
        for (const [processes, { whole }] of rates) figures.get(processes)!.push(whole)
        half.ours.push(rates.get(1)!.middle)
        half.peer.push(peer)
        limits.push(limit)
      }
      for (const child of children) child.disconnect()
      const limit = median(limits)
      const common = { unit: '/s', lessIsBetter: false, limit }
      const lines: Line[] = shapes.map((processes) => ({
        ...{ shape: `sell-out, ${processes} process${processes > 1 ? 'es' : ''}`, peer: null },
        ...{ ...common, ours: median(figures.get(processes)!) },
      }))
      const middle = { ...common, shape: 'half full, 1 process', ours: median(half.ours), peer: median(half.peer) }
      const share = (i: number) => lines[i]!.ours / limit
      const times = middle.ours / middle.peer
      return {
        lines: [...lines, middle],
        verdicts: [
          { target: '1 process ≥ 0.90 of the limit', reached: digits(share(0)), met: share(0) >= 0.9 },
          { target: '4 processes ≥ 0.5 of the limit', reached: digits(share(2)), met: share(2) >= 0.5 },
          { target: '≥ 35× a scan per request', reached: `${digits(times)}×`, met: times >= 35 },
        ],
        notes: [
          `${seats} seats in one section, parties of two, 64 a call; processes that choose the same seats lose and choose again`,
        ],
      }
    }),
}
