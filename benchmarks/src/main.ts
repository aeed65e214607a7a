import { availableParallelism } from 'node:os'
import { allocJs } from './alloc-js.ts'
import { queueJoin, queuePoll } from './queue-in-process.ts'
import { queueJoinCore, queueScale } from './queue-redis.ts'
import { expiryStorm, holdBatch, holdHot, holdN, seatmapRead } from './seats-redis.ts'
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
  seatmapRead,
  expiryStorm,
]

/** `npm run bench [-- row …]`: all rows, or those named. */
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !rows.some((row) => row.name === name))
if (unknown.length > 0) {
  console.error(`error: no row ${unknown.join(', ')}; there are: ${rows.map(({ name }) => name).join(', ')}`)
  process.exit(1)
}

console.log(`Node ${process.version}, ${process.platform} ${process.arch}, ${availableParallelism()} cores`)
for (const row of rows) {
  if (wanted.length > 0 && !wanted.includes(row.name)) continue
  process.stderr.write(`> ${row.name} …\n`)
  printRow(row.name, await row.run())
}
