// A whole on-sale of a real ballpark: the server in a process of its own, a crowd over HTTP, live progress, then the audit.
import { audit, passed, reportLines } from './audit/audit.ts'
import { type HouseProcess, openHouse } from './house-process.ts'
import { createOperator } from './operator.ts'
import { type DemoOptions, demoOptions } from './options.ts'
import { gatherEvidence, runSale, type SaleResult } from './sale.ts'
import { scheduleId, settingsLine } from './settings.ts'

const say = (line = ''): void => void process.stdout.write(`${line}\n`)
const n = (value: number): string => Math.round(value).toLocaleString('en')

let house: HouseProcess | undefined
/** What is under way fails when its house is closed under it: nothing to report. */
let stopping = false

async function main(): Promise<number> {
  const read = demoOptions(process.argv.slice(2), process.env)
  if (!read.ok) {
    process.stderr.write(`demo: ${read.problem}\n`)
    return 2
  }
  house = await openHouse(read.options)
  return Promise.race([demo(house, read.options), house.crashed])
}

/** Resolves to the exit code: 0 when every promise was kept. */
async function demo(house: HouseProcess, options: DemoOptions): Promise<number> {
  const { url } = house
  const operator = createOperator(house)
  const sale = await operator.schedule(scheduleId)
  const { seats } = await operator.stats(scheduleId)
  say(`${sale.name}: ${n(seats.capacity)} seats, sold on ${url} (embedded: no Redis, MySQL or Kafka)`)
  say(`settings: ${settingsLine(sale.settings)}`)
  say(`crowd: ${n(options.fans)} fans, up to ${n(options.rate)} arrivals a second, seed ${options.seed}`)
  say()
  const result = await runSale({ house, operator, ...options })
  say()
  say(saleLine(result))
  say()
  say('audit: the record, the gateway’s ledger, the mailbox, and what the crowd wrote down')
  const venueFile = options.venueFile ?? new URL('../data/jamsil.json', import.meta.url)
  const findings = audit(await gatherEvidence({ house, operator, result, venueFile }))
  for (const line of reportLines(findings)) say(line)
  if (!options.exit) {
    await operator.createSchedule({ scheduleId: 'game-2', venueId: sale.venueId, name: `${sale.name} 2` })
    say()
    say(`${scheduleId} as the crowd left it: ${url}/booking/${scheduleId}`)
    say(`game-2 is empty, with the settings of a real sale; buy a seat yourself: ${url}/booking/game-2`)
    say('Ctrl-C ends the server')
    await house.crashed
  }
  return passed(findings) ? 0 : 1
}

function saleLine({ soldOut, seconds, answered, books }: SaleResult): string {
  const seats = soldOut ? 'sold out' : 'not sold out (a larger crowd buys it all)'
  const perSecond = `${n(answered / seconds)} a second`
  return `${seats}, after ${seconds.toFixed(1)} s: ${n(books.paid)} fans with ${n(books.seatsPaid)} seats, ${n(answered)} requests (${perSecond})`
}

async function end(code: number): Promise<never> {
  stopping = true
  await house?.close()
  process.exit(code)
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => void end(code))
}

main().then(end, async (error: unknown) => {
  if (stopping) return
  process.stderr.write(`\ndemo: ${error instanceof Error ? error.message : String(error)}\n`)
  await end(1)
})
