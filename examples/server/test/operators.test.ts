import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { admitted, type Client, pay, settled, startServer, type TestServer, until } from './harness.ts'

let server: TestServer
let operator: Client
beforeAll(async () => {
  server = await startServer()
  operator = server.operator()
})
afterAll(() => server[Symbol.asyncDispose]())

const adminRoutes = () => server.app.routes.filter(({ path }) => path.startsWith('/admin'))

describe('operators’ routes', () => {
  test('are 401 without the token', async () => {
    for (const { method, path } of adminRoutes()) {
      for (const headers of [{}, { authorization: 'Bearer wrong' }]) {
        const answer = await server.visitor().request(method, path.replaceAll(/\{\w+\}/g, 'x'), { headers })
        expect([method, path, answer.status]).toEqual([method, path, 401])
        expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      }
    }
  })

  test('are 404 when no token is set', async () => {
    await using closed = await startServer({ env: { ADMIN_TOKEN: '' } })
    for (const { method, path } of adminRoutes()) {
      const answer = await closed.operator().request(method, path.replaceAll(/\{\w+\}/g, 'x'))
      expect([method, path, answer.status]).toEqual([method, path, 404])
    }
  })
})

describe('venues and schedules', () => {
  const venue = {
    id: 'small-park',
    name: 'Small',
    grades: [{ id: 'red', label: 'Red', price: 1_000 }],
    sections: [{ id: 'A', label: 'A', grade: 'red', rows: [{ label: '1', seats: [[1, 4]] }] }],
  }

  test('a venue is created once; another one of its id is 409 EXISTS; nonsense is 422', async () => {
    const created = await operator.post('/admin/venues', venue)
    expect([created.status, created.body]).toEqual([201, { venueId: 'small-park' }])
    const other = await operator.post('/admin/venues', { ...venue, name: 'Other' })
    expect([other.status, other.body.code]).toEqual([409, 'EXISTS'])
    const wrong = await operator.post('/admin/venues', { id: 'x' })
    expect([wrong.status, wrong.body.code]).toEqual([422, 'INVALID'])
    expect(wrong.body.problems.length).toBeGreaterThan(0)
  })

  test('a seats.io chart is a venue too', async () => {
    const seats = [100, 120, 140].map((x, i) => ({ x, y: 50, label: String(i + 1), categoryKey: 1, uuid: `u${i}` }))
    const none = { tables: [], booths: [], generalAdmissionAreas: [], sections: [] }
    const chart = {
      name: 'Sample hall',
      categories: { list: [{ key: 1, label: 'Stand', color: '#aa0000' }] },
      version: 19,
      subChart: { ...none, rows: [{ label: 'A', seats }] },
    }
    const created = await operator.post('/admin/venues?format=seatsio', chart)
    expect([created.status, created.body]).toEqual([201, { venueId: 'Sample-hall' }])
    const { body } = await server.visitor().get('/venues/Sample-hall')
    expect(body.sections[0].rows[0].seats).toHaveLength(3)
    expect((await operator.post('/admin/venues?format=svg', chart)).status).toBe(400)
  })

  test('a schedule is created, listed, changed, and every change audited', async () => {
    const sale = { scheduleId: 'game-7', venueId: 'small-park', name: 'Game 7', prices: { red: 2_000 } }
    const created = await operator.post('/admin/schedules', {
      ...sale,
      settings: { ratePerMinute: null, groupSize: 2 },
    })
    expect(created.status).toBe(201)
    expect(created.body).toMatchObject({
      scheduleId: 'game-7',
      saleState: 'scheduled',
      groupSize: 2,
      settings: { ratePerMinute: null, groupSize: 2, passTtlSeconds: 600 },
      grades: [{ id: 'red', price: { value: 2_000, currency: 'KRW' } }],
    })
    const again = await operator.post('/admin/schedules', sale)
    expect([again.status, again.body.code]).toEqual([409, 'EXISTS'])
    const jump = await operator.post('/admin/schedules/game-7/state', { state: 'ended' })
    expect([jump.status, jump.body.code]).toEqual([409, 'STATE_JUMP'])
    await operator.post('/admin/schedules/game-7/state', { state: 'prequeue' })
    const opened = await operator.post('/admin/schedules/game-7/state', { state: 'open' })
    expect([opened.status, opened.body.saleState]).toEqual([200, 'open'])
    const patched = await operator.request('PATCH', '/admin/schedules/game-7/settings', { body: { capacity: 0 } })
    expect([patched.status, patched.body.settings.capacity]).toEqual([200, 0])
    const wrong = await operator.request('PATCH', '/admin/schedules/game-7/settings', { body: { capacity: -1 } })
    expect([wrong.status, wrong.body.code]).toEqual([422, 'INVALID'])
    const list = await operator.get('/admin/schedules')
    expect(list.body.items.map(({ scheduleId }: { scheduleId: string }) => scheduleId)).toEqual(['game-1', 'game-7'])
    const { body: trail } = await operator.get('/admin/audit')
    const mine = trail.items.filter(({ subject }: { subject: string }) => subject === 'game-7')
    expect(mine.length).toBeGreaterThanOrEqual(4)
    expect(mine[0]).toMatchObject({ by: 'operator', at: expect.stringMatching(/Z$/) })
  })

  test('in prequeue joining is 201 without a number; in draining it is 409 SALE_CLOSED', async () => {
    const sale = { scheduleId: 'game-8', venueId: 'small-park', name: 'Game 8', prices: {}, state: 'prequeue' }
    await operator.post('/admin/schedules', sale)
    const early = await server.visitor().post('/queue', { scheduleId: 'game-8' })
    expect([early.status, early.body]).toEqual([
      201,
      expect.objectContaining({ state: 'prequeue', number: null, group: null, ahead: null }),
    ])
    await operator.post('/admin/schedules/game-8/state', { state: 'open' })
    await operator.post('/admin/schedules/game-8/state', { state: 'draining' })
    const late = await until(
      () => server.visitor().post('/queue', { scheduleId: 'game-8' }),
      ({ status }) => status === 409,
    )
    expect(late.body.code).toBe('SALE_CLOSED')
  })
})

