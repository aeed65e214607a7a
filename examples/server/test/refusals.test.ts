import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answer, admitted, type Client, newKey, startServer, type TestServer } from './harness.ts'

let server: TestServer
let visitor: Client
beforeAll(async () => {
  server = await startServer()
  visitor = await admitted(server)
})
afterAll(() => server[Symbol.asyncDispose]())

const told = ({ status, body }: Answer) => [status, body.code]

describe('a problem', () => {
  test('is problem+json with type, title, status, code, detail and instance', async () => {
    const answer = await visitor.get('/schedules/nowhere')
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
    expect(answer.body).toEqual({
      type: expect.any(String),
      title: '찾을 수 없습니다.',
      status: 404,
      code: 'NOT_FOUND',
      detail: expect.any(String),
      instance: '/schedules/nowhere',
    })
  })

  test.each([
    ['ko', 'ko'],
    ['en-GB,en;q=0.9', 'en'],
    ['fr, ko;q=0.5, en;q=0.7', 'en'],
    ['en;q=0.1, ko;q=0.2', 'ko'],
    ['zz', 'ko'],
  ])('Accept-Language %s is answered in %s', async (header, language) => {
    const answer = await visitor.get('/schedules/nowhere', { 'accept-language': header })
    expect(answer.headers.get('content-language')).toBe(language)
    expect(answer.body.title).toBe(language === 'ko' ? '찾을 수 없습니다.' : 'Not found.')
  })

  test('is a page to a browser that navigates', async () => {
    const answer = await server.visitor().get('/seats/sections', { accept: 'text/html,application/xhtml+xml' })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('content-type')).toContain('text/html')
  })
})

describe('bodies', () => {
  const join = (p: Parameters<Client['request']>[2]) => server.visitor().request('POST', '/queue', p)
  const json = { 'content-type': 'application/json' }

  test.each([
    ['an unknown field', { body: { scheduleId: 'game-1', admin: true } }, 422, 'INVALID'],
    ['a __proto__ field', { raw: '{"scheduleId":"game-1","__proto__":{"admin":true}}', headers: json }, 422, 'INVALID'],
    ['a wrong type', { body: { scheduleId: 1 } }, 422, 'INVALID'],
    ['a list', { body: ['game-1'] }, 422, 'INVALID'],
    ['null', { raw: 'null', headers: json }, 422, 'INVALID'],
    ['nothing', {}, 422, 'INVALID'],
    ['an id that is none', { body: { scheduleId: '../game-1' } }, 422, 'INVALID'],
    ['an unknown sale', { body: { scheduleId: 'game-9' } }, 404, 'NOT_FOUND'],
    ['half of a JSON', { raw: '{"scheduleId":', headers: json }, 400, 'BAD_REQUEST'],
    ['bytes that are no UTF-8', { raw: Uint8Array.of(0x22, 0xff, 0x22), headers: json }, 400, 'BAD_REQUEST'],
    ['a deep nest', { raw: '['.repeat(2_000), headers: json }, 400, 'BAD_REQUEST'],
    ['no content type', { raw: new TextEncoder().encode('{}') }, 415, 'CONTENT_TYPE'],
    [
      'a form',
      { raw: 'scheduleId=game-1', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      'CONTENT_TYPE',
    ],
    [
      'another charset',
      { raw: '{}', headers: { 'content-type': 'application/json; charset=utf-16' } },
      415,
      'CONTENT_TYPE',
    ],
    ['a compressed body', { raw: '{}', headers: { ...json, 'content-encoding': 'gzip' } }, 415, 'CONTENT_TYPE'],
    ['too many bytes', { raw: `"${'x'.repeat(20_000)}"`, headers: json }, 413, 'BODY_TOO_LARGE'],
  ] as const)('%s', async (_, p, status, code) => {
    expect(told(await join(p as Parameters<typeof join>[0]))).toEqual([status, code])
  })

  test('a body without a length is cut off at the limit', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const req = request(`${server.url}/queue`, {
        method: 'POST',
        headers: { ...json, 'transfer-encoding': 'chunked' },
      })
      req.on('response', (res) => resolve(res.resume().statusCode))
      req.on('error', reject)
      for (let i = 0; i < 5; i++) req.write(' '.repeat(8_000))
    })
    expect(status).toBe(413)
  })
})

