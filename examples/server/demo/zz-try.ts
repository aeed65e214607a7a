import { createRequire } from 'node:module'
const require = createRequire(import.meta.url)

import { connect } from './client.ts'
import { lastFans, onSale } from './crowd.ts'
import { newCrowdBooks } from './crowd-books.ts'
import { openHouse } from './house-process.ts'

const h = await openHouse({ port: 0, venueFile: null })
const internet = connect({ url: h.url })
const books = newCrowdBooks()
const fans = Number(process.argv[2] ?? 14000),
  rate = Number(process.argv[3] ?? 2500)
const began = performance.now()
const get = async () =>
  (await (
    await fetch(h.url + '/admin/schedules/game-1/stats', { headers: { authorization: 'Bearer ' + h.adminToken } })
  ).json()) as any
let last = 0,
  lastCpu = process.cpuUsage()
const timer = setInterval(async () => {
  const s = await get().catch((e) => ({ line: {}, seats: {} }))
  const { numbers, receipts, repeats, pushes, surprises, ...live } = books
  const cpu = process.cpuUsage(lastCpu)
  lastCpu = process.cpuUsage()
  console.log(
    ((performance.now() - began) / 1000).toFixed(1),
    'req/s',
    (internet.counts.answered - last) / 2,
    'cpu',
    ((cpu.user + cpu.system) / 2e6).toFixed(2),
    JSON.stringify(live),
    JSON.stringify(s.line),
    JSON.stringify(s.seats),
  )
  last = internet.counts.answered
}, 2000)
timer.unref()
const cpu = () => {
  const [, ...f] = require('node:fs')
    .readFileSync(`/proc/${(globalThis as any).housePid}/stat`, 'utf8')
    .split(') ')
  const g = f[0].split(' ')
  return [Number(g[11]) / 100, Number(g[12]) / 100]
}
await onSale({ internet, scheduleId: 'game-1', books, fans, rate, seed: 1 })
console.log('crowd done', (performance.now() - began) / 1000)
console.log(
  await lastFans({
    internet,
    scheduleId: 'game-1',
    books,
    most: Math.max(200, fans / 4),
    seatsLeft: async () => (await get()).seats,
  }),
)
clearInterval(timer)
console.log(
  'done',
  (performance.now() - began) / 1000,
  internet.counts.answered,
  internet.counts.failures.slice(0, 5),
  books.surprises.length,
  books.surprises.slice(0, 10),
  books.repeats.asked,
  books.repeats.differed.slice(0, 5),
  books.pushes,
)
const t = performance.now()
const d = await h.record()
console.log(
  'dump',
  performance.now() - t,
  d.payments.length,
  d.claims.length,
  d.line.overCapacity.length,
  d.line.unbalanced.length,
  d.line.ticks,
  d.line.mostInside,
  d.line.mostWaiting,
  d.outbox.length,
  d.deadLetters.length,
)
console.log(process.resourceUsage().userCPUTime / 1e6, process.memoryUsage().rss / 1e6, h.complaints.slice(0, 5))
console.log('house cpu', cpu())
internet.close()
await h.close()
