import type { IncomingMessage, ServerResponse } from 'node:http'
import type { z } from 'zod'
import { HttpProblem, type ProblemCode, problemOf } from '../problem.ts'
import { addressOf } from './address.ts'
import { parseJson, readBody } from './body.ts'
import { parseCookies } from './cookies.ts'
import type { Authenticate, Caller } from './credentials.ts'
import { errorPage } from './error-page.ts'
import { digest, type IdempotencyStore, idempotencyKeyOf } from './idempotency.ts'
import { localeOf } from './language.ts'
import { demandOwnOrigin } from './origin.ts'
import { parseQuery, pathOf } from './query.ts'
import type { RateLimit } from './rate-limits.ts'
import type { Call, Reply, Route } from './route.ts'
import { send } from './send.ts'

/** Answers a request of `route`: the one way through the server, whether Express or the hot path found the route. */
export type Serve = (
  route: Route,
  req: IncomingMessage,
  res: ServerResponse,
  params: Readonly<Record<string, string>>,
) => Promise<void>

export interface ServeOptions {
  readonly authenticate: Authenticate
  readonly limit: RateLimit
  readonly allowedOrigins: readonly string[]
  readonly idempotency: IdempotencyStore
  /** Behind it, for routes that change the record and are rarely asked. */
  readonly recordedAnswers: IdempotencyStore
  readonly trustProxy: number
  readonly headers: Readonly<Record<string, string>>
  /** Aborts when the server drains: streams end, connections are given up. */
  readonly stop: AbortSignal
  readonly heartbeatMs: number
  readonly maxStreams: number
  /** Faults (5xx), with their cause, for the log. */
  readonly onFault: (error: unknown, route: Route) => void
  readonly onAnswer: (route: Route, status: number, startedAt: number) => void
}

const defaultBodyLimit = 16 * 1024
const empty = Buffer.alloc(0)

export function createServe(options: ServeOptions): Serve {
  let streams = 0
  return async (route, req, res, params) => {
    const startedAt = performance.now()
    let reply = await answer(options, route, req, params)
    if (reply.events && streams >= options.maxStreams) reply = refusal(tooManyStreams(), req)
    if (reply.events && options.stop.aborted) reply = refusal(closing(), req)
    options.onAnswer(route, reply.status, startedAt)
    if (reply.events) streams++
    try {
      const head = req.method === 'HEAD'
      await send({ res, reply, base: options.headers, head, stop: options.stop, heartbeatMs: options.heartbeatMs })
    } catch (error) {
      // Half an answer is none: the caller sees a broken connection, the others see nothing of it.
      options.onFault(error, route)
      res.destroy()
    } finally {
      if (reply.events) streams--
    }
  }
}

/** A stream that began now would end at once; its reader finds another server. */
const closing = () => new HttpProblem('BUSY', 'the server is shutting down', { retryInMs: 1_000 })

const tooManyStreams = () => new HttpProblem('BUSY', 'too many event streams are open', { retryInMs: 10_000 })

async function answer(
  options: ServeOptions,
  route: Route,
  req: IncomingMessage,
  params: Readonly<Record<string, string>>,
): Promise<Reply> {
  try {
    await options.limit(route, addressOf(req, options.trustProxy))
    demandOwnOrigin({ method: req.method ?? '', headers: req.headers, options })
    const call: Call = {
      path: pathOf(req.url ?? '/'),
      headers: req.headers,
      cookies: parseCookies(req.headers.cookie),
      rawQuery: parseQuery(req.url ?? '/'),
      rawBody: empty,
      locale: localeOf(req.headers['accept-language']),
      wantsHtml: prefersHtml(req.headers.accept),
      idempotencyKey: null,
      operationId: {},
    }
    const caller = await options.authenticate(route, call)
    const reply = await handle(options, route, req, call, caller, params)
    return caller.cookies.length === 0 ? reply : { ...reply, cookies: [...caller.cookies, ...(reply.cookies ?? [])] }
  } catch (error) {
    const reply = refusal(error, req)
    if (reply.status >= 500) options.onFault(error, route)
    const isStranger = reply.status === 401 || reply.status === 403
    return isStranger && route.page !== undefined && prefersHtml(req.headers.accept) ? pageOf(reply, route.page) : reply
  }
}

