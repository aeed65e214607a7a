import assert from 'node:assert/strict'
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
          if (refusals > 0) notes.push(`${shape}: ${refusals} of ${quantities.length} sizes do not fit anywhere and are refused`)
        }
      }
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
  const slow = Math.max(quantities.length, Math.ceil(400_000 / seats))
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
  const { parts } = result.value
  mark(allocator, parts, 1)
  mark(allocator, parts, 0)
}

function mark(allocator: Allocator, parts: readonly { section: string; seats: readonly number[] }[], code: SeatCode): void {
  for (let p = 0; p < parts.length; p++) {
    const { section, seats } = parts[p]!
    for (let i = 0; i < seats.length; i++) allocator.apply({ section, seat: seats[i]!, code })
  }
}

function scanCycle(scan: ObjectScan, quantity: number): void {
  const seats = scan.take(quantity)
  if (seats !== null) scan.release(seats)
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
  for (let i = 0; i < 3 * quantities.length; i++) {
    const quantity = quantities[i % quantities.length]!
    const result = allocator.allocate({ request: { quantity, together: 'adjacent' } })
    const expected = scan.take(quantity)
    const given = result.ok ? result.value.parts.flatMap(({ section, seats }) => seats.map((seat) => `${section} ${seat}`)) : null
    assert.deepEqual(given, expected && expected.map(({ section, index }) => `S${section} ${index}`))
    if (result.ok) mark(allocator, result.value.parts, 1)
    else if (i < quantities.length) refusals++
  }
  return refusals
}
