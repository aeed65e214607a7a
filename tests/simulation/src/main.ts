import { answerFlags, readFlags } from '../../../scripts/flags.ts'
import { playSeeds, type ShortReport } from './crew.ts'
import { simulate } from './simulate.ts'
import { summary } from './table.ts'

const usage = `npm run simulate: whole sales under a virtual clock, with faults injected, checked after every step

npm run simulate                             500 sales
npm run simulate -- --seeds 20000            so many sales, seeds 1 to 20000
npm run simulate -- --seeds 1000 --from 501  so many sales, seeds 501 to 1500
npm run simulate -- --seed 42                one sale, with its whole journal: the same every time

Exit code: 0 nothing found, 1 something found, 2 wrong flags.`

const seedRange = { least: 0, most: 2 ** 32 - 1 }
const flags = { seeds: { least: 1, most: 10_000_000 }, from: seedRange, seed: seedRange } as const

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

function readOptions(args: readonly string[]) {
  const command = 'npm run simulate'
  const line = readFlags({ command, args, flags })
  if (line.is !== 'read' || line.values.seed === undefined) return line
  const { seeds, from } = line.values
  if (seeds === undefined && from === undefined) return line
  const other = seeds === undefined ? '--from' : '--seeds'
  return { is: 'wrong', problem: `--seed replays one sale and takes no ${other}; see ${command} -- --help` } as const
}

const options = readOptions(process.argv.slice(2))
if (options.is !== 'read') process.exitCode = answerFlags(options, usage)
else {
  const { seed, seeds = 500, from = 1 } = options.values
  process.exitCode = seed === undefined ? await many(from, seeds) : await replay(seed, false)
}
