import type { ShortReport } from './crew.ts'

/** All counts of all sales, or of those a name matches. */
export function tally(
  reports: readonly Pick<ShortReport, 'counts' | 'looks'>[],
  of: 'counts' | 'looks',
): Map<string, number> {
  const sums = new Map<string, number>()
  for (const report of reports) for (const [name, count] of report[of]) sums.set(name, (sums.get(name) ?? 0) + count)
  return new Map([...sums].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** What many sales met and how often each invariant was looked at, as lines of text. */
export function summary(reports: readonly ShortReport[]): string {
  const sum = (pick: (report: ShortReport) => number): number =>
    reports.reduce((total, report) => total + pick(report), 0)
  const hours = sum(({ seconds }) => seconds) / 3_600
  return [
    `${reports.length} sales, ${sum(({ steps }) => steps).toLocaleString('en')} steps, ${hours.toFixed(1)} virtual hours`,
    '',
    ...columns('met', tally(reports, 'counts')),
    '',
    ...columns('invariant looked at', tally(reports, 'looks')),
  ].join('\n')
}

function columns(title: string, counts: ReadonlyMap<string, number>): string[] {
  const cells = [...counts].map(([name, count]) => `${name.padEnd(34)} ${count.toLocaleString('en').padStart(11)}`)
  const height = Math.ceil(cells.length / 2)
  const lines = Array.from(
    { length: height },
    (_, i) => `  ${cells[i]}${cells[i + height] ? `   ${cells[i + height]}` : ''}`,
  )
  return [`${title}:`, ...lines]
}
