import { setMaxListeners } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Engine, type Id, isTicketingError } from '@b-ticketing/core'
import type { AnswerStore } from '@b-ticketing/core/ports'
import cors from 'cors'
import type { RequestHandler } from 'express'
import type { Logger } from 'pino'
import { pinoHttp } from 'pino-http'
import type { LedgerRow } from './gateway/sandbox.ts'
import { createAuthenticate } from './http/credentials.ts'
import { expressApp } from './http/express.ts'
import { hotPath } from './http/hot-path.ts'
import { createIdempotencyStore } from './http/idempotency.ts'
import { createRateLimit } from './http/rate-limits.ts'
import { createRecordedAnswers } from './http/recorded-answers.ts'
import type { Route } from './http/route.ts'
import { securityHeaders } from './http/security-headers.ts'
import { createServe } from './http/serve.ts'
import type { Mail } from './mail/mailbox.ts'
import type { Metrics } from './metrics.ts'
import { openapiDocument } from './openapi.ts'
import type { Checks, House } from './routes/house.ts'
import { checked, operationRoutes } from './routes/operations.ts'
import { routeTable } from './routes/table.ts'
import type { Settings } from './settings.ts'

export interface AppOptions {
  readonly engine: Engine
  /** First answers that a repeat gets at every process of the record. */
  readonly answerStore: AnswerStore
  readonly settings: Settings
  readonly log: Logger
  readonly metrics: Metrics
  readonly mailbox?: () => readonly Mail[]
  readonly ledger?: () => readonly LedgerRow[]
  /** Dependencies beside the engine, by name. */
  readonly checks?: Checks
  readonly now?: () => number
  readonly heartbeatMs?: number
  /** Most event streams open at once. */
  readonly maxStreams?: number
}

export interface App {
  /** Both ways in: the hot path with Express behind it. */
  readonly handle: RequestListener
  /** Express alone: the same answers, for comparison and for mounting into an app of your own. */
  readonly express: RequestListener
  readonly routes: readonly Route[]
  /** Resolves to the address, `http://127.0.0.1:3000`. */
  listen(p?: { port?: number; host?: string }): Promise<string>
  /**
   * Ends streams and says so at `/readyz`, still answering whoever comes (a balancer needs a moment to look elsewhere); after a
   * tenth of `graceMs` takes no new connection, and lets running requests finish for the rest of it.
   */
  close(p?: { graceMs?: number }): Promise<void>
}

const publicFolder = fileURLToPath(new URL('../public/', import.meta.url))
const swaggerFolder = dirname(fileURLToPath(import.meta.resolve('swagger-ui-dist/package.json')))

/** The HTTP side of an engine. Starts and closes nothing but its own server. */
export function createApp(options: AppOptions): App {
  const { engine, settings, log, metrics } = options
  const draining = new AbortController()
  setMaxListeners(0, draining.signal)
  const now = options.now ?? Date.now
  // A worker is asked how it is, and nothing else.
  const isWeb = settings.role === null || settings.role === 'web'
  const headers = securityHeaders(settings)
  const house: House = {
    engine,
    production: settings.production,
    adminToken: settings.adminToken,
    webhookSecret: settings.webhookSecret,
    mailbox: options.mailbox ?? null,
    ledger: options.ledger ?? null,
    now,
    draining: () => draining.signal.aborted,
    metrics: async () => {
      await Promise.all([gaugeDependencies(house.checks, metrics), isWeb && gaugeSales(engine, metrics)])
      return metrics.text()
    },
    checks: {
      record: { ask: () => engine.schedules.list() },
      ...(isWeb && { line: { ask: () => anyLine(engine) } }),
      ...options.checks,
    },
  }
  const document = memo(() => openapiDocument(routes))
  const routes: readonly Route[] = isWeb ? routeTable(house, readPages(), document) : operationRoutes(house, document)
  // BUSY asks a caller to come back: load that was shed, not a failure of ours.
  const onFault = (error: unknown, route?: Route) =>
    log[isTicketingError(error) && error.code === 'BUSY' ? 'warn' : 'error'](
      { err: error, route: route?.path },
      'a request failed',
    )
  const serve = createServe({
    authenticate: createAuthenticate({ engine, adminToken: settings.adminToken, secure: settings.production }),
    limit: createRateLimit({
      requestsPerSecond: settings.requestsPerSecondPerAddress,
      joinsPerMinute: settings.joinsPerMinutePerAddress,
    }),
    allowedOrigins: settings.allowedOrigins,
    idempotency: createIdempotencyStore({ now, ttlMs: idempotencyMs(settings), limit: 20_000 }),
    recordedAnswers: createRecordedAnswers({
      answerStore: options.answerStore,
      onLost: (err) => void log.warn({ err }, 'an answer could not be kept: another process may do its request again'),
    }),
    trustProxy: settings.trustProxy,
    headers,
    stop: draining.signal,
    heartbeatMs: options.heartbeatMs ?? 15_000,
    maxStreams: options.maxStreams ?? 10_000,
    onFault,
    onAnswer: metrics.answered,
  })
  const behind = expressApp({
    routes,
    serve,
    headers,
    folders: [
      { prefix: '/assets', path: publicFolder },
      { prefix: '/docs', path: swaggerFolder, only: ['swagger-ui.css', 'swagger-ui-bundle.js'] },
    ],
    before: [requestLog(log)],
    stop: draining.signal,
    onFault,
  })
  const express = crossOrigin(settings.allowedOrigins, behind)
  const handle = crossOrigin(settings.allowedOrigins, hotPath({ routes, serve, next: behind }))
  const server = httpServer(handle)
  return { handle, express, routes, ...lifeOf(server, settings, draining) }
}

