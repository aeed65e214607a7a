import { readFileSync } from 'node:fs'
import {
  type Adapters,
  createBookingEngine,
  type Engine,
  importVenue,
  type SaleSettings,
  systemRuntime,
  type Venue,
} from '@b-ticketing/core'
import { createScriptedGateway } from '@b-ticketing/core/memory'
import type { Logger } from 'pino'
import { type App, type AppOptions, createApp } from './app.ts'
import { SandboxGateway } from './gateway/client.ts'
import { webhookSender } from './gateway/webhook-sender.ts'
import { mailboxTransport, mailNotifier, smtpTransport } from './mail/mail-notifier.ts'
import { createMailbox, type Mail } from './mail/mailbox.ts'
import { createMetrics } from './metrics.ts'
import type { Settings } from './settings.ts'

export interface RunningServer {
  readonly address: string
  readonly app: App
  readonly engine: Engine
  /** Sent mails, when there is no SMTP server. */
  readonly mails: () => readonly Mail[]
  /** Ends streams, lets running requests finish for at most `graceMs`, then closes the engine and what it opened. */
  close(p?: { graceMs?: number }): Promise<void>
}

/** The stores; gateway and notifier come from the settings. */
export type Stores = Omit<Adapters, 'gateway' | 'notifier'>

/**
 * The whole reference server over the given stores: gateway and mail by the settings (embedded when they name none), engine,
 * one schedule `game-1` that is open, and a listening port.
 */
export async function openServer(p: {
  readonly settings: Settings
  readonly log: Logger
  readonly stores: Stores
  readonly venue: Venue
  readonly sale?: Partial<SaleSettings>
  readonly port?: number
  /** For tests: a shorter heartbeat, fewer streams, another clock. */
  readonly app?: Partial<Pick<AppOptions, 'heartbeatMs' | 'maxStreams' | 'now'>>
}): Promise<RunningServer> {
  const { settings, log, venue } = p
  const metrics = createMetrics(log)
  let address = ''
  const deliver = webhookSender({
    url: () => `${address}/webhooks/payments`,
    secret: settings.webhookSecret,
    now: systemRuntime.now,
  })
  const sandbox = settings.gatewayUrl === null ? createScriptedGateway({ runtime: systemRuntime, deliver }) : null
  const mailbox = settings.smtpUrl === null ? createMailbox() : null
  const transport = mailbox ? mailboxTransport(mailbox, systemRuntime.now) : smtpTransport(settings.smtpUrl ?? '')
  const engine = await createBookingEngine({
    ...p.stores,
    gateway: sandbox ?? new SandboxGateway(settings.gatewayUrl ?? ''),
    notifier: mailNotifier(transport, settings.mailFrom),
    tokenSecrets: settings.tokenSecrets,
    observer: metrics.observer,
  })
  const sale = { ...settings.sale, ...p.sale }
  await engine.schedules.create({ scheduleId: 'game-1', venue, name: venue.name, state: 'open', settings: sale })
  await engine.start()
  const embedded = { ...(mailbox && { mailbox: mailbox.messages }), ...(sandbox && { ledger: sandbox.ledger }) }
  const app = createApp({ engine, settings, log, metrics, ...embedded, ...p.app })
  address = await app.listen(p.port === undefined ? {} : { port: p.port })
  return {
    address,
    app,
    engine,
    mails: () => mailbox?.messages() ?? [],
    close: async (grace) => {
      await app.close(grace)
      await engine.close()
      transport.close()
    },
  }
}

/** The venue the settings name, or the ballpark that comes with the server. @throws Error that lists what is wrong with the file. */
export function readVenue(settings: Pick<Settings, 'venueFile'>): Venue {
  const file = settings.venueFile ?? new URL('../data/jamsil.json', import.meta.url)
  try {
    return importVenue(JSON.parse(readFileSync(file, 'utf8')))
  } catch (error) {
    const { message, details } = error as Error & { details?: { problems?: readonly string[] } }
    const problems = details?.problems ?? []
    const what = problems.length > 1 ? ['', ...problems].join('\n  - ') : ` ${message}`
    throw new Error(`VENUE_FILE cannot be used:${what}`, { cause: error })
  }
}
