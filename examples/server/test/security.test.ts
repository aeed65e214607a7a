import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startServer, type TestServer } from './harness.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

describe('security headers', () => {
  test.each([
    '/schedules',
    '/queue/status?scheduleId=game-1',
    '/',
    '/assets/style.css',
    '/nowhere',
    '/docs',
    '/docs/swagger-ui.css',
  ])('on %s', async (path) => {
    const { headers } = await server.visitor().get(path)
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toContain('unsafe')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('x-frame-options')).toBe('DENY')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('x-powered-by')).toBeNull()
  })

  test('pages hold no inline script, style or handler', async () => {
    for (const path of ['/', '/booking/game-1', '/docs']) {
      const { text } = await server.visitor().get(path, { accept: 'text/html' })
      expect(text).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/i)
    }
  })
})

describe('cross-origin', () => {
  test.each(['https://evil.example', 'null', 'nonsense', 'ftp://127.0.0.1'])(
    'a write from %s is 403',
    async (origin) => {
      const answer = await server.visitor().post('/queue', { scheduleId: 'game-1' }, { origin })
      expect([answer.status, answer.body.code]).toEqual([403, 'ORIGIN_REFUSED'])
    },
  )

  test('our own pages write; others read nothing', async () => {
    const own = await server.visitor().post('/queue', { scheduleId: 'game-1' }, { origin: server.url })
    expect(own.status).toBe(201)
    const read = await server.visitor().get('/schedules', { origin: 'https://evil.example' })
    expect(read.headers.get('access-control-allow-origin')).toBeNull()
  })

  test('an origin of the allow-list writes and reads', async () => {
    const origin = 'https://tickets.example.org'
    await using open = await startServer({ env: { ALLOWED_ORIGINS: origin } })
    const answer = await open.visitor().post('/queue', { scheduleId: 'game-1' }, { origin })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin)
    const other = await open.visitor().post('/queue', { scheduleId: 'game-1' }, { origin: 'https://evil.example' })
    expect(other.status).toBe(403)
    expect(other.headers.get('access-control-allow-origin')).toBeNull()
  })
})

describe('limits of one address', () => {
  test('joins: 429 TOO_MANY_REQUESTS with Retry-After', async () => {
    await using limited = await startServer({ env: { JOINS_PER_MINUTE_PER_ADDRESS: '1' } })
    await limited.visitor().post('/queue', { scheduleId: 'game-1' })
    const refused = await limited.visitor().post('/queue', { scheduleId: 'game-1' })
    expect([refused.status, refused.body.code]).toEqual([429, 'TOO_MANY_REQUESTS'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('requests: behind a trusted proxy each caller counts for itself, and no header invents one', async () => {
    await using limited = await startServer({ env: { REQUESTS_PER_SECOND_PER_ADDRESS: '1', TRUST_PROXY: '1' } })
    const from = (address: string) => limited.visitor().get('/schedules', { 'x-forwarded-for': address })
    expect((await from('198.51.100.1')).status).toBe(200)
    expect((await from('198.51.100.2')).status).toBe(200)
    expect((await from('198.51.100.9, 198.51.100.2')).status).toBe(429)
  })

  test('without a trusted proxy X-Forwarded-For means nothing', async () => {
    await using limited = await startServer({ env: { REQUESTS_PER_SECOND_PER_ADDRESS: '1' } })
    const from = (address: string) => limited.visitor().get('/schedules', { 'x-forwarded-for': address })
    expect([(await from('198.51.100.1')).status, (await from('198.51.100.2')).status]).toEqual([200, 429])
  })

  test('operations are answered whatever the load', async () => {
    await using limited = await startServer({ env: { REQUESTS_PER_SECOND_PER_ADDRESS: '1' } })
    for (let i = 0; i < 5; i++) expect((await limited.visitor().get('/livez')).status).toBe(200)
  })
})

test('production: Secure cookies, HSTS, no /dev', async () => {
  await using production = await startServer({
    env: {
      NODE_ENV: 'production',
      TOKEN_SECRETS: 'a:Zk3q9fWm2LxT7vBc1YdR8sHn5GpJ0uKe',
      WEBHOOK_SECRET: 'whsec_q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ',
    },
  })
  const visitor = production.visitor()
  const joined = await visitor.post('/queue', { scheduleId: 'game-1' })
  for (const cookie of joined.headers.getSetCookie()) expect(cookie).toMatch(/; Secure$/)
  expect(joined.headers.get('strict-transport-security')).toMatch(/max-age=/)
  for (const path of ['/dev/mail', '/dev/ledger']) expect((await visitor.get(path)).status).toBe(404)
})

test('an unknown session is replaced, and a foreign ticket is nobody’s', async () => {
  const visitor = server.visitor()
  visitor.cookies.set('bt_session', 'forged')
  await visitor.post('/queue', { scheduleId: 'game-1' })
  expect(visitor.cookies.get('bt_session')).not.toBe('forged')
  const thief = server.visitor()
  await thief.post('/queue', { scheduleId: 'game-1' })
  const stolen = { authorization: `Bearer ${visitor.cookies.get('bt_ticket_game-1')}` }
  const answer = await thief.get('/queue/status?scheduleId=game-1', stolen)
  expect([answer.status, answer.body.code]).toEqual([401, 'TICKET_INVALID'])
})

test('a ticket cookie that is nonsense does not keep anybody from joining', async () => {
  const visitor = server.visitor()
  visitor.cookies.set('bt_ticket_game-1', 'nonsense')
  expect((await visitor.post('/queue', { scheduleId: 'game-1' })).status).toBe(201)
  const other = server.visitor()
  await other.post('/queue', { scheduleId: 'game-1' })
  other.cookies.set('bt_ticket_game-1', visitor.cookies.get('bt_ticket_game-1') ?? '')
  expect((await other.post('/queue', { scheduleId: 'game-1' })).status).toBe(200)
})

test('no log line holds a credential', async () => {
  const visitor = server.visitor()
  await visitor.post('/queue', { scheduleId: 'game-1' })
  await visitor.get('/reservations')
  await visitor.get('/nowhere')
  const log = server.lines.join('\n')
  for (const value of visitor.cookies.values()) expect(log).not.toContain(value)
})