describe('a running sale', () => {
  test('queue, stats that balance, reservations', async () => {
    const visitor = await admitted(server)
    const { requestId } = await pay(visitor, ['A-1-5'])
    await settled(visitor, requestId)
    const { body: queue } = await operator.get('/admin/schedules/game-1/queue')
    expect(queue.items[0]).toMatchObject({ group: 1, members: [expect.objectContaining({ number: 1 })] })
    const { body: stats } = await operator.get('/admin/schedules/game-1/stats')
    const { joined, waiting, offered, active, lapsed, late, done, expired, left } = stats.line
    expect(joined).toBe(waiting + offered + active + lapsed + late + done + expired + left)
    const { capacity, available, reserved, completed, blocked } = stats.seats
    expect(capacity).toBe(available + reserved + completed + blocked)
    expect(completed).toBe(1)
    const { body: sold } = await operator.get('/admin/schedules/game-1/reservations')
    expect(sold.items).toEqual([expect.objectContaining({ requestId, state: 'CONFIRMED' })])
    expect((await operator.get('/admin/schedules/nowhere/reservations')).status).toBe(404)
  })

  test('seats are blocked and unblocked; an owned one is 409 SEAT_OWNED', async () => {
    const visitor = await admitted(server)
    const blocked = await operator.post('/admin/schedules/game-1/seats/block', {
      seatIds: ['A-2-11'],
      reason: 'camera',
    })
    expect([blocked.status, blocked.body.scheduleId]).toEqual([200, 'game-1'])
    expect((await visitor.post('/seats/select', { seatIds: ['A-2-11'] })).body.code).toBe('SEAT_TAKEN')
    await operator.post('/admin/schedules/game-1/seats/unblock', { seatIds: ['A-2-11'] })
    const { requestId } = await pay(visitor, ['A-2-11'])
    await settled(visitor, requestId)
    const owned = await operator.post('/admin/schedules/game-1/seats/block', { seatIds: ['A-2-11'] })
    expect([owned.status, owned.body.code]).toEqual([409, 'SEAT_OWNED'])
    const unknown = await operator.post('/admin/schedules/game-1/seats/block', { seatIds: ['nowhere'] })
    expect([unknown.status, unknown.body.code]).toEqual([404, 'SEAT_UNKNOWN'])
  })

  test('an operator refunds and resends', async () => {
    const visitor = await admitted(server)
    const { requestId } = await pay(visitor, ['A-2-13'])
    const { body: payment } = await settled(visitor, requestId)
    const { reservationId } = payment
    const mails = async () => {
      const { body } = await visitor.get('/dev/mail')
      return body.messages.filter(({ text }: { text: string }) => text.includes(reservationId))
    }
    await until(mails, ({ length }) => length === 1)
    expect((await operator.post(`/admin/reservations/${reservationId}/resend`)).status).toBe(202)
    const both = await until(mails, ({ length }) => length === 2)
    expect(both[0].messageId).not.toBe(both[1].messageId)
    expect((await operator.post(`/admin/reservations/${reservationId}/refund`)).status).toBe(202)
    await until(
      () => visitor.get(`/reservations/${reservationId}`),
      ({ body }) => body.state === 'CANCELLED' && body.refund === 'DONE',
    )
    for (const verb of ['refund', 'resend']) {
      expect((await operator.post(`/admin/reservations/nowhere/${verb}`)).status).toBe(404)
    }
  })

  test('dead letters: listed; an unknown one cannot be replayed', async () => {
    expect((await operator.get('/admin/dead-letters')).body).toEqual({ items: [], next: null })
    expect((await operator.post('/admin/dead-letters/nowhere/replay')).status).toBe(404)
  })
})
