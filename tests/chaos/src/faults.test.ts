import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownKafka, ownRedis, sharedKafka, sharedRedis, sharedSql } from '@b-ticketing/services'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { reportLines } from './report.ts'
import { openStage, type Stage } from './stage.ts'
import { storm } from './storm.ts'
import { buy, hold, pay, statusOf } from './visitor.ts'

const [redis, sql, kafka] = await Promise.all([sharedRedis(), sharedSql('mysql'), sharedKafka()])
const missing = redis === null || sql === null || kafka === null

type Terms = Parameters<typeof openStage>[0]

/** Ends with its test: an engine that idles is not idle. */
async function raise(atEnd: (end: () => Promise<void>) => unknown, own: Partial<Terms> = {}): Promise<Stage> {
  const { uri } = await sql!.createDatabase()
  const scheduleId = `fault-${randomBytes(6).toString('hex')}`
  const stage = await openStage({ scheduleId, redisUrl: redis!.url, mysqlUrl: uri, brokers: kafka!.brokers, ...own })
  atEnd(stage.close)
  return stage
}

const timeout = 180_000

const habits = [
  ['slow', 'tok_slow', 'COMPLETED'],
  ['a timeout after the capture', 'tok_charged_then_timeout', 'COMPLETED'],
  ['a timeout without one', 'tok_timeout', 'FAILED, TIMED_OUT'],
  ['a late capture and its late webhook', 'tok_late', 'COMPLETED'],
  ['webhooks that come thrice and out of order', 'tok_duplicate', 'COMPLETED'],
  ['a decline', 'tok_decline', 'FAILED, card_declined'],
  ['another amount than was asked', 'tok_wrong_amount', 'FAILED, AMOUNT_DIFFERS, refund DONE'],
] as const

const settle: NonNullable<Terms['hear']> = async ({ event }, { arrive }) => {
  const { engine } = await arrive()
  await engine.call('payments', 'settle', { requestId: event.requestId, event, source: 'webhook' })
}

const ends: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const end of ends) await end()
})

/** All at once, for some of them take as long as a charge may. */
async function play() {
  const stage = await raise((end) => ends.push(end), { hear: settle })
  const visitors = new Map<string, string>()
  for (const [, token] of habits) {
    const way = await stage.arrive()
    visitors.set(token, way.visitor)
    await pay(way, await hold(way), token)
  }
  while (stage.ground.gateway.ledger().length < 6) await sleep(50)
  // What was captured wrongly stands in the ledger beside its refund.
  const wrongs = await stage.comeToRest({ mayBe: /^I13: capture of / })
  return { stage, visitors, wrongs }
}
let played: ReturnType<typeof play> | undefined
const atTheEnd = () => {
  played ??= play()
  return played
}

// While the others run, which take less time.
beforeAll(() => {
  if (!missing) atTheEnd().catch(() => {})
})

describe.skipIf(missing)('a gateway that cannot be heard', { concurrent: true }, () => {
  test('its answers are lost: the charge is found by its key, and made once', { timeout }, async ({
    expect,
    onTestFinished,
  }) => {
    const stage = await raise(onTestFinished)
    const way = await stage.arrive()
    const held = await hold(way)
    stage.ground.proxies.gateway.dropReplies(true)
    const { requestId } = await pay(way, held, 'tok_approve')
    await expect.poll(() => stage.ground.gateway.ledger().length, { timeout: 30_000 }).toBe(1)
    await stage.kill()
    stage.ground.proxies.gateway.dropReplies(false)
    expect(await stage.comeToRest()).toEqual([])
    expect(stage.ground.gateway.ledger().map((row) => [row.requestId, row.type])).toEqual([[requestId, 'charge']])
    expect(await stage.outcomeOf(way.visitor)).toBe('COMPLETED')
  })

  test('I18: away until the payment’s time is over: FAILED, never charged, the seats free', { timeout }, async ({
    expect,
    onTestFinished,
  }) => {
    const stage = await raise(onTestFinished)
    const way = await stage.arrive()
    const held = await hold(way)
    stage.ground.proxies.gateway.blackHole(true)
    await pay(way, held, 'tok_approve')
    await stage.advance(46_000)
    await stage.kill()
    stage.ground.proxies.gateway.blackHole(false)
    expect(await stage.comeToRest()).toEqual([])
    expect(await stage.outcomeOf(way.visitor)).toBe('FAILED, TIMED_OUT')
  })
})