const pageOf = ({ status, headers = {} }: Reply, page: string): Reply => ({
  status,
  headers,
  content: { type: 'text/html; charset=utf-8', bytes: page },
})

/** An error as its caller gets it: problem+json, or a page to a browser that is navigating. */
export function refusal(error: unknown, req: IncomingMessage): Reply {
  const locale = localeOf(req.headers['accept-language'])
  const problem = problemOf(error, { path: pathOf(req.url ?? '/'), locale })
  if (req.method === 'GET' && prefersHtml(req.headers.accept)) return errorPage(problem, locale)
  return {
    status: problem.status,
    headers: { ...problem.headers, 'content-type': 'application/problem+json; charset=utf-8' },
    body: problem.body,
  }
}

async function handle(
  options: ServeOptions,
  route: Route,
  req: IncomingMessage,
  call: Call,
  caller: Caller,
  rawParams: Readonly<Record<string, string>>,
): Promise<Reply> {
  const idempotencyKey = route.method === 'POST' ? idempotencyKeyOf(req.headers['idempotency-key']) : null
  if (route.idempotency === 'engine' && idempotencyKey === null) {
    throw new HttpProblem('IDEMPOTENCY_KEY_REQUIRED', 'send an Idempotency-Key, a new one for each payment')
  }
  const params = parse(route.params, rawParams, () => new HttpProblem('NOT_FOUND', 'there is no such thing'))
  const query = parse(route.query, call.rawQuery, (issue) => new HttpProblem('BAD_REQUEST', describe(issue)))
  const rawBody = route.method === 'GET' ? empty : await readBody(req, route.bodyLimit ?? defaultBodyLimit)
  const body = route.rawBody ? undefined : parseBody(route, req, rawBody)
  const parsed = { ...call, ...caller.slips, params, query, body, rawBody, idempotencyKey }
  const keeper = route.idempotency ?? (route.auth === 'operator' ? 'record' : 'server')
  if (idempotencyKey === null || caller.scope === null || keeper === 'engine' || keeper === 'none') {
    return route.handle(parsed)
  }
  const fingerprint = digest(JSON.stringify([body ?? null, query ?? null]))
  const key = digest(caller.scope, route.method, call.path, idempotencyKey)
  // The engine keeps the body's own fingerprint beside it, for every process.
  const work = async () => route.handle({ ...parsed, operationId: { operationId: key } })
  const recorded = () => options.recordedAnswers.run({ key, fingerprint, work })
  return options.idempotency.run({ key, fingerprint, work: keeper === 'record' ? recorded : work })
}

function parseBody(route: Route, req: IncomingMessage, bytes: Buffer): unknown {
  const value = parseJson({
    bytes,
    contentType: req.headers['content-type'],
    contentEncoding: req.headers['content-encoding'],
  })
  if (route.body === undefined) {
    if (value === undefined || isEmptyObject(value)) return undefined
    throw new HttpProblem('INVALID', 'this request takes no body')
  }
  return parse(route.body, value ?? {}, (issue) => {
    const field = String(issue.path[0] ?? '')
    const isNumber = typeof (value as Readonly<Record<string, unknown>> | null)?.[field] === 'number'
    const code: ProblemCode = (isNumber ? route.fieldCodes?.[field] : undefined) ?? 'INVALID'
    return new HttpProblem(code, describe(issue), { details: { field: issue.path.join('.') } })
  })
}

const isEmptyObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0

function parse(
  schema: z.ZodType | undefined,
  value: unknown,
  refuse: (issue: z.core.$ZodIssue) => HttpProblem,
): unknown {
  if (schema === undefined) return undefined
  const result = schema.safeParse(value)
  if (result.success) return result.data
  throw refuse(result.error.issues[0]!)
}

const describe = (issue: z.core.$ZodIssue): string =>
  `${issue.path.length === 0 ? 'the request' : issue.path.join('.')}: ${issue.message}`.slice(0, 300)

/** A browser navigating names text/html before JSON; `fetch` and API clients do not. */
function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined) return false
  const html = accept.indexOf('text/html')
  const json = accept.indexOf('application/json')
  return html >= 0 && (json < 0 || html < json)
}
