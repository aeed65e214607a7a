import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { AllocFigures } from './alloc-js-shape.ts'
import { digits, type Line, type Row, type Verdict } from './table.ts'

const sizes = [1_000, 10_000, 100_000, 1_000_000]
const fullness = [0, 50, 90, 99]

/** Choose + mark + unmark, so that the state stays: ns for one party. A process for each house, as in a sale. */
export const allocJs: Row = {
  name: 'alloc-js',
  async run() {
    const lines: Line[] = []
    const notes: string[] = []
    const movings: number[] = []
    for (const seats of sizes)
      for (const full of fullness)
        for (const { name, moving, soldOut, ...figures } of await measured(seats, full)) {
          const shape = `${digits(seats)} seats, ${full} % full, n = ${name}`
          lines.push({ shape, unit: 'ns', lessIsBetter: true, ...figures })
          if (full === 0) movings.push(moving)
          if (soldOut !== null)
            notes.push(
              `${digits(seats)} seats sold to the last one (n = 1–4, whole ladder): ${digits(soldOut)} ns a party`,
            )
        }
    const [least, most] = [Math.min(...movings), Math.max(...movings)]
    notes.push(
      `while seats change between requests (64 parties live, otherwise empty): ${digits(least)} to ${digits(most)} ns`,
    )
    return { lines, notes, verdicts: verdictsOf(lines) }
  },
}

async function measured(seats: number, full: number): Promise<readonly AllocFigures[]> {
  const shape = fileURLToPath(new URL('./alloc-js-shape.ts', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, shape, `${seats}`, `${full}`])
  return JSON.parse(stdout)
}

function verdictsOf(lines: readonly Line[]): readonly Verdict[] {
  const figures = lines.map(({ ours }) => ours)
  const [worst, spread] = [Math.max(...figures), Math.max(...figures) / Math.min(...figures)]
  return [
    { target: '≤ 100 ns', reached: `worst ${digits(worst)} ns`, met: worst <= 100 },
    { target: 'max/min ≤ 2', reached: digits(spread), met: spread <= 2 },
    { target: 'stretch ≤ 50 ns', reached: `worst ${digits(worst)} ns`, met: worst <= 50, stretch: true },
  ]
}