describe.skipIf(missing)('I12: a mail server that fails touches no booking', { concurrent: true }, () => {
  const sold = async (stage: Stage) => {
    const way = await stage.arrive()
    await buy(way, 'tok_approve')
    return way.visitor
  }
  const noticesOf = (stage: Stage) =>
    stage.ground.rows<{ state: string; attempts: number }>('SELECT state, attempts FROM bt_notice')

  test('put off (4xx): the mail goes out later, once', { timeout }, async ({ expect, onTestFinished }) => {
    const stage = await raise(onTestFinished)
    stage.ground.mail.refuse(451)
    await sold(stage)
    await expect.poll(async () => (await noticesOf(stage))[0]?.attempts, { timeout: 60_000 }).toBeGreaterThan(0)
    stage.ground.mail.refuse(null)
    expect(await stage.comeToRest()).toEqual([])
    expect(stage.ground.mail.mails).toHaveLength(1)
  })

  test('refused (5xx): it is not sent again, and the booking stands', { timeout }, async ({
    expect,
    onTestFinished,
  }) => {
    const stage = await raise(onTestFinished)
    stage.ground.mail.refuse(550)
    const visitor = await sold(stage)
    await expect.poll(async () => (await noticesOf(stage))[0]?.state, { timeout: 60_000 }).toBe('refused')
    stage.ground.mail.refuse(null)
    expect(await stage.comeToRest({ mayBe: /^I12: booking \S+ no mail$/ })).toEqual([])
    expect(stage.ground.mail.mails).toEqual([])
    expect(await stage.outcomeOf(visitor)).toBe('COMPLETED')
  })

  test('down, then hanging amid a mail while its process is killed: it goes out in the end', { timeout }, async ({
    expect,
    onTestFinished,
  }) => {
    const stage = await raise(onTestFinished)
    stage.ground.proxies.smtp.blackHole(true)
    await sold(stage)
    const leased = async () => (await stage.ground.rows('SELECT 1 FROM bt_notice WHERE token IS NOT NULL')).length
    await expect.poll(leased, { timeout: 60_000 }).toBe(1)
    await stage.kill()
    stage.ground.proxies.smtp.blackHole(false)
    expect(await stage.comeToRest()).toEqual([])
    expect(stage.ground.mail.mails).toHaveLength(1)
  })
})

describe.skipIf(missing)('Kafka is down', { concurrent: true }, () => {
  test('PAY5, I11: for minutes: payments are finished without it, and every message and mail comes afterwards', {
    timeout,
  }, async ({ expect, onTestFinished }) => {
    const own = await ownKafka()
    onTestFinished(async () => own?.close())
    const stage = await raise(onTestFinished, { brokers: own!.brokers })
    const before = await stage.arrive()
    await own!.kill()
    await pay(before, await hold(before), 'tok_approve')
    await stage.advance(31_000)
    await expect.poll(() => stage.outcomeOf(before.visitor), { timeout: 60_000 }).toBe('COMPLETED')
    await stage.advance(5 * 60_000)
    const waiting = await stage.ground.rows<{ id: string }>('SELECT event_id AS id FROM bt_outbox')
    const kinds = waiting.map(({ id }) => id.replace(/^.*-(payment-)/, '$1')).toSorted()
    expect(kinds).toEqual(['payment-completed', 'payment-requested'])
    expect(stage.ground.mail.mails).toEqual([])
    await own!.start()
    expect(await stage.comeToRest()).toEqual([])
    expect(stage.ground.mail.mails).toHaveLength(1)

    // The same broker, now so slow that the hold would be over: what comes late changes nothing.
    const late = await stage.arrive()
    await own!.pause()
    const { requestId } = await pay(late, await hold(late), 'tok_approve')
    await stage.advance(62_000)
    await expect.poll(() => stage.outcomeOf(late.visitor), { timeout: 60_000 }).toBe('FAILED, TIMED_OUT')
    await own!.resume()
    expect(await stage.comeToRest()).toEqual([])
    expect((await statusOf(late, requestId)).status).toBe('FAILED')
    expect(stage.ground.gateway.ledger().filter((row) => row.requestId === requestId && row.type === 'charge')).toEqual(
      [],
    )
  })
})

