import assert from 'node:assert/strict'
import type { Allocation } from '../../packages/core/src/seating/allocation.ts'
import { type Allocator, createAllocator } from '../../packages/core/src/seating/allocator.ts'
import type { SeatCode } from '../../packages/core/src/seating/occupancy.ts'
import { createObjectScan, type ObjectScan } from './object-scan.ts'
import { createStand, packed, type Stand } from './stand.ts'
import { digits, interleave, type Line, type Row } from './table.ts'

const sizes = [1_000, 10_000, 100_000, 1_000_000]
const fullness = [0, 0.5, 0.9, 0.99]
const repeats = 7
const parties = { '1–4': [1, 2, 3, 4], '8': [8] } as const

/** Choose + mark + unmark, so that the state stays: ns for one party. */
export const allocJs: Row = {
  name: 'alloc-js',
  async run() {
    const lines: Line[] = []
    const notes: string[] = []
    for (const seats of sizes)
      for (const full of fullness) {
        const stand = createStand(seats, full)
        for (const [name, quantities] of Object.entries(parties)) {
          const refusals = checked(stand, quantities)
          const shape = `${seats.toLocaleString('en').replaceAll(',', ' ')} seats, ${full * 100} % full, n = ${name}`
          lines.push({ shape, unit: 'ns', lessIsBetter: true, ...measure(stand, quantities) })
          if (refusals > 0)
            notes.push(`${shape}: ${refusals} of ${quantities.length} sizes do not fit anywhere and are refused`)
        }
      }
    for (const seats of [10_000, 100_000]) notes.push(soldOut(createStand(seats, 0), seats))
    return { lines, notes, verdicts: verdictsOf(lines) }
  },
}

function verdictsOf(lines: readonly Line[]) {
  const figures = lines.map(({ ours }) => ours)
  const [worst, spread] = [Math.max(...figures), Math.max(...figures) / Math.min(...figures)]
  return [
    { target: '≤ 100 ns', reached: `worst ${digits(worst)} ns`, met: worst <= 100 },
    { target: 'max/min ≤ 2', reached: digits(spread), met: spread <= 2 },
    { target: 'stretch ≤ 50 ns', reached: `worst ${digits(worst)} ns`, met: worst <= 50 },
  ]
}

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

function timed(count: number, once: (i: number) => void): number {
  const before = process.hrtime.bigint()
  for (let i = 0; i < count; i++) once(i)
  return Number(process.hrtime.bigint() - before) / count
}

function open(stand: Stand): Allocator {
  const allocator = createAllocator(stand.sections)
  for (const state of packed(stand)) allocator.replace(state)
  return allocator
}

function cycle(allocator: Allocator, quantity: number): void {
  const result = allocator.allocate({ request: { quantity, together: 'adjacent' } })
  if (!result.ok) return
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
function soldOut(stand: Stand, seats: number): string {
  const allocator = open(stand)
  const before = process.hrtime.bigint()
  let [parties, sold] = [0, 0]
  for (let quantity = 1; sold < seats; parties++, quantity = 1 + (parties % 4)) {
    const result = allocator.allocate({ request: { quantity: Math.min(quantity, seats - sold) } })
    assert(result.ok)
    mark(allocator, result.value, 1)
    sold += result.value.parts.reduce((sum, part) => sum + part.seats.length, 0)
  }
  const ns = Number(process.hrtime.bigint() - before) / parties
  return `${seats} seats sold to the last one, n = 1–4, whole ladder: ${digits(ns)} ns a party`
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

/** Throws unless the allocator gives the seats the object scan gives, party after party. Returns how many sizes are refused. */
function checked(stand: Stand, quantities: readonly number[]): number {
  const allocator = open(stand)
  const scan = createObjectScan(stand)
  let refusals = 0
  for (let i = 0; i < quantities.length; i++) {
    const quantity = quantities[i % quantities.length]!
    const result = allocator.allocate({ request: { quantity, together: 'adjacent' } })
    const expected = scan.take(quantity)
    const given = result.ok
      ? result.value.parts.flatMap(({ section, seats }) => seats.map((seat) => `${section} ${seat}`))
      : null
    assert.deepEqual(given, expected && expected.map(({ section, index }) => `S${section} ${index}`))
    if (result.ok) mark(allocator, result.value, 1)
    else refusals++
  }
  return refusals
}
