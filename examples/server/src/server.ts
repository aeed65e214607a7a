import {
  type Adapters,
  createBookingEngine,
  type Engine,
  type ErrorCode,
  isTicketingError,
  type SaleSettings,
  systemRuntime,
  type Venue,
} from '@b-ticketing/core'
import { createScriptedGateway } from '@b-ticketing/core/memory'
import type { AnswerStore } from '@b-ticketing/core/ports'
import type { Logger } from 'pino'
import { type App, type AppOptions, createApp } from './app.ts'
import { SandboxGateway } from './gateway/client.ts'
import { webhookSender } from './gateway/webhook-sender.ts'
import { mailboxTransport, mailNotifier, smtpTransport } from './mail/mail-notifier.ts'
import { createMailbox, type Mail } from './mail/mailbox.ts'
import { createMetrics, type Metrics } from './metrics.ts'
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
export type Stores = Omit<Adapters, 'gateway' | 'notifier'> & { readonly answerStore: AnswerStore }

/**
 * The whole reference server over the given stores: gateway and mail by the settings (embedded when they name none), engine,
 * one schedule `game-1` that is open (unless the record has it already), and a listening port.
 */
export async function openServer(p: {
  readonly settings: Settings
  readonly log: Logger
  readonly metrics?: Metrics
  readonly stores: Stores
  /** Dependencies beside the engine, by name. */
  readonly checks?: AppOptions['checks']
  readonly venue: Venue
  readonly sale?: Partial<SaleSettings>
  readonly port?: number
  /** For tests: a shorter heartbeat, fewer streams, another clock. */
  readonly app?: Partial<Pick<AppOptions, 'heartbeatMs' | 'maxStreams' | 'now'>>
}): Promise<RunningServer> {
  const { settings, log, metrics = createMetrics(log) } = p
  let address = ''
  const deliver = webhookSender({
    url: () => `${address}/webhooks/payments`,
    secret: settings.webhookSecret,
    now: systemRuntime.now,
  })
  const sandbox = settings.gatewayUrl === null ? createScriptedGateway({ runtime: systemRuntime, deliver }) : null
  if (sandbox && settings.mysqlUrl !== null) {
    log.warn('the sandbox gateway keeps its books in this process: with more than one process set GATEWAY_URL')
  }
  const mailbox = settings.smtpUrl === null ? createMailbox() : null
  const transport = mailbox ? mailboxTransport(mailbox, systemRuntime.now) : smtpTransport(settings.smtpUrl ?? '')
  const engine = await createBookingEngine({
    ...p.stores,
    gateway: sandbox ?? new SandboxGateway(settings.gatewayUrl ?? ''),
    notifier: mailNotifier(transport, settings.mailFrom),
    tokenSecrets: settings.tokenSecrets,
    observer: metrics.observer,
    ...(settings.role !== null && { roles: [settings.role] }),
  })
  const sale = { ...settings.sale, ...p.sale }
  const embedded = { ...(mailbox && { mailbox: mailbox.messages }), ...(sandbox && { ledger: sandbox.ledger }) }
  const app = createApp({
    engine,
    answerStore: p.stores.answerStore,
    settings,
    log,
    metrics,
    ...(p.checks && { checks: p.checks }),
    ...embedded,
    ...p.app,
  })
  try {
    await putOnSale(engine, { venue: p.venue, sale, log })
    await engine.start()
    address = await app.listen(p.port === undefined ? {} : { port: p.port })
  } catch (error) {
    // The stores were handed over: a port that is taken must not leave their lease behind.
    await engine.close()
    throw error
  }
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

/** `game-1`, made by whichever process of the sale comes first; the others, and later starts, take it as it is. */
async function putOnSale(engine: Engine, p: { venue: Venue; sale: Partial<SaleSettings>; log: Logger }): Promise<void> {
  const { venue, sale, log } = p
  const scheduleId = 'game-1'
  const known = await orNull('NOT_FOUND', engine.schedules.get({ scheduleId }))
  if (known) return log.info({ scheduleId, venueId: known.venueId }, 'on sale already, as the record has it')
  const wanted = { scheduleId, venue, name: venue.name, state: 'open', settings: sale } as const
  const made = await orNull('EXISTS', engine.schedules.create(wanted))
  // Another process was faster; or the venue's name is taken by another venue, which is for the operator to see.
  if (made === null && !(await orNull('NOT_FOUND', engine.schedules.get({ scheduleId })))) {
    throw new Error(`another venue is called ${venue.venueId}: the record keeps a venue as it was first put`)
  }
}

const orNull = <T>(code: ErrorCode, call: Promise<T>): Promise<T | null> =>
  call.catch((error: unknown) => {
    if (isTicketingError(error) && error.code === code) return null
    throw error
  })