describe.skipIf(missing)('Redis and clocks', { concurrent: true }, () => {
  test('H13: Redis restarts empty between a hold and its payment, and while another is charged', {
    timeout,
  }, async ({ expect, onTestFinished }) => {
    const own = await ownRedis()
    onTestFinished(async () => own?.close())
    const stage = await raise(onTestFinished, { redisUrl: own!.url })
    const [holder, payer] = [await stage.arrive(), await stage.arrive()]
    const held = await hold(holder)
    const { requestId } = await pay(payer, await hold(payer), 'tok_slow')
    const written = async () => (await stage.ground.rows('SELECT 1 FROM bt_hold WHERE document IS NOT NULL')).length
    await expect.poll(written).toBeGreaterThan(0)
    await own!.servers[0]!.kill()
    await own!.servers[0]!.start()
    const paid = () => pay(holder, held, 'tok_approve').catch((error: Error) => error)
    await expect.poll(paid, { timeout: 60_000 }).toMatchObject({ visitor: holder.visitor })
    await expect.poll(async () => (await statusOf(payer, requestId)).status, { timeout: 60_000 }).toBe('COMPLETED')
    expect(await stage.comeToRest()).toEqual([])
    expect(await stage.outcomeOf(holder.visitor)).toBe('COMPLETED')
  })

  test('every clock jumps ten minutes back, and on again: holds end, payments go on', { timeout }, async ({
    expect,
    onTestFinished,
  }) => {
    const stage = await raise(onTestFinished)
    const [holder, payer] = [await stage.arrive(), await stage.arrive()]
    await hold(holder)
    const held = await hold(payer)
    await stage.advance(-10 * 60_000)
    const { requestId } = await pay(payer, held, 'tok_approve')
    await expect.poll(async () => (await statusOf(payer, requestId)).status, { timeout: 60_000 }).toBe('COMPLETED')
    await stage.advance(10 * 60_000)
    expect(await stage.comeToRest()).toEqual([])
    const stats = await payer.engine.call('seating', 'stats', { scheduleId: payer.scheduleId })
    expect(stats).toMatchObject({ reserved: 0, completed: 2 })
  })
})

describe.skipIf(missing)('overload', { concurrent: true }, () => {
  test('far more arrivals than may wait: a number or BUSY for each, and who is inside buys', { timeout }, async ({
    expect,
    onTestFinished,
  }) => {
    const stage = await raise(onTestFinished)
    const inside = await stage.arrive()
    const held = await hold(inside)
    const { engine, scheduleId } = inside
    const flood = engine.call('house', 'flood', { scheduleId, joins: 10_500 })
    const { requestId } = await pay(inside, held, 'tok_approve')
    const { joined, busy, others } = await flood
    expect(others).toEqual([])
    expect([joined + busy, busy > 0, joined > 0]).toEqual([10_500, true, true])
    const status = async () => (await statusOf(inside, requestId)).status
    await expect.poll(status, { timeout: 60_000 }).toBe('COMPLETED')
    expect(await stage.comeToRest()).toEqual([])
  })
})

describe.skipIf(missing)('faults by chance', { concurrent: true }, () => {
  test('I1–I18, S3: 64 buyers at 4 processes, while a process or service at a time is killed or frozen', {
    timeout: 300_000,
  }, async ({ expect }) => {
    const report = await storm({ seed: 196, seconds: 10 })
    console.log(reportLines(report!).join('\n'))
    expect(report?.wrongs).toEqual([])
    expect(report?.rows.length).toBeGreaterThan(1)
    expect(report?.paid).toBeGreaterThan(0)
  })
})

describe.skipIf(missing)('a gateway with every bad habit, on real services', () => {
  test.each(habits)('%s', { timeout }, async (_, token, outcome) => {
    const { stage, visitors } = await atTheEnd()
    expect(await stage.outcomeOf(visitors.get(token))).toBe(outcome)
  })

  test('I1–I14: the books agree', { timeout }, async () => {
    expect((await atTheEnd()).wrongs).toEqual([])
  })
})
