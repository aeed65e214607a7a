import { ownRedis, sharedRedis } from '@b-ticketing/services'
import { afterAll, describe, expect, test } from 'vitest'
import { adminToken, createClient, until } from './harness.ts'
import { buy, enter, serverEnv, start, stop } from './process.test-support.ts'

const redis = await ownRedis()
afterAll(() => redis?.close())

const env = serverEnv({ REDIS_URL: redis?.url ?? '' })

describe.skipIf(redis === null)('a server on Redis', { timeout: 180_000 }, () => {
  const server = redis!.servers[0]!

  test('sells: join, hold, pay, reservation, mail; and Redis shows it', async () => {
    const one = start(env)
    const url = await one.listening()
    const client = createClient(url)
    const { hold, payment } = await buy(client)
    expect(payment).toMatchObject({ status: 'COMPLETED' })
    const { body: reservation } = await client.get(`/reservations/${payment.reservationId}`)
    expect(reservation).toMatchObject({ state: 'CONFIRMED', amount: hold.amount })
    const { seatId } = hold.seats[0]
    await until(
      () => server.cli('get', `seat:{game-1}:${seatId}`),
      (shown) => shown.includes('"COMPLETED"'),
    )
    expect(await server.cli('hget', `payment:status:${payment.requestId}`, 'status')).toBe('COMPLETED\n')
    await until(
      () => client.get('/dev/mail'),
      ({ body }) => body.messages.some(({ text }: { text: string }) => text.includes(payment.reservationId)),
    )
    expect((await client.get('/readyz')).body.dependencies).toEqual({ record: 'up', line: 'up', redis: 'up' })
    await stop(one)
  })

  test('a second live process is refused with a clear line; the first one goes on', async () => {
    const first = start(env)
    const client = createClient(await first.listening())
    const second = start(env)
    expect(await second.exit).toBe(1)
    expect(second.output()).toContain('its lease is waited for')
    expect(second.output()).toContain('with Redis alone there is one process')
    expect(second.output()).not.toContain('    at ')
    expect((await buy(client)).payment.status).toBe('COMPLETED')
    await stop(first)
  })

  test('a Redis that would lose holds ends the start', async () => {
    await server.cli('config', 'set', 'maxmemory', '100mb')
    await server.cli('config', 'set', 'maxmemory-policy', 'allkeys-lru')
    const one = start(env)
    expect(await one.exit).toBe(1)
    expect(one.output()).toMatch(/did not start: REDIS_URL cannot be used: maxmemory-policy is allkeys-lru/)
    await server.cli('config', 'set', 'maxmemory-policy', 'noeviction')
    await server.cli('config', 'set', 'maxmemory', '0')
  })

  test('one that is not there ends it as well, without its password', async () => {
    const one = start({ ...env, REDIS_URL: 'redis://user:hunter2@127.0.0.1:1' })
    expect(await one.exit).toBe(1)
    expect(one.output()).toMatch(/did not start: REDIS_URL cannot be used: Redis (cannot be reached|did not answer)/)
    expect(one.output()).not.toContain('hunter2')
  })

  test('Redis killed mid-way: 503 with Retry-After, nothing else of 5xx; it sells again when Redis is back, empty', async () => {
    const one = start(env)
    const url = await one.listening()
    const client = createClient(url)
    const { hold } = await buy(client)
    await server.kill()
    const operator = createClient(url, { authorization: `Bearer ${adminToken}` })
    const asked = await Promise.all([
      createClient(url).post('/queue', { scheduleId: 'game-1' }),
      client.post('/seats/auto-assign', { quantity: 1 }),
      client.post('/seats/select', { seatIds: ['no-such-seat'] }),
      client.get('/seats/holds'),
      client.get('/seats/sections'),
      client.get('/seats/map'),
      client.get('/queue/status?scheduleId=game-1'),
      client.get('/reservations'),
      client.get('/readyz'),
      client.get('/livez'),
      operator.get('/admin/schedules/game-1/stats'),
      operator.get('/metrics'),
    ])
    for (const { status, headers } of asked) {
      if (status >= 500) expect([status, Number(headers.get('retry-after'))]).toEqual([503, expect.any(Number)])
      if (status === 503) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    }
    expect(asked[0]!.status).toBe(503)
    expect(asked[1]!.status).toBe(503)
    expect(asked[8]!.body.dependencies.redis).toBe('down')
    expect(asked[9]!.status).toBe(200)
    expect(asked[11]!.text).toContain('bt_dependency_up{dependency="redis"} 0')

    await server.start()
    await until(
      () => client.get('/readyz'),
      ({ status }) => status === 200,
      30_000,
    )
    const other = createClient(url)
    await enter(other)
    const taken = await other.post('/seats/select', { seatIds: [hold.seats[0].seatId] })
    expect([taken.status, taken.body.code]).toEqual([409, 'SEAT_TAKEN'])
    expect((await other.post('/seats/auto-assign', { quantity: 2 })).status).toBe(201)
    await stop(one)
  })
})

describe.each(['cluster', 'sentinel'] as const)('a server on Redis, %s', (kind) => {
  test('sells', { timeout: 150_000 }, async ({ skip }) => {
    const shared = await sharedRedis(kind)
    if (shared === null) return skip('needs Redis')
    expect(shared.url).toMatch(new RegExp(`^redis-${kind}://`))
    const one = start(serverEnv({ REDIS_URL: shared.url }))
    const client = createClient(await one.listening())
    expect((await buy(client)).payment.status).toBe('COMPLETED')
    expect((await client.get('/readyz')).body.dependencies.redis).toBe('up')
    await stop(one)
  })
})
