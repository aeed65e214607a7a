import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { admitted, createClient, startServer, type TestServer } from './harness.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

test('/livez and /readyz', async () => {
  expect((await server.visitor().get('/livez')).body).toEqual({ status: 'alive' })
  const ready = await server.visitor().get('/readyz')
  expect(ready.body).toEqual({ status: 'ready', draining: false, dependencies: { record: 'up', line: 'up' } })
})

test('/readyz names what is down', async () => {
  const { schedules } = server.engine
  const list = schedules.list
  Object.assign(schedules, { list: () => Promise.reject(new Error('down')) })
  const answer = await server.visitor().get('/readyz')
  Object.assign(schedules, { list })
  expect(answer.status).toBe(503)
  expect(answer.body).toMatchObject({ code: 'BUSY', draining: false, dependencies: { record: 'down' } })
  expect(answer.headers.get('retry-after')).not.toBeNull()
})

test('/readyz says that the server drains', async () => {
  const draining = await startServer()
  const other = createServer(draining.app.handle)
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const client = createClient(`http://127.0.0.1:${(other.address() as AddressInfo).port}`)
  await draining[Symbol.asyncDispose]()
  const answer = await client.get('/readyz')
  expect([answer.status, answer.body.draining]).toEqual([503, true])
  expect(answer.headers.get('connection')).toBe('close')
  other.close()
})

test('/metrics is closed when an admin token is set, and never names a visitor, seat or request', async () => {
  expect((await server.visitor().get('/metrics')).status).toBe(401)
  const visitor = await admitted(server)
  const { body: hold } = await visitor.post('/seats/select', { seatIds: ['A-1-1'] })
  const { text, headers } = await server.operator().get('/metrics')
  expect(headers.get('content-type')).toContain('text/plain')
  expect(text).toMatch(/http_request_duration_ms_count\{method="POST",route="\/seats\/select",status="201"\} 1/)
  expect(text).toContain('bt_seats{schedule="game-1",term="reserved"} 1')
  expect(text).toContain('bt_line{schedule="game-1",term="active"} 1')
  for (const secret of ['A-1-1', hold.holdId, ...visitor.cookies.values()]) expect(text).not.toContain(secret)
})

test('/metrics is open when none is set', async () => {
  await using open = await startServer({ env: { ADMIN_TOKEN: '' } })
  expect((await open.visitor().get('/metrics')).status).toBe(200)
})

test('/docs shows the document', async () => {
  const page = await server.visitor().get('/docs')
  for (const asset of [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '')) {
    expect([asset, (await server.visitor().get(asset)).status]).toEqual([asset, 200])
  }
  expect((await server.visitor().get('/docs/index.html')).status).toBe(404)
})

test('a fault of the engine is 500 without a word of its insides', async () => {
  const { schedules } = server.engine
  const get = schedules.get
  Object.assign(schedules, { get: () => Promise.reject(new Error('password=hunter2')) })
  const answer = await server.visitor().get('/schedules/game-1')
  Object.assign(schedules, { get })
  expect([answer.status, answer.body.code]).toEqual([500, 'INTERNAL'])
  expect(answer.text).not.toMatch(/hunter2|at .*\.ts/)
  expect(server.lines.join('\n')).toContain('hunter2')
})
