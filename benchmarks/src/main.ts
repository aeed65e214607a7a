import { availableParallelism } from 'node:os'
import { answerFlags, readFlags } from '../../scripts/flags.ts'
import { allocCommit } from './alloc-commit.ts'
import { allocJs } from './alloc-js.ts'
import { dbCommit } from './commit-mysql.ts'
import { payPublish } from './publish-kafka.ts'
import { e2ePurchase } from './purchase.ts'
import { queueJoin, queuePoll } from './queue-in-process.ts'
import { queueJoinCore, queueScale } from './queue-redis.ts'
import { expiryStorm, holdBatch, holdHot, holdN, seatmapRead } from './seats-redis.ts'
import { shardScale } from './shard-scale.ts'
import { printRow, type Row } from './table.ts'

const rows: readonly Row[] = [
  allocJs,
  queueJoin,
  queuePoll,
  queueJoinCore,
  queueScale,
  holdN,
  holdBatch,
  holdHot,
  allocCommit,
  seatmapRead,
  expiryStorm,
  shardScale,
  payPublish,
  dbCommit,
  e2ePurchase,
]

const names = rows.map(({ name }) => name)

const usage = `npm run bench: the benchmark table. Ratios to the peer and the limit of the same run count, not absolute figures

npm run bench               every row; some take minutes
npm run bench -- alloc-js   the rows that are named: ${names.join(', ')}

The table goes to stdout, what is under way to stderr.
Exit code: 0 every target met (stretch targets do not count), 1 a target missed or a row failed, 2 wrong arguments.`

/** Says so while a row is measured: some take minutes, and a silent minute looks like a hang. */
const tellEveryMs = 10_000

/** True when every target was met. */
async function runRow(row: Row, place: string): Promise<boolean> {
  const began = performance.now()
  const seconds = () => Math.round((performance.now() - began) / 1_000)
  process.stderr.write(`> ${row.name} (${place}) …\n`)
  const telling = setInterval(() => process.stderr.write(`> ${row.name}: ${seconds()} s …\n`), tellEveryMs)
  try {
    const result = await row.run()
    process.stderr.write(`> ${row.name}: done in ${seconds()} s\n`)
    printRow(row.name, result)
    return result.verdicts.every(({ met, stretch }) => met || stretch === true)
  } catch (error) {
    process.stderr.write(`error: ${row.name} failed: ${error instanceof Error ? error.message : String(error)}\n`)
    return false
  } finally {
    clearInterval(telling)
  }
}

async function runRows(wanted: readonly Row[]): Promise<0 | 1> {
  console.log(`Node ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} cores`)
  const missed: string[] = []
  for (const [i, row] of wanted.entries()) {
    if (!(await runRow(row, `${i + 1} of ${wanted.length}`))) missed.push(row.name)
  }
  if (missed.length === 0) return 0
  console.error(`\nmissed or failed: ${missed.join(', ')}`)
  return 1
}

const words = { name: 'row', known: names }
const line = readFlags({ command: 'npm run bench', args: process.argv.slice(2), flags: {}, words })
if (line.is !== 'read') process.exitCode = answerFlags(line, usage)
else {
  const asked = line.words.length === 0 ? names : line.words
  process.exitCode = await runRows(rows.filter(({ name }) => asked.includes(name)))
}
