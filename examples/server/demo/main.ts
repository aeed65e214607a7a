// A whole on-sale of a real ballpark: the server in a process of its own, a crowd over HTTP, live progress, then the audit.
import { answerFlags } from '../../../scripts/flags.ts'
import { hearWarnings } from '../src/warnings.ts'
import { audit, passed, reportLines } from './audit/audit.ts'
import { type House, openHouse } from './house-process.ts'
import { createOperator } from './operator.ts'
import { type DemoOptions, demoOptions, usage } from './options.ts'
import { legend } from './progress.ts'
import { gatherEvidence, lastFansPerFan, runSale, type SaleResult } from './sale.ts'
import { openServices, type Services } from './services.ts'
import { scheduleId, settingsLine } from './settings.ts'
import { openTown } from './town.ts'

const say = (line = ''): void => void process.stdout.write(`${line}\n`)
const n = (value: number): string => Math.round(value).toLocaleString('en')

hearWarnings((line) => process.stderr.write(`${line}\n`))
let services: Services | undefined
let house: House | undefined
/** What is under way fails when its house is closed under it: nothing to report. */
let stopping = false

async function main(): Promise<number> {
  const read = demoOptions(process.argv.slice(2), process.env)
  if (read.is !== 'read') return answerFlags(read, usage)
  services = await openServices(read.options)
  const { options } = read
  house = await (services.all
    ? openTown({ ...options, services: services.all })
    : openHouse({ ...options, env: services.env }))
  return Promise.race([demo({ house, services, options }), house.crashed])
}

/** Resolves to the exit code: 0 when every promise was kept. */
async function demo(p: { house: House; services: Services; options: DemoOptions }): Promise<number> {
  const { house, services, options } = p
  const [url] = house.urls
  const operator = createOperator(house)
  const sale = await operator.schedule(scheduleId)
  const { seats } = await operator.stats(scheduleId)
  say(`${sale.name}: ${n(seats.capacity)} seats, sold on ${house.urls.join(' and ')} (${services.on})`)
  say(`settings: ${settingsLine(sale.settings)}`)
  say(
    `crowd: ${n(options.fans)} fans, up to ${n(options.rate)} arrivals a second, seed ${options.seed}; they join the line,`,
  )
  say(
    '  most let the house find 1–4 seats, some pick by hand, give up, abandon a hold or pay with a card that is declined',
  )
  say(
    `last fans, on top: up to ${n(options.fans * lastFansPerFan)} who come when the crowd is gone and take single seats`,
  )
  say()
  for (const line of legend) say(line)
  say()
  const result = await runSale({ house, operator, ...options })
  say()
  say(saleLine(result))
  say()
  say('audit of the record, the gateway’s ledger, the mailbox and what the crowd wrote down:')
  say('  verdict, id of the promise (docs/guarantees.md), cases looked at, what was found')
  const venueFile = options.venueFile ?? new URL('../data/jamsil.json', import.meta.url)
  const evidence = await gatherEvidence({ house, operator, result, venueFile, services })
  const findings = audit(evidence)
  for (const line of reportLines(findings)) say(line)
  if (evidence.redis) say(`Redis at the end: ${n(evidence.redis.keys)} keys, ${n(evidence.redis.bytes / 2 ** 20)} MB`)
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
  await services?.close()
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
