// The demo's server, a process of its own: the reference server on embedded adapters, as main.ts of the server builds it, and a
// window for the audit: asked over IPC for the record, it hands out the tables as they lie in the store.
import { readFileSync } from 'node:fs'
import { createBookingEngine, importVenue, isTicketingError, systemRuntime } from '@b-ticketing/core'
import { createMemoryRecord, createScriptedGateway, inMemoryAdapters } from '@b-ticketing/core/memory'
import { pino } from 'pino'
import { createApp } from '../src/app.ts'
import { webhookSender } from '../src/gateway/webhook-sender.ts'
import { mailboxTransport, mailNotifier } from '../src/mail/mail-notifier.ts'
import { createMailbox } from '../src/mail/mailbox.ts'
import { createMetrics } from '../src/metrics.ts'
import { readSettings } from '../src/settings.ts'
import type { FromHouse, ToHouse } from './house-talk.ts'
import { newLineWatch, watched } from './line-watch.ts'
import { saleSettings, scheduleId } from './settings.ts'
import { dumpStore } from './store-dump.ts'

const say = (message: FromHouse): void => void process.send?.(message)

async function open() {
  const read = readSettings(process.env)
  if (!read.ok) throw new Error(read.problems.join('; '))
  const { settings } = read
  const log = pino({ level: settings.logLevel })
  const metrics = createMetrics(log)
  let address = ''
  const deliver = webhookSender({
    url: () => `${address}/webhooks/payments`,
    secret: settings.webhookSecret,
    now: systemRuntime.now,
  })
  const gateway = createScriptedGateway({ runtime: systemRuntime, deliver })
  const mailbox = createMailbox()
  const record = createMemoryRecord()
  const line = newLineWatch()
  const adapters = inMemoryAdapters({ runtime: systemRuntime, record })
  const engine = await createBookingEngine({
    ...adapters,
    admissionQueue: watched(adapters.admissionQueue, scheduleId, line),
    gateway,
    notifier: mailNotifier(mailboxTransport(mailbox, systemRuntime.now), settings.mailFrom),
    tokenSecrets: settings.tokenSecrets,
    observer: metrics.observer,
  })
  const venueFile = settings.venueFile ?? new URL('../data/jamsil.json', import.meta.url)
  const venue = importVenue(JSON.parse(readFileSync(venueFile, 'utf8')))
  const sale = { ...settings.sale, ...saleSettings }
  await engine.schedules.create({ scheduleId, venue, name: venue.name, state: 'open', settings: sale })
  await engine.start()
  const app = createApp({ engine, settings, log, metrics, mailbox: mailbox.messages, ledger: gateway.ledger })
  address = await app.listen()
  const close = async (): Promise<void> => {
    await app.close({ graceMs: 500 })
    await engine.close()
  }
  const size = (name: string): number => record.table({ name }).size
  const pulse = () => ({
    mails: mailbox.messages().length,
    unfinished: size('payment-due') + size('outbox') + size('notice-open'),
  })
  return { address, dump: () => dumpStore(record, line), pulse, close }
}

// Ctrl-C reaches every process of the terminal: the one that started this house decides when it closes.
process.on('SIGINT', () => {})
process.once('disconnect', () => process.exit(0))

try {
  const house = await open()
  process.on('message', ({ ask }: ToHouse) => {
    if (ask === 'record') return say({ say: 'record', record: house.dump() })
    if (ask === 'pulse') return say({ say: 'pulse', pulse: house.pulse() })
    void house.close().finally(() => process.exit(0))
  })
  say({ say: 'open', url: house.address })
} catch (error) {
  say({ say: 'failed', reason: reasonOf(error) })
  process.exitCode = 1
  process.disconnect()
}

function reasonOf(error: unknown): string {
  if (isTicketingError(error)) return `${error.message} ${JSON.stringify(error.details)}`.slice(0, 600)
  return error instanceof Error ? error.message : String(error)
}
