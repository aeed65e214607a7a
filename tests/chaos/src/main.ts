import { hearWarnings } from '../../../examples/server/src/warnings.ts'
import { answerFlags, readFlags } from '../../../scripts/flags.ts'
import { reportLines } from './report.ts'
import { storm } from './storm.ts'

const usage = `npm run chaos: 64 buyers at 4 processes on real Redis, MySQL and Kafka, while one of them all is killed or frozen at a time

npm run chaos                     60 seconds of it, then every promise is held against what the stores say
npm run chaos -- --seconds 600    longer
npm run chaos -- --seed 7         other faults, in another order

Exit code: 0 every promise was kept, 1 one was broken, 2 wrong flags.`

const flags = { seconds: { least: 1, most: 86_400 }, seed: { least: 0, most: 2 ** 32 - 1 } } as const

hearWarnings((line) => console.error(line))
const options = readFlags({ command: 'npm run chaos', args: process.argv.slice(2), flags })
if (options.is !== 'read') process.exitCode = answerFlags(options, usage)
else {
  const { seconds = 60, seed = 1 } = options.values
  const report = await storm({ seed, seconds, say: console.log })
  if (report === null) console.error('Redis, MySQL and Kafka are needed, and could not all be started')
  else for (const line of reportLines(report)) console.log(line)
  process.exitCode = report?.wrongs.length === 0 ? 0 : 1
}
