import { afterAll, beforeAll, expect, test } from 'vitest'
import { startServer, type TestServer } from './harness.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server[Symbol.asyncDispose]())

test('GET /schedules and /schedules/{scheduleId}', async () => {
  const { body } = await server.visitor().get('/schedules')
  const schedule = {
    scheduleId: 'game-1',
    name: 'Test park',
    venueId: 'test-park',
    startsAt: null,
    opensAt: null,
    saleState: 'open',
    currency: 'KRW',
  }
  expect(body).toEqual({ schedules: [schedule] })
  const one = await server.visitor().get('/schedules/game-1')
  expect(one.body).toMatchObject({ ...schedule, maxSeatsPerVisitor: 4, holdTtlSeconds: 300, groupSize: 120 })
  expect(one.body.grades[0]).toEqual({
    id: 'red',
    label: 'Red',
    price: { value: 17_000, currency: 'KRW' },
    color: '#cf3a4a',
  })
  expect(one.body).toHaveProperty('draw')
})

test('GET /venues/{venueId}: strong ETag, 304, packed for who asks', async () => {
  const plain = await server.visitor().get('/venues/test-park', { 'accept-encoding': 'identity' })
  expect(plain.body).toMatchObject({ venueId: 'test-park', name: 'Test park' })
  const [section] = plain.body.sections
  expect(section).toMatchObject({ id: 'A', label: 'A', kind: 'seated', grade: 'red', x: 0, y: -20, capacity: 20 })
  const [row] = section.rows
  expect(row.seats[0]).toEqual({
    seatId: 'A-1-1',
    label: '1',
    x: expect.any(Number),
    y: 0,
    position: expect.any(Number),
  })
  expect(row.seats[5].position - row.seats[4].position).toBe(2)
  const etag = plain.headers.get('etag') ?? ''
  expect(etag).toMatch(/^"[^"]+"$/)
  const known = { 'accept-encoding': 'identity', 'if-none-match': etag }
  const again = await server.visitor().get('/venues/test-park', known)
  expect([again.status, again.text]).toEqual([304, ''])
  const packed = await server.visitor().get('/venues/test-park', { 'accept-encoding': 'gzip' })
  expect(packed.headers.get('content-encoding')).toBe('gzip')
  expect(packed.headers.get('etag')).not.toBe(etag)
  expect(packed.body).toEqual(plain.body)
})
