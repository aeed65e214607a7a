/** One line of the benchmark table. Ratios count, not figures: machines differ, all three were measured in the same run. */
export interface Line {
  /** Which shape of the scenario: `1 000 seats, 50 % full`. */
  readonly shape: string
  readonly unit: string
  readonly ours: number
  readonly peer: number | null
  readonly limit: number | null
  /** Whether a smaller figure is the better one. */
  readonly lessIsBetter: boolean
}

export interface Verdict {
  /** What was to be reached: `≤ 100 ns`. */
  readonly target: string
  readonly reached: string
  readonly met: boolean
  /** Beyond what is asked for: missing it fails nothing. */
  readonly stretch?: true
}

/** A row of the suite as a module exports it. `run` throws when what it measures is not correct: then nothing is printed. */
export interface Row {
  readonly name: string
  run(): Promise<{
    readonly lines: readonly Line[]
    readonly verdicts: readonly Verdict[]
    readonly notes?: readonly string[]
  }>
}

/** Medians, per contender, of `repeats` rounds in which each runs once: noise of the machine hits all alike. */
export function interleave<Name extends string>(
  repeats: number,
  contenders: Readonly<Record<Name, () => number>>,
): Record<Name, number> {
  const names = Object.keys(contenders) as Name[]
  const figures = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>
  for (let round = 0; round < repeats; round++) for (const name of names) figures[name].push(contenders[name]())
  return Object.fromEntries(names.map((name) => [name, median(figures[name])])) as Record<Name, number>
}

export const median = (figures: readonly number[]): number => [...figures].sort((a, b) => a - b)[figures.length >> 1]!

const heading = ['shape', 'ours', 'peer', 'limit', '× peer', 'of limit'] as const

/** `× peer`: how many times better than the peer; `of limit`: the share of the limit that is reached. */
export function printRow(name: string, { lines, verdicts, notes = [] }: Awaited<ReturnType<Row['run']>>): void {
  const cells = [heading, ...lines.map(cellsOf)]
  const widths = heading.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)))
  const draw = (row: readonly string[]) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ')
  console.log(`\n${name}`)
  for (const row of cells) console.log(`  ${draw(row)}`)
  for (const { target, reached, met, stretch } of verdicts) {
    console.log(`  ${met ? 'met    ' : stretch ? 'not yet' : 'MISSED '}  ${target}: ${reached}`)
  }
  for (const note of notes) console.log(`  note     ${note}`)
}

function cellsOf({ shape, unit, ours, peer, limit, lessIsBetter }: Line): string[] {
  const ratio = (other: number | null): number | null =>
    other === null ? null : lessIsBetter ? other / ours : ours / other
  const amount = (value: number | null): string => (value === null ? '–' : `${digits(value)} ${unit}`)
  const times = (value: number | null): string => (value === null ? '–' : digits(value))
  return [shape, amount(ours), amount(peer), amount(limit), times(ratio(peer)), times(ratio(limit))]
}

/** Three significant digits, thousands apart. */
export const digits = (value: number): string => {
  const rounded = Number(value.toPrecision(3))
  return rounded >= 1_000 ? Math.round(rounded).toLocaleString('en').replaceAll(',', ' ') : String(rounded)
}
