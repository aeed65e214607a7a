// npm test: every check, then every test, and as the last line `N passed, N failed`.
// npm test -- <vitest filter>: the matching tests only.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, tool } from './run.ts'
import { type Step, steps } from './steps.ts'
import { type Counts, closingLine, countTests, type VitestReport } from './tally.ts'

const filter = process.argv.slice(2)
const failedSteps: string[] = []

if (filter.length === 0) {
  const order: Step[] = [
    steps.check,
    steps.typecheck,
    steps.boundaries,
    steps.unused,
    steps.build,
    steps['package-check'],
  ]
  for (const step of order) {
    heading(step.heading)
    if (!(await step.run([]))) failedSteps.push(step.heading)
  }
}
heading('tests (vitest)')
const counts = await vitest(filter)

for (const name of failedSteps) console.error(`failed step: ${name}`)
console.log(closingLine({ ...counts, failed: counts.failed + failedSteps.length }))
process.exitCode = counts.failed + failedSteps.length > 0 ? 1 : 0

async function vitest(args: readonly string[]): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), 'b-ticketing-test-'))
  const file = join(folder, 'report.json')
  try {
    const command = tool('vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`, ...args)
    const exitCode = await run(command)
    const report: VitestReport | null = await readFile(file, 'utf8').then(JSON.parse, () => null)
    return countTests(report, exitCode)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function heading(text: string): void {
  console.log(`\n── ${text}`)
}
