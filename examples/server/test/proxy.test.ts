import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createProxy, type Target } from '../src/proxy/proxy.ts'

const open: Server[] = []

async function listen(server: Server): Promise<Target> {
  open.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { host: '127.0.0.1', port: (server.address() as AddressInfo).port }
}

const upstream = (answer: RequestListener): Promise<Target> => listen(createServer(answer))

async function proxyOf(...targets: readonly Target[]): Promise<string> {
  const { port } = await listen(createProxy(async () => targets))
  return `http://127.0.0.1:${port}`
}

/** Where nobody listens any more. */
async function gone(): Promise<Target> {
  const target = await upstream(() => {})
  await new Promise((resolve) => open.pop()?.close(resolve))
  return target
}

afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

const named =
  (name: string): RequestListener =>
  (_, response) =>
    void response.end(name)

test('servers take turns; who asked is told to them, and what they answer is passed on', async () => {
  const echo: RequestListener = async (request, response) => {
    const body = await request.toArray()
    response.writeHead(418, { 'set-cookie': ['a=1', 'b=2'], 'x-seen': String(request.headers['x-forwarded-for']) })
    response.end(`${request.method} ${request.url} ${request.headers.host} ${Buffer.concat(body)}`)
  }
  const url = await proxyOf(await upstream(echo), await upstream(named('second')))
  const answer = await fetch(`${url}/path?q=1`, {
    method: 'POST',
    body: 'hello',
    headers: { 'x-forwarded-for': '203.0.113.7' },
  })
  expect(answer.status).toBe(418)
  expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  expect(answer.headers.get('x-seen')).toBe('203.0.113.7, 127.0.0.1')
  expect(await answer.text()).toBe(`POST /path?q=1 ${new URL(url).host} hello`)
  expect(await (await fetch(url)).text()).toBe('second')
})

test('a server that cannot be reached is left out, even for a POST; without any it is 502', async () => {
  // An address that belongs to nobody (RFC 5737).
  const nowhere = { host: '192.0.2.1', port: 9 }
  const url = await proxyOf(await gone(), nowhere, await upstream(named('alive')))
  for (let i = 0; i < 4; i++) expect(await (await fetch(url, { method: 'POST', body: 'x' })).text()).toBe('alive')
  const refused = await fetch(await proxyOf(await gone()))
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([502, '2'])
})

test('a server that dies in the middle: 502 before its answer, an end within it', async () => {
  const url = await proxyOf(await upstream((request) => request.socket.destroy()))
  expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(502)
  const half = await proxyOf(
    await upstream((request, response) => {
      response.write('half', () => request.socket.destroy())
    }),
  )
  await expect(fetch(half).then((answer) => answer.text())).rejects.toThrow()
})

test('event streams pass as they come, and end when the reader leaves', async () => {
  let left: Promise<unknown> | undefined
  const target = await upstream((request, response) => {
    left = once(request.socket, 'close')
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: 1\n\n')
  })
  const leave = new AbortController()
  const answer = await fetch(await proxyOf(target), { signal: leave.signal })
  const { value } = await answer.body!.getReader().read()
  expect(Buffer.from(value!).toString()).toBe('data: 1\n\n')
  leave.abort()
  await left!
})
