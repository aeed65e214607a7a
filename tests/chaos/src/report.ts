import type { StormReport } from './storm.ts'

/** The table of faults survived, and what was broken. */
export function reportLines(report: StormReport): readonly string[] {
  const { rows, visitors, paid, answered, away, looks, wrongs } = report
  const width = Math.max(...rows.map(({ fault }) => fault.length), 5)
  const line = (fault: string, ...cells: readonly string[]) =>
    [`  ${fault.padEnd(width)}`, ...cells.map((cell) => cell.padStart(8))].join('  ')
  return [
    '',
    line('fault', 'times', 'seconds', 'paid'),
    ...rows.map((row) => line(row.fault, String(row.times), row.seconds.toFixed(1), String(row.paid))),
    '',
    `  ${visitors} visitors, ${paid} of them paid; ${answered} answers, ${away} calls that found somebody away and were repeated`,
    `  the line was looked at ${looks} times`,
    '',
    wrongs.length === 0 ? '  every promise was kept: I1–I18, S3' : `  ${wrongs.length} broken:`,
    ...wrongs.slice(0, 20).map((wrong) => `    ${wrong}`),
  ]
}
