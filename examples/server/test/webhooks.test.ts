import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sign } from '../src/gateway/signature.ts'
import { admitted, pay, settled, startServer, type TestServer } from './harness.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

const amount = { value: 17_000, currency: 'KRW' }
const event = (requestId: string, key = requestId, type = 'charge.succeeded') => ({
  type,
  timestamp: new Date().toISOString(),
  data: { key, requestId, amount },
})

const send = (body: unknown, p: { secret?: string; atMs?: number; headers?: Record<string, string> } = {}) => {
  const raw = JSON.stringify(body)
  const signed = sign({
    secret: p.secret ?? server.settings.webhookSecret,
    id: 'msg_1',
    atMs: p.atMs ?? Date.now(),
    body: raw,
  })
  const headers = { 'content-type': 'application/json', ...signed, ...p.headers }
  return server.visitor().request('POST', '/webhooks/payments', { raw, headers })
}

describe('a webhook is 401', () => {
  test.each([
    ['with another secret', { secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` }],
    ['six minutes old', { atMs: Date.now() - 360_000 }],
    ['six minutes ahead', { atMs: Date.now() + 360_000 }],
    ['with another id than was signed', { headers: { 'webhook-id': 'msg_2' } }],
    ['of another version', { headers: { 'webhook-signature': 'v2,AAAA' } }],
    ['without a signature', { headers: { 'webhook-signature': '' } }],
  ])('%s', async (_, p) => {
    const answer = await send(event('unknown'), p)
    expect([answer.status, answer.body.code]).toEqual([401, 'SIGNATURE_INVALID'])
  })

  test('when a byte of the body changed', async () => {
    const raw = JSON.stringify(event('unknown'))
    const signed = sign({ secret: server.settings.webhookSecret, id: 'msg_1', atMs: Date.now(), body: raw })
    const headers = { 'content-type': 'application/json', ...signed }
    const changed = { raw: raw.replace('17000', '17001'), headers }
    expect((await server.visitor().request('POST', '/webhooks/payments', changed)).status).toBe(401)
  })
})

test('one of several signatures is enough, while keys rotate', async () => {
  const raw = JSON.stringify(event('unknown'))
  const signed = sign({ secret: server.settings.webhookSecret, id: 'msg_1', atMs: Date.now(), body: raw })
  const rotated = { ...signed, 'webhook-signature': `v1,b2xk ${signed['webhook-signature']}` }
  const headers = { 'content-type': 'application/json', ...rotated }
  expect((await server.visitor().request('POST', '/webhooks/payments', { raw, headers })).status).toBe(200)
})

test('an unknown requestId is 200 and parked as a dead letter', async () => {
  const answer = await send(event('nobody-asked'))
  expect([answer.status, answer.body]).toEqual([200, { result: 'parked' }])
  const { body } = await server.operator().get('/admin/dead-letters')
  expect(body.items.some((letter: object) => JSON.stringify(letter).includes('nobody-asked'))).toBe(true)
})

test('a body that is no event is 422', async () => {
  for (const body of [{}, [], { ...event('x'), type: 'charge.made-up' }, { type: 'charge.succeeded' }]) {
    const answer = await send(body)
    expect([answer.status, answer.body.code]).toEqual([422, 'INVALID'])
  }
})

test('a COMPLETED payment: a repeat is 200, a late failure frees nothing (PAY13, PAY14)', async () => {
  const visitor = await admitted(server)
  const { requestId } = await pay(visitor, ['A-1-1'])
  await settled(visitor, requestId)
  const { body: books } = await visitor.get('/dev/ledger')
  const { key } = books.entries.find((entry: { requestId: string }) => entry.requestId === requestId)
  for (const type of ['charge.succeeded', 'charge.failed', 'charge.canceled']) {
    const answer = await send(event(requestId, key, type))
    expect(answer.status).toBe(200)
  }
  expect((await visitor.get(`/payments/${requestId}/status`)).body.status).toBe('COMPLETED')
  expect((await visitor.get('/seats/status?section=A')).body.rows[0].seats[0].state).toBe('COMPLETED')
})

test('a signed but invented success is not believed: the gateway is asked', async () => {
  const visitor = await admitted(server)
  const { requestId } = await pay(visitor, ['A-1-2'], 'tok_timeout')
  expect((await send(event(requestId))).status).toBe(200)
  expect((await visitor.get(`/payments/${requestId}/status`)).body.status).not.toBe('COMPLETED')
})
