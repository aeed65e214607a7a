// Every feature by its name, on real Redis, MySQL, Kafka and SMTP: two web servers, a payment worker, a notification worker and
// the gateway, each in a process of its own. (Q1 is clicked through in browser.test.ts, D1 started in compose.test.ts.)
import { createShardedLock, systemRuntime } from '@b-ticketing/core'
import { redisAdapters } from '@b-ticketing/redis-adapter'
import { ownKafka, ownRedis, sharedSql } from '@b-ticketing/services'
import { Redis } from 'ioredis'
import { Kafka, logLevel } from 'kafkajs'
import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { catchMail, type MailCatcher } from '../demo/mail-catcher.ts'
import { adminToken, type Client, createClient, newKey, pay, settled, until, venueDocument } from './harness.ts'
import { gatewayFile, serverEnv, start, startLasting, stop, type TestProcess } from './process.test-support.ts'

const [redisServer, sql, broker] = await Promise.all([ownRedis(), sharedSql('mysql'), ownKafka()])
const database = await sql?.createDatabase()
afterAll(() => Promise.all([redisServer?.close(), database?.drop(), broker?.close()]))

const patience = 60_000

describe.skipIf(!redisServer || !database || !broker)('on real services', { timeout: 120_000 }, () => {
  let redis: Redis
  let mail: MailCatcher
  let parts: readonly TestProcess[] = []
  let webs: readonly string[] = []
  let openWeb: () => TestProcess
  let operator: Client
  let visitors = 0

  /** At one of the two web servers, in turn. */
  const visitor = (): Client => createClient(webs[visitors++ % webs.length]!)
  const statusOf = (client: Client, scheduleId: string) => client.get(`/queue/status?scheduleId=${scheduleId}`)
  const rows = async (query: string, values: readonly string[]): Promise<readonly RowDataPacket[]> => {
    const connection = await createConnection(database!.uri)
    try {
      return (await connection.query<RowDataPacket[]>(query, [...values]))[0]
    } finally {
      await connection.end()
    }
  }

  const newSchedule = (scheduleId: string, settings: object = {}) => ({
    ...{ scheduleId, venueId: venueDocument.id, name: scheduleId, state: 'open', prices: {}, settings },
  })

  /** A sale of its own for one feature. */
  async function sale(scheduleId: string, settings: object = {}): Promise<void> {
    expect((await operator.post('/admin/schedules', newSchedule(scheduleId, settings))).status).toBe(201)
  }

  /** In line, as soon as every process knows of the sale. */
  async function join(client: Client, scheduleId: string) {
    const { body } = await until(
      () => client.post('/queue', { scheduleId }),
      ({ status }) => status < 300,
      patience,
    )
    return body
  }

  async function inside(scheduleId: string): Promise<Client> {
    const client = visitor()
    await join(client, scheduleId)
    await until(
      () => statusOf(client, scheduleId),
      ({ body }) => body.state === 'admitted',
      patience,
    )
    return client
  }

  /** The same browser, at another server. */
  function sameVisitor({ cookies }: Client, url: string): Client {
    const other = createClient(url)
    for (const [name, value] of cookies) other.cookies.set(name, value)
    return other
  }

  const seatOf = async (client: Client, section: string, at: number) =>
    (await client.get(`/seats/status?section=${section}`)).body.rows[0].seats[at]

  beforeAll(async () => {
    redis = new Redis(redisServer!.url)
    mail = await catchMail()
    const env = serverEnv({
      ...{ REDIS_URL: redisServer!.url, MYSQL_URL: database!.uri, KAFKA_BROKERS: broker!.brokers.join(',') },
      SMTP_URL: mail.url,
    })
    const { WEBHOOK_SECRET = '' } = env
    const gateway = startLasting({ WEBHOOK_SECRET, WEBHOOK_URL: 'http://127.0.0.1:9/webhooks/payments' }, gatewayFile)
    const GATEWAY_URL = await gateway.listening()
    const servers = ['web', 'web', 'payment', 'notification'].map((ROLE) => startLasting({ ...env, GATEWAY_URL, ROLE }))
    parts = [...servers, gateway]
    openWeb = () => start({ ...env, GATEWAY_URL, ROLE: 'web' })
    webs = await Promise.all(servers.slice(0, 2).map((server) => server.listening()))
    await Promise.all(servers.map((server) => server.listening()))
    operator = createClient(webs[0]!, { authorization: `Bearer ${adminToken}` })
    expect((await operator.post('/admin/venues', venueDocument)).status).toBe(201)
  }, 120_000)

  afterAll(async () => {
    for (const part of parts) await stop(part)
    await mail?.close()
    redis?.disconnect()
  }, 60_000)

  describe('a crowd of 300, 125 places, groups of 120', () => {
    const scheduleId = 'crowd'
    let crowd: readonly { readonly client: Client; readonly place: { number: number; group: number; state: string } }[]
    let epoch = ''

    beforeAll(async () => {
      await sale(scheduleId, { capacity: 125, ratePerMinute: null })
      const clients = Array.from({ length: 300 }, visitor)
      await Promise.all(webs.map((url) => join(createClient(url), scheduleId)))
      crowd = await Promise.all(clients.map(async (client) => ({ client, place: await join(client, scheduleId) })))
      const [key = ''] = (await redis.keys(`queue:{${scheduleId}}:*:group:1`)).toSorted()
      epoch = key.split(':')[2] ?? ''
    }, 120_000)

    test('Q2: groups of 120, one after another, in order', async () => {
      for (const { place } of crowd) expect(place.group).toBe(Math.ceil(place.number / 120))
      const states = await Promise.all(
        crowd.map(async ({ client, place }) => ({ ...place, ...(await statusOf(client, scheduleId)).body })),
      )
      const waiting = states.filter(({ state }) => state === 'waiting').map(({ number }) => number)
      const admitted = states.filter(({ state }) => state === 'admitted').map(({ number }) => number)
      expect(Math.max(...admitted)).toBeLessThan(Math.min(...waiting))
      // Two more came before the crowd.
      expect(admitted).toHaveLength(123)
    })

    test('Q3: whether one may leave the line, and one’s place in it', async () => {
      const last = crowd.find(({ place }) => place.number === 302)!
      const { body } = await statusOf(last.client, scheduleId)
      expect(body).toMatchObject({ state: 'waiting', number: 302, group: 3, ahead: 302 - 125 - 1 })
    })

    test('Q4: /queue/status says waiting, then the redirect to /seats/sections', async () => {
      const [first] = crowd
      const { body } = await statusOf(first!.client, scheduleId)
      expect(body).toMatchObject({ state: 'admitted', redirectUrl: '/seats/sections' })
      const waiting = crowd.find(({ place }) => place.number === 300)!
      const answer = (await statusOf(waiting.client, scheduleId)).body
      expect(answer).toMatchObject({ state: 'waiting' })
      expect(answer).not.toHaveProperty('redirectUrl')
    })

    test('Q6: Redis lists hold the members of each group in order', async () => {
      const lists = await Promise.all(
        [1, 2, 3].map((g) => redis.lrange(`queue:{${scheduleId}}:${epoch}:group:${g}`, 0, -1)),
      )
      expect(lists.map(({ length }) => length)).toEqual([120, 120, 62])
      const { body } = await operator.get(`/admin/schedules/${scheduleId}/queue`)
      const [group] = body.items
      expect(group.members.map(({ visitor }: { visitor: string }) => visitor)).toEqual(
        lists[0]!.slice(0, group.members.length),
      )
    })

    test('Q7: numbers are unique and both servers know the same current group', async () => {
      expect(new Set(crowd.map(({ place }) => place.number)).size).toBe(300)
      const { client } = crowd.find(({ place }) => place.number === 290)!
      const answers = await Promise.all(webs.map((url) => statusOf(sameVisitor(client, url), scheduleId)))
      expect(answers.map(({ body }) => [body.number, body.currentGroup])).toEqual([
        [290, 2],
        [290, 2],
      ])
    })

    test('Q5: the line lives in Redis and renews itself: who leaves makes room, and nobody lifts a finger', async () => {
      expect(await redis.pttl(`queue:{${scheduleId}}`)).toBeGreaterThan(0)
      const next = crowd.find(({ place }) => place.number === 126)!
      expect((await statusOf(next.client, scheduleId)).body.state).toBe('waiting')
      const inside = crowd.find(({ place }) => place.number === 3)!
      expect((await inside.client.delete(`/queue?scheduleId=${scheduleId}`)).status).toBe(204)
      await until(
        () => statusOf(next.client, scheduleId),
        ({ body }) => body.state === 'admitted',
        patience,
      )
    })
  })

  test('Q8: a lock of one group is held by one of two processes, renewed by its owner, and frees itself', async () => {
    const [here, there] = [redisAdapters(redis), redisAdapters(redis)]
    const locks = [here, there].map(({ lockStore }) =>
      createShardedLock({ lockStore, runtime: systemRuntime, ttlMs: 1_500, retries: 0 }),
    )
    const resource = 'crowd-group-1'
    const first = await locks[0]!.acquireLockWithSharding({ resource })
    await expect(locks[1]!.acquireLockWithSharding({ resource })).rejects.toMatchObject({ code: 'LOCK_BUSY' })
    // The first owner stops renewing, as one that died does.
    const { key, owner, fence } = { key: first.shard, owner: first.owner, fence: first.fence }
    expect(await here.lockStore.renew({ key, owner, fence, ttlMs: 50 })).toBe(true)
    const second = await until(
      () => locks[1]!.acquireLockWithSharding({ resource }).catch(() => null),
      (lease) => lease !== null,
    )
    expect(second!.fence).toBeGreaterThan(fence)
    await second!.release()
  })

  test('W10: who reloads, or whose server is killed and started again, keeps the number', async () => {
    const scheduleId = 'reloads'
    await sale(scheduleId, { capacity: 1, ratePerMinute: null })
    await inside(scheduleId)
    const first = openWeb()
    const client = createClient(await first.listening())
    const { number } = await join(client, scheduleId)
    expect((await client.post('/queue', { scheduleId })).body).toMatchObject({ state: 'waiting', number })
    first.child.kill('SIGKILL')
    await first.exit
    const second = openWeb()
    const again = sameVisitor(client, await second.listening())
    expect((await join(again, scheduleId)).number).toBe(number)
    expect((await statusOf(again, scheduleId)).body).toMatchObject({ state: 'waiting', number, ahead: 0 })
    // A tab that was closed has lost nothing but its page: the ticket alone, of a visit at yet another server, will do.
    expect((await statusOf(sameVisitor(client, webs[1]!), scheduleId)).body.number).toBe(number)
    await stop(second)
  })

  test('Q9: admission ends after its time, and the next one in line goes on', async () => {
    await sale('brief', { capacity: 1, ratePerMinute: null, passTtlSeconds: 6 })
    const first = await inside('brief')
    const pass = first.cookies.get('bt_pass_brief')
    const second = visitor()
    await join(second, 'brief')
    const over = await until(
      () => first.get('/seats/sections', { authorization: `Bearer ${pass}` }),
      ({ status }) => status !== 200,
      patience,
    )
    expect([over.status, over.body.code]).toEqual([403, 'PASS_EXPIRED'])
    await until(
      () => statusOf(second, 'brief'),
      ({ body }) => body.state === 'admitted',
      patience,
    )
  })

  describe('seats', () => {
    const scheduleId = 'seats'
    beforeAll(() => sale(scheduleId, { maxSeatsPerVisitor: 6 }))

    test('S1: a picked seat becomes RESERVED, a taken one is refused', async () => {
      const [one, other] = [await inside(scheduleId), await inside(scheduleId)]
      expect((await one.post('/seats/select', { seatIds: ['A-1-1'] })).status).toBe(201)
      expect(await seatOf(one, 'A', 0)).toMatchObject({ seatId: 'A-1-1', state: 'RESERVED' })
      const refused = await other.post('/seats/select', { seatIds: ['A-1-1'] })
      expect([refused.status, refused.body.title]).toEqual([409, '이미 예약된 좌석입니다.'])
    })

    test('S2: adjacent seats, else the same row, else new seats where the section grows', async () => {
      const client = await inside(scheduleId)
      const adjacent = await client.post('/seats/auto-assign', { quantity: 3, section: 'A' })
      expect(adjacent.body.allocation).toMatchObject({ rung: 1, fragments: 1 })
      await client.delete(`/seats/holds/${adjacent.body.holdId}`)
      // Every second seat of row 2 and all of row 1: nothing adjacent is left.
      const takers = [
        ['A-1-2', 'A-1-3', 'A-1-4', 'A-1-5', 'A-1-6'],
        ['A-1-7', 'A-1-8', 'A-1-9', 'A-1-10'],
        ['A-2-12', 'A-2-14', 'A-2-16', 'A-2-18', 'A-2-20'],
      ]
      for (const seatIds of takers)
        expect((await (await inside(scheduleId)).post('/seats/select', { seatIds })).status).toBe(201)
      const row = await client.post('/seats/auto-assign', { quantity: 2, section: 'A' })
      expect(row.body.seats.map(({ row }: { row: string }) => row)).toEqual(['2', '2'])
      expect(row.body.allocation.rung).toBeGreaterThan(2)
      const created = await client.post('/seats/auto-assign', { quantity: 4, section: 'C' })
      expect(created.body.allocation.rung).toBe(7)
      expect(created.body.seats.map(({ row }: { row: string }) => row)).toContain('E')
    })

    test('S3: Redis and MySQL agree, and MySQL answers when Redis does not know', async () => {
      const client = await inside('game-1')
      const { body: hold } = await client.post('/seats/auto-assign', { quantity: 2 })
      const order = { holdId: hold.holdId, amount: hold.amount, email: 'fan@example.com', paymentToken: 'tok_approve' }
      const { body: accepted } = await client.post('/payments', order, newKey())
      expect((await settled(client, accepted.requestId, patience)).body.status).toBe('COMPLETED')
      const claims = await rows('SELECT section, seat FROM bt_claim WHERE request_id = ?', [accepted.requestId])
      expect(claims).toHaveLength(2)
      const shown = async () => {
        const { body } = await client.get('/seats/map')
        const codes = Buffer.from(body.sections[claims[0]!.section], 'base64')
        return claims.map(({ seat }) => (codes[seat >> 2]! >> (2 * (seat & 3))) & 3)
      }
      await until(shown, (codes) => codes.join() === '2,2', patience)
      // The map of this sale is gone from Redis; the next look brings it back out of the record.
      const keys = await redis.keys('seats:{game-1}*')
      expect(keys.length).toBeGreaterThan(0)
      await redis.del(...keys)
      const stranger = await inside('game-1')
      const { seatId } = hold.seats[0]
      const refused = await until(
        () => stranger.post('/seats/select', { seatIds: [seatId] }),
        ({ status }) => status !== 503,
        patience,
      )
      expect([refused.status, refused.body.code]).toEqual([409, 'SEAT_TAKEN'])
      await until(shown, (codes) => codes.join() === '2,2', patience)
    })

    test('S4 S7: the seat’s own key shows it with its TTL, and the record learns of the hold afterwards', async () => {
      await sale('written-behind')
      const client = await inside('written-behind')
      const { body: hold } = await client.post('/seats/select', { seatIds: ['A-2-11'] })
      const view = await until(
        () => redis.get('seat:{written-behind}:A-2-11'),
        (text) => text !== null,
      )
      expect(JSON.parse(view!)).toMatchObject({ status: 'RESERVED', holdId: hold.holdId })
      const ttl = await redis.pttl('seat:{written-behind}:A-2-11')
      expect(ttl).toBeGreaterThan(0)
      expect(ttl).toBeLessThanOrEqual(301_000)
      await until(
        () => rows('SELECT hold_id FROM bt_hold WHERE hold_id = ?', [hold.holdId]),
        ({ length }) => length === 1,
        patience,
      )
    })

    test('S5: a hold frees itself when its time is over', async () => {
      await sale('short-holds', { holdTtlSeconds: 2 })
      const [one, other] = [await inside('short-holds'), await inside('short-holds')]
      expect((await one.post('/seats/select', { seatIds: ['A-1-5'] })).status).toBe(201)
      expect((await other.post('/seats/select', { seatIds: ['A-1-5'] })).status).toBe(409)
      await until(
        () => other.post('/seats/select', { seatIds: ['A-1-5'] }),
        ({ status }) => status === 201,
        patience,
      )
    })

    test('S6: of 40 who reach for one seat at the same moment, one has it', async () => {
      await sale('rush')
      const rush = await Promise.all(Array.from({ length: 40 }, () => inside('rush')))
      const answers = await Promise.all(rush.map((client) => client.post('/seats/select', { seatIds: ['A-2-15'] })))
      expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array(39).fill(409)])
    })
  })

  describe('payment', () => {
    beforeAll(() => sale('paid'))

    test('P1 P3: PENDING under payment:status:<requestId>, then COMPLETED, shown at once', async () => {
      const client = await inside('paid')
      const { accepted, requestId } = await pay(client, ['A-1-1'], 'tok_slow')
      expect(accepted.body).toEqual({ requestId, status: 'PENDING', message: '결제 요청 중...' })
      await until(
        () => redis.hget(`payment:status:${requestId}`, 'status'),
        (status) => status === 'PENDING',
      )
      expect((await client.get(`/payments/${requestId}/status`)).body.status).toBe('PENDING')
      expect((await settled(client, requestId, patience)).body.status).toBe('COMPLETED')
      await until(
        () => redis.hget(`payment:status:${requestId}`, 'status'),
        (status) => status === 'COMPLETED',
      )
    })

    test('P2: the request and the completion travel over Kafka, keyed by the requestId', async () => {
      const client = await inside('paid')
      const { requestId } = await pay(client, ['A-1-3'])
      expect((await settled(client, requestId, patience)).body.status).toBe('COMPLETED')
      const kafka = new Kafka({ brokers: [...broker!.brokers], clientId: 'reader', logLevel: logLevel.NOTHING })
      const heard: string[] = []
      const consumer = kafka.consumer({ groupId: 'reader' })
      await consumer.connect()
      await consumer.subscribe({ topics: ['payment-requested', 'payment-completed'], fromBeginning: true })
      await consumer.run({
        eachMessage: async ({ topic, message }) => {
          if (message.key?.toString() === requestId) heard.push(topic)
        },
      })
      await until(
        async () => heard,
        (topics) => topics.includes('payment-requested') && topics.includes('payment-completed'),
        patience,
      )
      await consumer.disconnect()
      const admin = kafka.admin()
      await admin.connect()
      const { groups } = await admin.listGroups()
      await admin.disconnect()
      expect(groups.map(({ groupId }) => groupId)).toEqual(
        expect.arrayContaining(['payment-service-group', 'notification-service-group']),
      )
    })

    test('P4: FAILED, the seat AVAILABLE again, and the message with its reason', async () => {
      const client = await inside('paid')
      const { requestId } = await pay(client, ['A-1-4'], 'tok_decline')
      expect((await settled(client, requestId, patience)).body.status).toBe('FAILED')
      const { body } = await client.get(`/payments/${requestId}/message`)
      expect(body.message).toMatch(/^결제 실패: .+/)
      await until(
        () => seatOf(client, 'A', 3),
        ({ state }) => state === 'AVAILABLE',
        patience,
      )
    })

    test('P5: payment-completed reaches the listener, and the mail has amount and reservation number', async () => {
      const client = await inside('paid')
      const { requestId } = await pay(client, ['A-1-6', 'A-1-7'])
      const { body } = await settled(client, requestId, patience)
      const mails = await until(
        async () => mail.mails.filter(({ text }) => text.includes(body.reservationId)),
        ({ length }) => length > 0,
        patience,
      )
      expect(mails).toHaveLength(1)
      expect(mails[0]).toMatchObject({ to: 'fan@example.com' })
      expect(mails[0]!.text).toContain(`결제 완료: ReservationId=${body.reservationId}, 금액=34000`)
    })

    test('I15: what an operator repeats with its key at the other server is done once', async () => {
      const operators = webs.map((url) => createClient(url, { authorization: `Bearer ${adminToken}` }))
      const twice = async (path: string) => {
        const key = newKey()
        return [await operators[0]!.post(path, {}, key), await operators[1]!.post(path, {}, key)] as const
      }
      const client = await inside('paid')
      const { requestId } = await pay(client, ['A-1-9'])
      const { reservationId } = (await settled(client, requestId, patience)).body
      const resent = await twice(`/admin/reservations/${reservationId}/resend`)
      expect(resent.map(({ status }) => status)).toEqual([202, 202])
      const refunded = await twice(`/admin/reservations/${reservationId}/refund`)
      expect(refunded.map(({ status }) => status)).toEqual([202, 202])
      await sale('reset-once')
      const reset = await twice('/admin/schedules/reset-once/reset')
      expect(reset.map(({ status }) => status)).toEqual([200, 200])
      const acts = await rows('SELECT action FROM bt_audit WHERE subject IN (?, ?) ORDER BY seq', [
        reservationId,
        'reset-once',
      ])
      expect(acts.map(({ action }) => action)).toEqual(['resend', 'refund', 'schedule-created', 'reset'])
    })

    test('I15: what an operator repeats at the other server is answered as the first time, whatever happened since', async () => {
      const [here, there] = webs.map((url) => createClient(url, { authorization: `Bearer ${adminToken}` }))
      const [making, pausing] = [newKey(), newKey()]
      const schedule = newSchedule('made-once')
      const made = await here!.post('/admin/schedules', schedule, making)
      const madeAgain = await there!.post('/admin/schedules', schedule, making)
      expect([made.status, madeAgain.status]).toEqual([201, 201])
      expect(madeAgain.body).toEqual(made.body)
      expect(madeAgain.headers.get('location')).toBe(made.headers.get('location'))

      const state = '/admin/schedules/made-once/state'
      const paused = await here!.post(state, { state: 'paused' }, pausing)
      expect((await here!.post(state, { state: 'open' }, newKey())).status).toBe(200)
      const pausedAgain = await there!.post(state, { state: 'paused' }, pausing)
      expect([paused.status, paused.body.saleState, pausedAgain.status]).toEqual([200, 'paused', 200])
      expect(pausedAgain.body).toEqual(paused.body)
      const [row] = await rows('SELECT state FROM bt_schedule WHERE schedule_id = ?', ['made-once'])
      expect(row?.state).toBe('open')
      const other = await there!.post(state, { state: 'ended' }, pausing)
      expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    })

    test('I15: a reservation cancelled once more at the other server is answered as the first time', async () => {
      const client = await inside('paid')
      const { requestId } = await pay(client, ['A-1-10'])
      const { reservationId } = (await settled(client, requestId, patience)).body
      const key = newKey()
      const cancel = `/reservations/${reservationId}/cancel`
      const first = await client.post(cancel, {}, key)
      await until(
        () => client.get(`/reservations/${reservationId}`),
        ({ body }) => body.state === 'CANCELLED',
        patience,
      )
      for (const url of webs) {
        const elsewhere = createClient(url)
        for (const [name, value] of client.cookies) elsewhere.cookies.set(name, value)
        const again = await elsewhere.post(cancel, {}, key)
        expect([again.status, again.body]).toEqual([202, first.body])
      }
      const kept = await rows('SELECT answer FROM bt_answer WHERE answer LIKE ?', [
        `%"reservationId":"${reservationId}"%`,
      ])
      expect(kept.map(({ answer }) => JSON.parse(answer))).toEqual([{ status: 202, body: first.body }])
    })
  })
})