/** The longest hold and an hour: as long as a repeat can matter. */
const idempotencyMs = (settings: Settings): number => (3 * (settings.sale.holdTtlSeconds ?? 300) + 3_600) * 1_000

async function anyLine(engine: Engine): Promise<void> {
  const [first] = (await engine.schedules.list()).items
  if (first) await engine.waitingRoom.stats({ scheduleId: first.scheduleId })
}

/** 1 or 0 for each, as `/readyz` would say it. */
async function gaugeDependencies(checks: Checks, { observer }: Metrics): Promise<void> {
  for (const [dependency, state] of Object.entries(await checked(checks))) {
    observer.gauge('dependency_up', state === 'up' ? 1 : 0, { dependency })
  }
}

/** Line and seats of every sale, as they are when Prometheus asks; the last figures of those that cannot be read now. */
async function gaugeSales(engine: Engine, metrics: Metrics): Promise<void> {
  const sales = await engine.schedules.list().catch(() => ({ items: [] }))
  await Promise.all(sales.items.map(({ scheduleId }) => gaugeSale(engine, scheduleId, metrics).catch(() => {})))
}

async function gaugeSale(engine: Engine, scheduleId: Id, { observer }: Metrics): Promise<void> {
  const [line, seats] = await Promise.all([
    engine.waitingRoom.stats({ scheduleId }),
    engine.seating.stats({ scheduleId }),
  ])
  for (const [term, value] of Object.entries(line)) observer.gauge('line', value, { schedule: scheduleId, term })
  for (const [term, value] of Object.entries(seats)) observer.gauge('seats', value, { schedule: scheduleId, term })
}

const readPages = () => ({
  index: readFileSync(`${publicFolder}index.html`, 'utf8'),
  booking: readFileSync(`${publicFolder}booking.html`, 'utf8'),
  seats: readFileSync(`${publicFolder}seats.html`, 'utf8'),
  docs: readFileSync(`${publicFolder}docs.html`, 'utf8'),
})

function memo<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

/** A line per request of the slower paths; a crowd's polls are counted in the metrics, not logged. */
const requestLog = (log: Logger): RequestHandler =>
  pinoHttp({
    logger: log,
    // 503 asks a caller to come back.
    customLogLevel: (_req, res, error) =>
      res.statusCode === 503 ? 'warn' : error || res.statusCode >= 500 ? 'error' : 'debug',
    serializers: {
      req: ({ method, url }: { method: string; url: string }) => ({ method, url }),
      res: ({ statusCode }: { statusCode: number }) => ({ statusCode }),
    },
  })

/** Pages of the allow-list may read and write; without one no CORS header is ever sent. */
function crossOrigin(allowedOrigins: readonly string[], next: RequestListener): RequestListener {
  if (allowedOrigins.length === 0) return next
  const allow = cors({ origin: [...allowedOrigins], credentials: true, exposedHeaders: ['Location', 'Retry-After'] })
  return (req, res) => allow(req, res, () => next(req, res))
}

function httpServer(handle: RequestListener): Server {
  const server = createServer({ connectionsCheckingInterval: 2_000 }, handle)
  server.headersTimeout = 10_000
  server.requestTimeout = 20_000
  server.keepAliveTimeout = 65_000
  server.maxRequestsPerSocket = 0
  return server
}

function lifeOf(server: Server, settings: Settings, draining: AbortController): Pick<App, 'listen' | 'close'> {
  return {
    listen: ({ port = settings.port, host = settings.host } = {}) =>
      new Promise((resolve, reject) => {
        server.once('error', reject)
        server.listen(port, host, 4_096, () => {
          server.off('error', reject)
          const { address, family, port: bound } = server.address() as AddressInfo
          resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${bound}`)
        })
      }),
    close: async ({ graceMs = 10_000 } = {}) => {
      draining.abort()
      if (!server.listening) return
      await new Promise((resolve) => setTimeout(resolve, graceMs * noticeShare))
      await new Promise<void>((resolve) => {
        // A connection whose last answer began before the drain stays open when it is done: it is closed as it falls idle.
        const sweep = setInterval(() => server.closeIdleConnections(), 50)
        const impatient = setTimeout(() => server.closeAllConnections(), graceMs * (1 - noticeShare))
        server.close(() => {
          clearInterval(sweep)
          clearTimeout(impatient)
          resolve()
        })
      })
    },
  }
}

/** Of the grace: how long the drain is shown before the door is closed. */
const noticeShare = 0.1
