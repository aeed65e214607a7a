import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { admitted, newKey, startServer, type TestServer } from './harness.ts'

let server: TestServer
let pass = ''
let ticket = ''
beforeAll(async () => {
  server = await startServer()
  const owner = await admitted(server)
  pass = owner.cookies.get('bt_pass_game-1') ?? ''
  ticket = owner.cookies.get('bt_ticket_game-1') ?? ''
})
afterAll(() => server[Symbol.asyncDispose]())

const guarded = (path: string, method: string): boolean =>
  path.startsWith('/seats') || (path === '/payments' && method === 'POST')

describe('W19: every seat route and every payment-creating route demands a valid pass', () => {
  test('the table itself says so', () => {
    const open = server.app.routes.filter(({ path, method, auth }) => guarded(path, method) && auth !== 'pass')
    expect(open.map(({ name }) => name)).toEqual([])
    expect(server.app.routes.filter(({ path, method }) => guarded(path, method)).length).toBeGreaterThanOrEqual(10)
  })

  test('without, and with every other credential, each of them is 401 PASS_REQUIRED', async () => {
    const joined = server.visitor()
    await joined.post('/queue', { scheduleId: 'game-1' })
    const wrong = [{}, { authorization: 'Bearer nonsense' }, { authorization: `Bearer ${ticket}` }]
    const foreign = { authorization: `Bearer ${pass}` }
    for (const route of server.app.routes.filter(({ path, method }) => guarded(path, method))) {
      const path = route.path.replace('{holdId}', 'some-hold')
      for (const headers of [...wrong, foreign]) {
        for (const visitor of [server.visitor(), headers === foreign ? joined : server.visitor()]) {
          const answer = await visitor.request(route.method, path, { headers })
          expect([route.name, headers, answer.status, answer.body.code]).toEqual([
            route.name,
            headers,
            401,
            'PASS_REQUIRED',
          ])
        }
      }
    }
  })

  test('an altered pass is refused', async () => {
    const visitor = await admitted(server)
    const own = visitor.cookies.get('bt_pass_game-1') ?? ''
    for (const at of [0, Math.floor(own.length / 2), own.length - 2]) {
      const altered = own.slice(0, at) + (own[at] === 'A' ? 'B' : 'A') + own.slice(at + 1)
      const answer = await visitor.get('/seats/sections', { authorization: `Bearer ${altered}` })
      expect([answer.status, answer.body.code]).toEqual([401, 'PASS_REQUIRED'])
    }
  })

  test('a pass that was left is 403 PASS_EXPIRED on each of them, reads too', async () => {
    const visitor = await admitted(server)
    const authorization = `Bearer ${visitor.cookies.get('bt_pass_game-1')}`
    expect((await visitor.get('/seats/sections', { authorization })).status).toBe(200)
    expect((await visitor.delete('/queue?scheduleId=game-1')).status).toBe(204)
    const holdId = 'some-hold'
    const payment = { holdId, amount: 1, email: 'fan@example.org', paymentToken: 'tok_approve' }
    for (const route of server.app.routes.filter(({ path, method }) => guarded(path, method))) {
      const bodies: Record<string, object> = {
        selectSeats: { seatIds: ['A-1-1'] },
        autoAssignSeats: { quantity: 1 },
        requestPayment: payment,
      }
      const query = route.name === 'getSection' ? '?section=A' : ''
      const answer = await visitor.request(route.method, route.path.replace('{holdId}', holdId) + query, {
        headers: { authorization, ...(route.name === 'requestPayment' && newKey()) },
        body: bodies[route.name],
      })
      expect([route.name, answer.status, answer.body?.code]).toEqual([route.name, 403, 'PASS_EXPIRED'])
    }
  })

  test('I15: a payment that was answered is answered the same when its pass is over; a new one is not', async () => {
    await using other = await startServer()
    const visitor = await admitted(other)
    const authorization = `Bearer ${visitor.cookies.get('bt_pass_game-1')}`
    const { body: hold } = await visitor.post('/seats/auto-assign', { quantity: 1 })
    const order = { holdId: hold.holdId, amount: hold.amount, email: 'fan@example.org', paymentToken: 'tok_approve' }
    const key = newKey()
    const ask = (headers: Record<string, string>) => visitor.post('/payments', order, { authorization, ...headers })
    const first = await ask(key)
    expect(first.status).toBe(202)
    await other.operator().post('/admin/schedules/game-1/reset')
    const again = await ask({ ...key, 'accept-language': 'en' })
    expect([again.status, again.body.requestId]).toEqual([202, first.body.requestId])
    expect((await ask(newKey())).body.code).toBe('PASS_EXPIRED')
  })

  test('after a reset every pass is 403 PASS_EXPIRED and every ticket 410 EPOCH_OVER', async () => {
    await using other = await startServer()
    const visitor = await admitted(other)
    await other.operator().post('/admin/schedules/game-1/reset')
    const held = await visitor.post('/seats/auto-assign', { quantity: 1 })
    expect([held.status, held.body.code]).toEqual([403, 'PASS_EXPIRED'])
    const status = await visitor.get('/queue/status?scheduleId=game-1')
    expect([status.status, status.body.code]).toEqual([410, 'EPOCH_OVER'])
    expect((await visitor.post('/queue', { scheduleId: 'game-1' })).status).toBe(201)
  })
})

test('with passes of several sales the sale is named, or the answer is 409 SCHEDULE_AMBIGUOUS', async () => {
  await using other = await startServer()
  const sale = { scheduleId: 'game-2', venueId: 'test-park', name: 'Second game', prices: {}, state: 'open' }
  expect((await other.operator().post('/admin/schedules', sale)).status).toBe(201)
  const visitor = await admitted(other)
  await visitor.post('/queue', { scheduleId: 'game-2' })
  await visitor.get('/queue/status?scheduleId=game-2')
  const unclear = await visitor.get('/seats/sections')
  expect([unclear.status, unclear.body.code]).toEqual([409, 'SCHEDULE_AMBIGUOUS'])
  const chosen = await visitor.get('/seats/sections?scheduleId=game-2')
  expect([chosen.status, chosen.body.scheduleId]).toEqual([200, 'game-2'])
  const bearer = { authorization: `Bearer ${visitor.cookies.get('bt_pass_game-1')}` }
  expect((await visitor.get('/seats/sections', bearer)).body.scheduleId).toBe('game-1')
})
