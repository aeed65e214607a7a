// The server from its environment: settings → adapters → engine → listen → shut down.
import { readFileSync } from 'node:fs'
import { createBookingEngine, importVenue, systemRuntime } from '@b-ticketing/core'
import { createScriptedGateway, inMemoryAdapters } from '@b-ticketing/core/memory'
import closeWithGrace from 'close-with-grace'
import { pino } from 'pino'
import { createApp } from './app.ts'
import { SandboxGateway } from './gateway/client.ts'
import { webhookSender } from './gateway/webhook-sender.ts'
import { mailboxTransport, mailNotifier, smtpTransport } from './mail/mail-notifier.ts'
import { createMailbox } from './mail/mailbox.ts'
import { createMetrics } from './metrics.ts'
import { readSettings } from './settings.ts'

const result = readSettings(process.env)
if (!result.ok) fail(`the settings are wrong:\n${result.problems.map((problem) => `  - ${problem}`).join('\n')}`)
const { settings } = result
const log = pino({ level: settings.logLevel })
const metrics = createMetrics(log)

let address = ''
const deliver = webhookSender({
  url: () => `${address}/webhooks/payments`,
  secret: settings.webhookSecret,
  now: systemRuntime.now,
})
const sandbox = settings.gatewayUrl === null ? createScriptedGateway({ runtime: systemRuntime, deliver }) : null
const gateway = sandbox ?? new SandboxGateway(settings.gatewayUrl ?? '')
const mailbox = settings.smtpUrl === null ? createMailbox() : null
const transport = mailbox ? mailboxTransport(mailbox, systemRuntime.now) : smtpTransport(settings.smtpUrl ?? '')

const engine = await createBookingEngine({
  ...inMemoryAdapters({ runtime: systemRuntime }),
  gateway,
  notifier: mailNotifier(transport, settings.mailFrom),
  tokenSecrets: settings.tokenSecrets,
  observer: metrics.observer,
})
const venue = readVenue(settings.venueFile)
await engine.schedules.create({ scheduleId: 'game-1', venue, name: venue.name, state: 'open', settings: settings.sale })
await engine.start()

const app = createApp({
  engine,
  settings,
  log,
  metrics,
  ...(mailbox && { mailbox: mailbox.messages }),
  ...(sandbox && { ledger: sandbox.ledger }),
})
address = await app.listen().catch((error: Error) => fail(`the server cannot listen: ${error.message}`))
log.info({ address, page: `${address}/booking/game-1` }, 'listening')

closeWithGrace({ delay: 15_000, logger: log }, async ({ err, signal }) => {
  log.info({ err, signal }, 'shutting down')
  await app.close()
  await engine.close()
  transport.close()
})

function readVenue(file: string | null) {
  try {
    return importVenue(JSON.parse(readFileSync(file ?? new URL('../data/jamsil.json', import.meta.url), 'utf8')))
  } catch (error) {
    const { message, details } = error as Error & { details?: { problems?: readonly string[] } }
    return fail([`VENUE_FILE cannot be used: ${message}`, ...(details?.problems ?? [])].join('\n  - '))
  }
}

/** What an operator can put right is one clear line, not a stack. */
function fail(message: string): never {
  console.error(message)
  process.exit(1)
}
