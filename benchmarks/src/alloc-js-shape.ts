import assert from 'node:assert/strict'
import { type Allocation, type Allocator, createAllocator, type SeatCode } from '@b-ticketing/core'
import { createObjectScan, type ObjectScan } from './object-scan.ts'
import { createStand, packed, type Stand } from './stand.ts'
import { interleave, median } from './table.ts'

/** What this process prints, as JSON, for `<seats> <percent full>`. */
export interface AllocFigures {
  readonly name: string
  readonly ours: number
  readonly peer: number
  readonly limit: number
  /** The same while the house changes: every party keeps its seats until 64 more have theirs. */
  readonly moving: number
  /** Empty houses only, mixed parties: ns a party when every party keeps its seats, to the last one. */
  readonly soldOut: number | null
}

const repeats = 7
const parties: Readonly<Record<string, readonly number[]>> = { '1–4': [1, 2, 3, 4], '8': [8] }

const [seats, full] = process.argv.slice(2).map(Number) as [number, number]
const stand = createStand(seats, full / 100)
const figures = Object.entries(parties).map(([name, quantities]): AllocFigures => {
  check(stand, quantities)
  const sellOut = full === 0 && name === '1–4' && seats <= 100_000
  const standing = measure(stand, quantities)
  const moving = median(Array.from({ length: repeats }, () => movingFigure(stand, quantities)))
  return { name, ...standing, moving, soldOut: sellOut ? soldOut(stand, seats) : null }
})
console.log(JSON.stringify(figures))

function measure(stand: Stand, quantities: readonly number[]) {
  const allocator = open(stand)
  const scan = createObjectScan(stand)
  const bits = createBitScan()
  return interleave(repeats, {
    ours: () => timed(50_000, quantities, (quantity) => cycle(allocator, quantity)),
    peer: () => timed(1, quantities, (quantity) => scanCycle(scan, quantity)),
    limit: () => timed(50_000, quantities, (quantity) => bits.cycle(quantity)),
  })
}

/** CPU ns of this thread (others may be using the machine) for one call. The clock may move in steps of 4 ms: 2 % of it. */
function timed(rounds: number, quantities: readonly number[], once: (quantity: number) => void): number {
  const before = process.threadCpuUsage()
  for (let count = 0; ; ) {
    for (let round = 0; round < rounds; round++) for (let i = 0; i < quantities.length; i++) once(quantities[i]!)
    count += rounds * quantities.length
    const { user, system } = process.threadCpuUsage(before)
    if (user + system >= 200_000) return ((user + system) * 1_000) / count
  }
}

function open(stand: Stand): Allocator {
  const allocator = createAllocator(stand.sections)
  for (const state of packed(stand)) allocator.replace(state)
  return allocator
}

function cycle(allocator: Allocator, quantity: number): void {
  const result = allocator.allocate({ request: { quantity, together: 'adjacent' } })
  assert(result.ok)
  mark(allocator, result.value, 1)
  mark(allocator, result.value, 0)
}

function mark(allocator: Allocator, { parts }: Allocation, code: SeatCode): void {
  for (let i = 0; i < parts.length; i++) allocator.mark(parts[i]!, code)
}

function scanCycle(scan: ObjectScan, quantity: number): void {
  const seats = scan.take(quantity)
  if (seats !== null) scan.release(seats)
}

function movingFigure(stand: Stand, quantities: readonly number[]): number {
  const allocator = open(stand)
  const live: (Allocation | undefined)[] = new Array(64)
  let next = 0
  return timed(10_000, quantities, (quantity) => {
    const oldest = live[next]
    if (oldest !== undefined) mark(allocator, oldest, 0)
    const result = allocator.allocate({ request: { quantity, together: 'adjacent' } })
    live[next] = result.ok ? result.value : undefined
    if (result.ok) mark(allocator, result.value, 1)
    next = (next + 1) & 63
  })
}

/** No cycle: every party of 1–4 keeps its seats (the whole ladder), until nothing is left. */
function soldOut(stand: Stand, seats: number): number {
  const allocator = open(stand)
  const before = process.threadCpuUsage()
  let [parties, sold] = [0, 0]
  for (let quantity = 1; sold < seats; parties++, quantity = 1 + (parties % 4)) {
    const result = allocator.allocate({ request: { quantity: Math.min(quantity, seats - sold) } })
    assert(result.ok)
    mark(allocator, result.value, 1)
    sold += result.value.parts.reduce((sum, part) => sum + part.seats.length, 0)
  }
  const { user, system } = process.threadCpuUsage(before)
  return ((user + system) * 1_000) / parties
}

/** The limit: the first `n` free bits of one empty row of 25, and nothing else: no policy, no answer. */
function createBitScan() {
  const words = new Int32Array([2 ** 25 - 1])
  return {
    cycle(quantity: number): void {
      let starts = words[0]!
      for (let have = 1; have < quantity; ) {
        const step = Math.min(have, quantity - have)
        starts &= starts >>> step
        have += step
      }
      const mask = ((1 << quantity) - 1) << (31 - Math.clz32(starts & -starts))
      words[0] = words[0]! & ~mask
      words[0] = words[0]! | mask
    },
  }
}

/** Throws unless the allocator gives the seats the object scan gives, party after party. */
function check(stand: Stand, quantities: readonly number[]): void {
  const allocator = open(stand)
  const scan = createObjectScan(stand)
  for (const quantity of quantities) {
    const result = allocator.allocate({ request: { quantity, together: 'adjacent' } })
    const expected = scan.take(quantity)
    const given = result.ok
      ? result.value.parts.flatMap(({ section, seats }) => seats.map((seat) => `${section} ${seat}`))
      : []
    assert.deepEqual(
      given,
      (expected ?? []).map(({ section, index }) => `S${section} ${index}`),
    )
    if (result.ok) mark(allocator, result.value, 1)
  }
}
