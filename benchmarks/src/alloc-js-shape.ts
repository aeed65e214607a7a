import assert from 'node:assert/strict'
import type { Allocation } from '../../packages/core/src/seating/allocation.ts'
import { type Allocator, createAllocator } from '../../packages/core/src/seating/allocator.ts'
import type { SeatCode } from '../../packages/core/src/seating/occupancy.ts'
import { createObjectScan, type ObjectScan } from './object-scan.ts'
import { createStand, packed, type Stand } from './stand.ts'
import { interleave } from './table.ts'

/** What this process prints, as JSON, for `<seats> <percent full>`. */
export interface AllocFigures {
  readonly name: string
  readonly ours: number
  readonly peer: number
  readonly limit: number
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
  return { name, ...measure(stand, quantities), soldOut: sellOut ? soldOut(stand, seats) : null }
})
console.log(JSON.stringify(figures))

function measure(stand: Stand, quantities: readonly number[]) {
  const allocator = open(stand)
  const scan = createObjectScan(stand)
  const bits = createBitScan()
  const seats = stand.sections.length * 250
  const slow = quantities.length * Math.ceil(100_000 / seats)
  return interleave(repeats, {
    ours: () => timed(200_000, (i) => cycle(allocator, quantities[i % quantities.length]!)),
    peer: () => timed(slow, (i) => scanCycle(scan, quantities[i % quantities.length]!)),
    limit: () => timed(200_000, (i) => bits.cycle(quantities[i % quantities.length]!)),
  })
}

/** CPU ns of this thread: others may be using the machine. */
function timed(count: number, once: (i: number) => void): number {
  const before = process.threadCpuUsage()
  for (let i = 0; i < count; i++) once(i)
  const { user, system } = process.threadCpuUsage(before)
  return ((user + system) * 1_000) / count
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
  for (const part of parts) allocator.mark(part, code)
}

function scanCycle(scan: ObjectScan, quantity: number): void {
  const seats = scan.take(quantity)
  if (seats !== null) scan.release(seats)
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
      const mask = (2 ** quantity - 1) << (31 - Math.clz32(starts & -starts))
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