describe('queries and methods', () => {
  test.each([
    ['/queue/status?scheduleId=game-1&scheduleId=game-2', 400, 'BAD_REQUEST'],
    ['/queue/status', 400, 'BAD_REQUEST'],
    ['/seats/map?since=-1', 400, 'BAD_REQUEST'],
    ['/seats/map?since=1e3', 400, 'BAD_REQUEST'],
    ['/seats/map?since=99999999999999999', 400, 'BAD_REQUEST'],
    ['/seats/status', 400, 'BAD_REQUEST'],
    ['/seats/status?section=Z', 404, 'NOT_FOUND'],
    ['/schedules/%00', 404, 'NOT_FOUND'],
    ['/schedules/%E0%A4%A', 400, 'BAD_REQUEST'],
    ['/venues/nowhere', 404, 'NOT_FOUND'],
    ['/booking/game-9', 404, 'NOT_FOUND'],
    ['/payments/unknown/status', 404, 'NOT_FOUND'],
    ['/reservations/unknown', 404, 'NOT_FOUND'],
    ['/nowhere', 404, 'NOT_FOUND'],
    ['/queue/', 404, 'NOT_FOUND'],
    ['/Schedules', 404, 'NOT_FOUND'],
    ['/assets/..%2f..%2fsrc%2fmain.ts', 404, 'NOT_FOUND'],
  ])('GET %s', async (path, status, code) => {
    expect(told(await visitor.get(path))).toEqual([status, code])
  })

  test.each([
    ['PUT', '/queue', 'POST, DELETE'],
    ['GET', '/queue', 'POST, DELETE'],
    ['POST', '/schedules', 'GET, HEAD'],
    ['DELETE', '/seats/select', 'POST'],
    ['OPTIONS', '/payments', 'POST'],
  ])('%s %s is 405 with Allow', async (method, path, allow) => {
    const answer = await visitor.request(method, path)
    expect(answer.status).toBe(405)
    expect(answer.headers.get('allow')).toBe(allow)
    expect(answer.body.code).toBe('METHOD_NOT_ALLOWED')
  })

  test('HEAD answers like GET without a body', async () => {
    const answer = await visitor.request('HEAD', '/schedules')
    expect([answer.status, answer.text]).toEqual([200, ''])
    expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(0)
  })
})

describe('seats', () => {
  test.each([
    [{ quantity: 0 }, 'QUANTITY_INVALID'],
    [{ quantity: -1 }, 'QUANTITY_INVALID'],
    [{ quantity: 1.5 }, 'QUANTITY_INVALID'],
    [{ quantity: 5 }, 'QUANTITY_INVALID'],
    [{ quantity: 1e21 }, 'QUANTITY_INVALID'],
    [{ quantity: 2, accessible: 3 }, 'QUANTITY_INVALID'],
    [{ quantity: 2, accessible: -1 }, 'QUANTITY_INVALID'],
    [{ quantity: '2' }, 'INVALID'],
    [{ quantity: null }, 'INVALID'],
    [{ quantity: 2, together: 'near' }, 'INVALID'],
    [{}, 'INVALID'],
  ])('auto-assign %o is 422 %s', async (body, code) => {
    expect(told(await visitor.post('/seats/auto-assign', body))).toEqual([422, code])
  })

  test('a number too large for JSON is no quantity', async () => {
    const headers = { 'content-type': 'application/json' }
    const answer = await visitor.request('POST', '/seats/auto-assign', { raw: '{"quantity":1e999}', headers })
    expect(told(answer)).toEqual([422, 'QUANTITY_INVALID'])
  })

  test.each([
    [['nowhere'], 404, 'SEAT_UNKNOWN'],
    [['A-1-1', 'A-1-1'], 422, 'SEAT_DUPLICATE'],
    [[], 422, 'QUANTITY_INVALID'],
    [['A-1-1', 'A-1-2', 'A-1-3', 'A-1-4', 'A-1-5'], 422, 'QUANTITY_INVALID'],
    [[1], 422, 'INVALID'],
    [['a b'], 422, 'INVALID'],
    ['A-1-1', 422, 'INVALID'],
  ])('select %o is %i %s', async (seatIds, status, code) => {
    expect(told(await visitor.post('/seats/select', { seatIds }))).toEqual([status, code])
  })

  test('held + n over the limit is 409 HOLD_LIMIT, and nothing is taken', async () => {
    const one = await admitted(server)
    await one.post('/seats/select', { seatIds: ['A-1-1', 'A-1-2', 'A-1-3'] })
    expect(told(await one.post('/seats/select', { seatIds: ['A-1-4', 'A-1-5'] }))).toEqual([409, 'HOLD_LIMIT'])
    const { body } = await one.get('/seats/status?section=A')
    expect(body.rows[0].seats[3].state).toBe('AVAILABLE')
  })
})

