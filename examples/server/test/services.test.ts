import { ownRedis, sharedKafka, sharedSql } from '@b-ticketing/services'
import { afterAll, describe, expect, test } from 'vitest'
import { catchMail } from '../demo/mail-catcher.ts'
import { createClient, newKey, settled, until } from './harness.ts'
import { buy, enter, gatewayFile, serverEnv, start, stop } from './process.test-support.ts'

const [redis, sql, kafka] = await Promise.all([ownRedis(), sharedSql('mysql'), sharedKafka()])
const database = await sql?.createDatabase()
afterAll(() => Promise.all([redis?.close(), database?.drop()]))

const stores = { REDIS_URL: redis?.url ?? '', MYSQL_URL: database?.uri ?? '' }

describe.skipIf(!redis || !database)('a server on Redis and MySQL', { timeout: 150_000 }, () => {
  test('the record outlives the process: the sale, its line and what was sold go on', async () => {
    const env = serverEnv(stores)
    const first = start(env)
    const client = createClient(await first.listening())
    const { hold, payment } = await buy(client)
    expect(payment.status).toBe('COMPLETED')
    first.child.kill('SIGKILL')
    await first.exit
    const second = start(env)
    const again = createClient(await second.listening())
    for (const [name, value] of client.cookies) again.cookies.set(name, value)
    expect((await again.get(`/reservations/${payment.reservationId}`)).body).toMatchObject({ amount: hold.amount })
    await until(
      () => again.get('/queue/status?scheduleId=game-1'),
      ({ status, body }) => status === 200 && body.state === 'admitted',
    )
    const other = createClient(await second.listening())
    await enter(other)
    const taken = await other.post('/seats/select', { seatIds: [hold.seats[0].seatId] })
    expect([taken.status, taken.body.code]).toEqual([409, 'SEAT_TAKEN'])
    expect((await other.get('/readyz')).body.dependencies).toEqual({
      ...{ record: 'up', line: 'up', redis: 'up', mysql: 'up' },
    })
    await stop(second)
  })

  test.each([
    ['of nobody', 'mysql://root:hunter2@127.0.0.1:1/sale'],
    ['with another password', `${database?.uri}`.replace(/:[^:@/]+@/, ':hunter2@')],
  ])('a database %s ends the start, without its password', async (_, MYSQL_URL) => {
    const one = start(serverEnv({ ...stores, MYSQL_URL }))
    expect(await one.exit).toBe(1)
    expect(one.output()).toMatch(/did not start: MYSQL_URL cannot be used: /)
    expect(one.output()).not.toMatch(/hunter2| {4}at /)
  })
})

describe.skipIf(!redis || !database || !kafka)('a server in parts', { timeout: 150_000 }, () => {
  test('two web servers, a payment worker, a notification worker and the gateway are one sale', async () => {
    const mail = await catchMail()
    const parts = serverEnv({ ...stores, KAFKA_BROKERS: kafka!.brokers.join(','), SMTP_URL: mail.url })
    const { WEBHOOK_SECRET = '' } = parts
    const gateway = start({ WEBHOOK_SECRET, WEBHOOK_URL: 'http://127.0.0.1:9/webhooks/payments' }, gatewayFile)
    const env = { ...parts, GATEWAY_URL: await gateway.listening() }
    const [left, right, payment, notification] = ['web', 'web', 'payment', 'notification'].map((ROLE) =>
      start({ ...env, ROLE }),
    )
    const [a, b] = await Promise.all([left!.listening(), right!.listening()])
    const [atLeft, atRight] = [createClient(a), createClient(b)]
    await enter(atLeft)
    for (const [name, value] of atLeft.cookies) atRight.cookies.set(name, value)
    const { body: hold } = await atRight.post('/seats/auto-assign', { quantity: 2 })
    expect((await atLeft.get('/seats/holds')).body.items).toMatchObject([{ holdId: hold.holdId }])
    const order = { holdId: hold.holdId, amount: hold.amount, email: 'fan@example.com', paymentToken: 'tok_approve' }
    const key = newKey()
    const [once, twice] = await Promise.all([
      atLeft.post('/payments', order, key),
      atRight.post('/payments', order, key),
    ])
    expect(once.body.requestId ?? twice.body.requestId).toBeDefined()
    const requestId = once.body.requestId ?? twice.body.requestId
    const { body } = await settled(atRight, requestId, 60_000)
    expect(body).toMatchObject({ status: 'COMPLETED' })
    expect((await atLeft.get(`/reservations/${body.reservationId}`)).body).toMatchObject({ state: 'CONFIRMED' })
    await until(
      async () => mail.mails,
      (mails) => mails.some(({ text }) => text.includes(body.reservationId)),
      60_000,
    )
    const ledger = await createClient(env.GATEWAY_URL).get('/ledger')
    expect(ledger.body.entries).toMatchObject([{ type: 'charge', requestId, status: 'succeeded' }])

    for (const worker of [payment!, notification!]) {
      const client = createClient(await worker.listening())
      const ready = await until(
        () => client.get('/readyz'),
        ({ status }) => status === 200,
        60_000,
      )
      expect(ready.body.dependencies).toEqual({ record: 'up', redis: 'up', mysql: 'up', kafka: 'up' })
      expect((await client.post('/queue', { scheduleId: 'game-1' })).status).toBe(404)
    }
    for (const part of [left!, right!, payment!, notification!, gateway]) await stop(part)
    await mail.close()
  })
})
