import { createServer, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { admitted, type Client, startServer, type TestServer } from './harness.ts'

let server: TestServer
let behind: Server
let slow: string
let owner: Client
beforeAll(async () => {
  server = await startServer()
  behind = createServer({ keepAliveTimeout: 65_000 }, server.app.express)
  await new Promise<void>((resolve) => behind.listen(0, '127.0.0.1', resolve))
  slow = `http://127.0.0.1:${(behind.address() as AddressInfo).port}`
})
afterAll(async () => {
  behind.closeAllConnections()
  behind.close()
  await server[Symbol.asyncDispose]()
})

interface Raw {
  readonly method: string
  readonly path: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** What comes back over the wire, but for what differs from one moment to the next. */
function send(url: string, { method, path, headers = {}, body }: Raw): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const req = request(`${url}${path}`, { method, headers }, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('end', () => {
        const { date: _, 'set-cookie': cookies, ...rest } = res.headers
        const text = Buffer.concat(chunks).toString()
        // An interval of four digits or of five: the length of a place changes with it.
        if (path.startsWith('/queue') && res.statusCode === 200) delete rest['content-length']
        resolve({ status: res.statusCode, headers: rest, cookies: names(cookies), body: steady(text) })
      })
    })
    req.on('error', reject)
    req.end(body)
  })
}

const names = (cookies: readonly string[] = []): readonly string[] =>
  cookies.map((cookie) => cookie.replace(/=[^;]*/, '=').replace(/Max-Age=\d+/, 'Max-Age'))

const changing = [
  'nextPollMs',
  'documentVersion',
  'queueTicket',
  'pass',
  'passExpiresAt',
  'ahead',
  'currentGroup',
  'eta',
]

function steady(text: string): unknown {
  if (!text.startsWith('{')) return text
  const body = JSON.parse(text)
  for (const name of changing) if (name in body) body[name] = typeof body[name]
  return body
}

const json = { 'content-type': 'application/json' }
const cookies = () => ({ cookie: [...owner.cookies].map(([name, value]) => `${name}=${value}`).join('; ') })
const joinGame = JSON.stringify({ scheduleId: 'game-1' })

const requests: Readonly<Record<string, () => Raw>> = {
  'join again': () => ({ method: 'POST', path: '/queue', headers: { ...json, ...cookies() }, body: joinGame }),
  'join with an unknown field': () => ({
    method: 'POST',
    path: '/queue',
    headers: json,
    body: '{"scheduleId":"a","b":1}',
  }),
  'join with a form': () => ({
    method: 'POST',
    path: '/queue',
    headers: { 'content-type': 'text/plain' },
    body: joinGame,
  }),
  'join with half a body': () => ({ method: 'POST', path: '/queue', headers: json, body: '{"schedule' }),
  'join with a huge body': () => ({ method: 'POST', path: '/queue', headers: json, body: ' '.repeat(20_000) }),
  'join with a deep body': () => ({ method: 'POST', path: '/queue', headers: json, body: '['.repeat(100) }),
  'join from another origin': () => ({
    method: 'POST',
    path: '/queue',
    headers: { ...json, origin: 'https://evil.example' },
    body: joinGame,
  }),
  'join in English': () => ({
    method: 'POST',
    path: '/queue',
    headers: { ...json, 'accept-language': 'en' },
    body: '{}',
  }),
  'join with a wrong method': () => ({ method: 'PUT', path: '/queue' }),
  'join with a slash': () => ({ method: 'POST', path: '/queue/', headers: json, body: joinGame }),
  poll: () => ({ method: 'GET', path: '/queue/status?scheduleId=game-1', headers: cookies() }),
  'poll without a ticket': () => ({ method: 'GET', path: '/queue/status?scheduleId=game-1' }),
  'poll without a sale': () => ({ method: 'GET', path: '/queue/status', headers: cookies() }),
  'poll with two sales': () => ({ method: 'GET', path: '/queue/status?scheduleId=a&scheduleId=b', headers: cookies() }),
  'poll by HEAD': () => ({ method: 'HEAD', path: '/queue/status?scheduleId=game-1', headers: cookies() }),
  map: () => ({ method: 'GET', path: '/seats/map', headers: cookies() }),
  'map without a pass': () => ({ method: 'GET', path: '/seats/map' }),
  'map since the future': () => ({ method: 'GET', path: '/seats/map?since=x', headers: cookies() }),
  'select nothing': () => ({
    method: 'POST',
    path: '/seats/select',
    headers: { ...json, ...cookies() },
    body: '{"seatIds":[]}',
  }),
  'select without a pass': () => ({
    method: 'POST',
    path: '/seats/select',
    headers: json,
    body: '{"seatIds":["A-1-1"]}',
  }),
  'auto-assign zero': () => ({
    method: 'POST',
    path: '/seats/auto-assign',
    headers: { ...json, ...cookies() },
    body: '{"quantity":0}',
  }),
  'auto-assign to a browser': () => ({
    method: 'POST',
    path: '/seats/auto-assign',
    headers: { ...json, accept: 'text/html' },
    body: '{"quantity":1}',
  }),
}

describe('the hot path answers exactly as Express does', () => {
  test.each(Object.entries(requests))('%s', async (_, make) => {
    owner = await admitted(server)
    const hot = await send(server.url, make())
    expect(hot).toEqual(await send(slow, make()))
  })

  test('the same seats are held either way', async () => {
    owner = await admitted(server)
    const select = (url: string) =>
      send(url, {
        method: 'POST',
        path: '/seats/select',
        headers: { ...json, ...cookies() },
        body: '{"seatIds":["A-1-9","A-1-10"]}',
      }) as Promise<{ status: number; body: { holdId: string } }>
    const first = await select(server.url)
    const again = await select(slow)
    expect([first.status, again.status, again.body.holdId]).toEqual([201, 200, first.body.holdId])
  })

  test('the map is 304 for its own tag either way', async () => {
    const { headers } = (await send(server.url, requests.map!())) as { headers: Record<string, string> }
    for (const url of [server.url, slow]) {
      const known = { ...cookies(), 'if-none-match': headers.etag! }
      expect(await send(url, { method: 'GET', path: '/seats/map', headers: known })).toMatchObject({
        status: 304,
        body: '',
      })
    }
  })

  test('both share one rate limit', async () => {
    await using limited = await startServer({ env: { JOINS_PER_MINUTE_PER_ADDRESS: '2' } })
    const other = createServer(limited.app.express)
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
    const join = { method: 'POST', path: '/queue', headers: json, body: joinGame }
    const statuses = []
    for (const to of [limited.url, url, limited.url, url]) {
      statuses.push(((await send(to, join)) as { status: number }).status)
    }
    other.closeAllConnections()
    other.close()
    expect(statuses).toEqual([201, 201, 429, 429])
  })
})

test('join, poll, map and both holds are hot', () => {
  const hot = server.app.routes.filter((route) => route.hot).map(({ method, path }) => `${method} ${path}`)
  expect(hot.sort()).toEqual([
    'GET /queue/status',
    'GET /seats/map',
    'POST /queue',
    'POST /seats/auto-assign',
    'POST /seats/select',
  ])
})