describe('payments', () => {
  const order = {
    holdId: 'unknown',
    amount: { value: 1, currency: 'KRW' },
    email: 'a@example.com',
    paymentToken: 'tok_approve',
  }

  test.each([
    ['no e-mail', { email: undefined }],
    ['two addresses', { email: 'a@example.com, b@example.com' }],
    ['a header in the name', { name: 'a\r\nBcc: b@example.com' }],
    ['an amount in words', { amount: '17000' }],
    ['a negative amount', { amount: { value: -1, currency: 'KRW' } }],
    ['a fraction', { amount: { value: 0.5, currency: 'KRW' } }],
    ['an unknown field', { state: 'COMPLETED' }],
  ])('%s is 422', async (_, fields) => {
    expect(told(await visitor.post('/payments', { ...order, ...fields }, newKey()))).toEqual([422, 'INVALID'])
  })

  test('an unknown hold is one that has ended: 409 HOLD_EXPIRED', async () => {
    expect(told(await visitor.post('/payments', order, newKey()))).toEqual([409, 'HOLD_EXPIRED'])
  })

  test('someone else’s hold is 404', async () => {
    const owner = await admitted(server)
    const { body: hold } = await owner.post('/seats/auto-assign', { quantity: 1, section: 'B', accessible: 1 })
    const theft = { ...order, holdId: hold.holdId, amount: hold.amount }
    expect(told(await visitor.post('/payments', theft, newKey()))).toEqual([404, 'NOT_FOUND'])
    await owner.delete(`/seats/holds/${hold.holdId}`)
  })

  test.each([
    ['an empty key', ''],
    ['a key with a space', 'a b'],
    ['a key of 300 characters', 'k'.repeat(300)],
  ])('%s is 400', async (_, key) => {
    const answer = await visitor.post('/payments', order, { 'idempotency-key': key })
    expect(answer.status).toBe(400)
  })
})

describe('Idempotency-Key on every POST', () => {
  test('counts from the first join on, whose answer makes the session', async () => {
    const newcomer = server.visitor()
    const key = newKey()
    const first = await newcomer.post('/queue', { scheduleId: 'game-1' }, key)
    const again = await newcomer.post('/queue', { scheduleId: 'game-1' }, key)
    expect([first.status, again.status]).toEqual([201, 201])
    expect(again.body).toEqual(first.body)
    expect(told(await newcomer.post('/queue', { scheduleId: 'game-2' }, key))).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    expect((await newcomer.post('/queue', { scheduleId: 'game-1' })).status).toBe(200)
  })

  test('a hold is answered again, not taken again; another body is 422', async () => {
    const one = await admitted(server)
    const key = newKey()
    const first = await one.post('/seats/auto-assign', { quantity: 1, section: 'A' }, key)
    const again = await one.post('/seats/auto-assign', { section: 'A', quantity: 1 }, key)
    expect([again.status, again.body]).toEqual([201, first.body])
    expect((await one.get('/seats/holds')).body.items).toHaveLength(1)
    const other = await one.post('/seats/auto-assign', { quantity: 2, section: 'A' }, key)
    expect(told(other)).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    await one.delete(`/seats/holds/${first.body.holdId}`)
  })

  test('a join is answered again; two visitors may use the same key', async () => {
    const [one, two] = [server.visitor(), server.visitor()]
    for (const each of [one, two]) await each.get('/reservations')
    const key = newKey()
    const first = await one.post('/queue', { scheduleId: 'game-1' }, key)
    const again = await one.post('/queue', { scheduleId: 'game-1' }, key)
    expect([again.status, again.body.number]).toEqual([201, first.body.number])
    const other = await two.post('/queue', { scheduleId: 'game-1' }, key)
    expect([other.status, other.body.number === first.body.number]).toEqual([201, false])
  })

  test('a refusal is judged again', async () => {
    const [one, two] = [await admitted(server), await admitted(server)]
    const { body: hold } = await one.post('/seats/select', { seatIds: ['A-2-15'] })
    const key = newKey()
    expect((await two.post('/seats/select', { seatIds: ['A-2-15'] }, key)).status).toBe(409)
    await one.delete(`/seats/holds/${hold.holdId}`)
    expect((await two.post('/seats/select', { seatIds: ['A-2-15'] }, key)).status).toBe(201)
  })
})
