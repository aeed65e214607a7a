import { type Engine, importVenue, systemRuntime } from '@b-ticketing/core'
import { inMemoryAdapters } from '@b-ticketing/core/memory'
import { pino } from 'pino'
import type { App } from '../src/app.ts'
import { openServer, type Stores } from '../src/server.ts'
import { readSettings, type Settings } from '../src/settings.ts'

/** A server on a free port of 127.0.0.1, everything embedded, as main.ts builds it. */
export interface TestServer {
  readonly url: string
  readonly app: App
  readonly engine: Engine
  readonly settings: Settings
  /** What was logged, a JSON object per line. */
  readonly lines: readonly string[]
  visitor(): Client
  /** A client that sends the admin token. */
  operator(): Client
  [Symbol.asyncDispose](): Promise<void>
}

export const adminToken = 'operators-of-the-test-only'

/** 24 seats in three rows, two of them wheelchair places, and a standing place that grows. */
export const venueDocument = {
  id: 'test-park',
  name: 'Test park',
  currency: 'KRW',
  grades: [
    { id: 'red', label: 'Red', price: 17_000, color: '#cf3a4a' },
    { id: 'wheelchair-red', label: 'Wheelchair', price: 8_000 },
    { id: 'green', label: 'Green', price: 9_000 },
  ],
  sections: [
    {
      id: 'A',
      label: 'A',
      grade: 'red',
      x: 0,
      y: -20,
      rows: [
        {
          label: '1',
          seats: [
            [1, 5],
            [6, 10],
          ],
        },
        { label: '2', seats: [[11, 20]] },
      ],
    },
    { id: 'B', label: 'B', grade: 'wheelchair-red', x: 20, y: -20, rows: [{ label: '1', seats: [[1, 2]] }] },
    {
      id: 'C',
      label: 'C',
      kind: 'elastic',
      maxCapacity: 6,
      grade: 'green',
      x: 40,
      y: 0,
      rows: [{ label: '1', seats: [[1, 2]] }],
    },
  ],
}

type Env = Readonly<Record<string, string>>

