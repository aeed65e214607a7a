import assert from 'node:assert/strict'
import { createHmac, createSecretKey } from 'node:crypto'
import { createBookingEngine, type Engine, type Venue } from '@b-ticketing/core'
import { inMemoryAdapters } from '@b-ticketing/core/memory'
import { digits, type Line, median, type Row, type Verdict } from './table.ts'

const scheduleId = 'game-1'
const atOnce = 1_000
const polls = 50_000
const searched = 50
const sizes = [10_000, 100_000, 1_000_000]
const repeats = 5
const secret = 'a secret of at least thirty-two characters'

/** CPU µs for one join through the engine, over memory: group commit, number, index, signed ticket. Limit: the signature alone. */
export const queueJoin: Row = {
  name: 'queue-join',
  async run() {
    const lines: Line[] = []
    for (const size of sizes) {
      await using engine = await openShut()
      await fill(engine, 0, size)
      const rounds: number[] = []
      const limits: number[] = []
      for (let round = 0; round < repeats; round++) {
        const from = size + round * 10_000
        rounds.push(await timed(10_000, () => fill(engine, from, 10_000)))
        limits.push(await timed(20_000, signatures))
      }
      assert.equal((await engine.waitingRoom.stats({ scheduleId })).joined, size + repeats * 10_000)
      lines.push(lineOf(size, median(rounds), null, median(limits)))
    }
    return { lines, verdicts: growth(lines) }
  },
}

/**
 * CPU µs for one poll of a visitor who waits. Peer: the same crowd in a plain array that is searched for the visitor, as a list
 * in a store is. Limit: checking the signature alone.
 */
export const queuePoll: Row = {
  name: 'queue-poll',
  async run() {
    const lines: Line[] = []
    for (const size of sizes) {
      await using engine = await openShut()
      await fill(engine, 0, size - 1_000)
      const tickets = await fill(engine, size - 1_000, 1_000)
      await check(engine, tickets, size)
      const rounds: number[] = []
      const searches: number[] = []
      const limits: number[] = []
      const search = searchedArray(size)
      for (let round = 0; round < repeats; round++) {
        rounds.push(await timed(polls, () => pollAll(engine, tickets)))
        searches.push(await timed(searched, search))
        limits.push(await timed(20_000, signatures))
      }
      lines.push(lineOf(size, median(rounds), median(searches), median(limits)))
    }
    return { lines, verdicts: growth(lines) }
  },
}

/** A sale that admits nobody: whoever joins waits. */
async function openShut(): Promise<Engine> {
  const engine = await createBookingEngine({ ...inMemoryAdapters(), tokenSecrets: [{ kid: 'bench', secret }] })
  const settings = { capacity: 0, ratePerMinute: null }
  await engine.schedules.create({ scheduleId, venue, prices: { infield: 1 }, state: 'open', settings })
  return engine
}

/** Every visitor joins once and gets a number of their own. */
async function fill(engine: Engine, from: number, count: number): Promise<string[]> {
  const tickets: string[] = []
  const numbers = new Set<number | null>()
  for (let at = from; at < from + count; at += atOnce) {
    const wave = Array.from({ length: Math.min(atOnce, from + count - at) }, (_, i) =>
      engine.waitingRoom.join({ scheduleId, visitor: `visitor-${at + i}` }),
    )
    for (const { ticket, status } of await Promise.all(wave)) {
      numbers.add(status.number)
      tickets.push(ticket)
    }
  }
  assert.equal(numbers.size, count, 'numbers must be unique')
  return tickets
}

async function check(engine: Engine, tickets: readonly string[], size: number): Promise<void> {
  const status = await engine.waitingRoom.status({ ticket: tickets.at(-1)! })
  assert.deepEqual([status.state, status.number, status.ahead], ['waiting', size, size - 1])
}

async function pollAll(engine: Engine, tickets: readonly string[]): Promise<void> {
  for (let i = 0; i < polls; i++) await engine.waitingRoom.status({ ticket: tickets[i % tickets.length]! })
}

function searchedArray(size: number): () => Promise<void> {
  const line = Array.from({ length: size }, (_, i) => `visitor-${i}`)
  const wanted = Array.from({ length: searched }, (_, i) => `visitor-${Math.floor(((i + 0.5) * size) / searched)}`)
  return async () => {
    for (const visitor of wanted) assert.ok(line.indexOf(visitor) >= 0)
  }
}

const key = createSecretKey(secret, 'utf8')

async function signatures(): Promise<void> {
  for (let i = 0; i < 20_000; i++) {
    const text = `ticket.bench.game-1.3yUzcDTKOTbBgFRmDOBjVA.n${i}.visitor-${i}.1800000000000.1800086400000`
    createHmac('sha256', key).update(text).digest('base64url')
  }
}

/** CPU time of this process for each of `count`: what other processes do on the machine costs nothing here. */
async function timed(count: number, run: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage()
  await run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}

const lineOf = (size: number, ours: number, peer: number | null, limit: number): Line => ({
  shape: `${size.toLocaleString('en').replaceAll(',', ' ')} waiting`,
  unit: 'µs',
  lessIsBetter: true,
  ours,
  peer,
  limit,
})

function growth(lines: readonly Line[]): Verdict[] {
  const [first, last] = [lines[0]!, lines.at(-1)!]
  const grown = last.ours / first.ours
  return [{ target: '10 k → 1 M waiting ≤ 1.10×', reached: `${digits(grown)}×`, met: grown <= 1.1 }]
}

const venue: Venue = {
  venueId: 'bench',
  name: 'Bench',
  currency: 'KRW',
  grades: [{ id: 'infield', label: 'Infield', price: 1 }],
  sections: [
    {
      ...{ id: '101', label: '101', kind: 'seated', grade: 'infield', x: 0, y: 0, capacity: 1 },
      focalPoint: { x: 0, y: 0 },
      rows: [{ id: '1', label: '1', seats: [{ seatId: '101-1-1', label: '1', x: 0, y: 0, position: 1 }] }],
    },
  ],
}
