import { parseArgs } from 'node:util'
import { playSeeds, type ShortReport } from './crew.ts'
import { simulate } from './simulate.ts'
import { summary } from './table.ts'

const usage = `npm run simulate                   500 sales
npm run simulate -- --seeds 20000  so many sales, from --from (1) on
npm run simulate -- --seed 42      one sale, with its whole journal`

/** The last lines of a journal that lead to a finding. */
const tail = 60

async function replay(seed: number, quiet: boolean): Promise<number> {
  const report = await simulate({ seed })
  const lines = quiet ? report.journal.slice(-tail) : report.journal
  console.log(lines.join('\n'))
  console.log(
    `\nseed ${seed}: ${report.steps} steps, ${report.seconds} virtual seconds, journal ${report.hash.slice(0, 16)}`,
  )
  for (const finding of report.findings) console.error(`FINDING ${finding}`)
  return report.findings.length === 0 ? 0 : 1
}

async function many(first: number, count: number): Promise<number> {
  const tty = process.stdout.isTTY
  const began = performance.now()
  const progress = ({ seed, findings }: ShortReport, done: number): void => {
    if (findings.length > 0) console.error(`\nseed ${seed}: ${findings[0]}`)
    const share = done / count
    if (tty) {
      const bar = '█'.repeat(Math.round(share * 30)).padEnd(30, '░')
      process.stdout.write(`\r${bar} ${done} of ${count} sales, ${Math.round((performance.now() - began) / 1_000)} s `)
    } else if (done % Math.max(1, Math.floor(count / 10)) === 0) console.log(`${done} of ${count} sales`)
  }
  const reports = await playSeeds({ first, count, onReport: progress })
  console.log(`\n${summary(reports)}`)
  const failed = reports.find(({ findings }) => findings.length > 0)
  if (!failed) {
    console.log(`\nno finding in ${reports.length} sales`)
    return 0
  }
  console.error(`\nseed ${failed.seed} fails; its last lines:\n`)
  await replay(failed.seed, true)
  console.error(`\nagain: npm run simulate -- --seed ${failed.seed}`)
  return 1
}

function whole(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  console.error(`not a whole number: ${text}\n\n${usage}`)
  process.exit(2)
}

const { values } = parseArgs({
  options: { seed: { type: 'string' }, seeds: { type: 'string' }, from: { type: 'string' }, help: { type: 'boolean' } },
})

if (values.help) console.log(usage)
else if (values.seed !== undefined) process.exitCode = await replay(whole(values.seed, 0), false)
else process.exitCode = await many(whole(values.from, 1), Math.max(1, whole(values.seeds, 500)))