export async function startServer(
  p: { env?: Env; heartbeatMs?: number; maxStreams?: number; now?: () => number; sale?: object; stores?: Stores } = {},
): Promise<TestServer> {
  const read = readSettings({ ADMIN_TOKEN: adminToken, LOG_LEVEL: 'debug', ...p.env })
  if (!read.ok) throw new Error(read.problems.join('\n'))
  const { settings } = read
  const lines: string[] = []
  const log = pino({ level: settings.logLevel }, { write: (line: string) => void lines.push(line) })
  const server = await openServer({
    settings,
    log,
    stores: p.stores ?? inMemoryAdapters({ runtime: systemRuntime }),
    venue: importVenue(venueDocument),
    port: 0,
    ...(p.sale && { sale: p.sale }),
    app: {
      ...(p.heartbeatMs !== undefined && { heartbeatMs: p.heartbeatMs }),
      ...(p.maxStreams !== undefined && { maxStreams: p.maxStreams }),
      ...(p.now !== undefined && { now: p.now }),
    },
  })
  const { address: url, app, engine } = server
  const check = documentedBy(app.routes)
  return {
    url,
    app,
    engine,
    settings,
    lines,
    visitor: () => createClient(url, {}, check),
    operator: () => createClient(url, { authorization: `Bearer ${adminToken}` }, check),
    [Symbol.asyncDispose]: () => server.close({ graceMs: 200 }),
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server says; the tests look at it.
  readonly body: any
  readonly text: string
}

export interface Client {
  readonly cookies: Map<string, string>
  request(method: string, path: string, p?: RequestOptions): Promise<Answer>
  get(path: string, headers?: Env): Promise<Answer>
  post(path: string, body?: unknown, headers?: Env): Promise<Answer>
  delete(path: string, headers?: Env): Promise<Answer>
}

interface RequestOptions {
  readonly body?: unknown
  /** Sent as it is. */
  readonly raw?: string | Uint8Array<ArrayBuffer>
  readonly headers?: Env
}

type Check = (method: string, path: string, answer: Answer) => void

/** Throws for an answer whose status or JSON is not what the route table says of its route. */
function documentedBy(routes: App['routes']): Check {
  const known = routes.map((route) => ({ route, pattern: new RegExp(`^${route.path.replace(/\{\w+\}/g, '[^/]+')}$`) }))
  return (method, path, { status, headers, body }) => {
    const { pathname } = new URL(path, 'http://x')
    const route = known.find(({ route, pattern }) => route.method === method && pattern.test(pathname))?.route
    if (!route || status >= 400) return
    const spec = route.replies[status]
    if (!spec) throw new Error(`${method} ${path}: ${status} is not documented`)
    if (!/^application\/json/.test(headers.get('content-type') ?? '')) return
    const parsed = spec.json?.safeParse(body)
    if (parsed?.success !== true) throw new Error(`${method} ${path}: ${parsed?.error.message ?? 'undocumented JSON'}`)
  }
}

/** A browser without a window: keeps cookies, follows nothing. */
export function createClient(url: string, always: Env = {}, check: Check = () => {}): Client {
  const cookies = new Map<string, string>()
  const request = async (method: string, path: string, p: RequestOptions = {}): Promise<Answer> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const raw = p.raw ?? (p.body === undefined ? undefined : JSON.stringify(p.body))
    const response = await fetch(`${url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(cookie !== '' && { cookie }),
        ...(p.body !== undefined && { 'content-type': 'application/json' }),
        ...always,
        ...p.headers,
      },
      ...(raw !== undefined && { body: raw }),
    })
    for (const set of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = set.split('; ')
      const at = pair.indexOf('=')
      if (attributes.includes('Max-Age=0')) cookies.delete(pair.slice(0, at))
      else cookies.set(pair.slice(0, at), pair.slice(at + 1))
    }
    const text = await response.text()
    const isJson = /json/.test(response.headers.get('content-type') ?? '')
    const body = isJson && text !== '' ? JSON.parse(text) : text
    const answer = { status: response.status, headers: response.headers, body, text }
    check(method, path, answer)
    return answer
  }
  return {
    cookies,
    request,
    get: (path, headers = {}) => request('GET', path, { headers }),
    post: (path, body, headers = {}) => request('POST', path, { body, headers }),
    delete: (path, headers = {}) => request('DELETE', path, { headers }),
  }
}

/** Asks until the answer fits: for what becomes true by itself. */
export async function until<T>(ask: () => Promise<T>, fits: (answer: T) => boolean, withinMs = 10_000): Promise<T> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (fits(answer)) return answer
    if (Date.now() > deadline) throw new Error(`it did not become true: ${JSON.stringify(answer)}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Joins and waits until admitted: a visitor with a pass. */
export async function admitted(server: TestServer, scheduleId = 'game-1'): Promise<Client> {
  const visitor = server.visitor()
  await visitor.post('/queue', { scheduleId })
  await until(
    () => visitor.get(`/queue/status?scheduleId=${scheduleId}`),
    ({ body }) => body.state === 'admitted',
  )
  return visitor
}

export const newKey = (): Env => ({ 'idempotency-key': crypto.randomUUID() })

/** A payment of a fresh hold on `seatIds`, as it was accepted. */
export async function pay(visitor: Client, seatIds: readonly string[], paymentToken = 'tok_approve') {
  const { body: hold } = await visitor.post('/seats/select', { seatIds })
  const order = { holdId: hold.holdId, amount: hold.amount, email: 'fan@example.com', name: 'Fan', paymentToken }
  const accepted = await visitor.post('/payments', order, newKey())
  return { hold, order, accepted, requestId: accepted.body.requestId as string }
}

export const settled = (visitor: Client, requestId: string, withinMs?: number): Promise<Answer> =>
  until(
    () => visitor.get(`/payments/${requestId}/status`),
    ({ body }) => body.status !== 'PENDING',
    withinMs,
  )
