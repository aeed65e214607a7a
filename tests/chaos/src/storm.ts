import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownKafka, ownRedis, ownSql } from '@b-ticketing/services'
import { Redis as RedisClient } from 'ioredis'
import { look, newLineWatch } from '../../../examples/server/demo/line-watch.ts'
import { lineOf } from '../../../examples/server/demo/redis-line.ts'
import { createRandom } from '../../simulation/src/random.ts'
import { type Notes, newNotes, shop } from './buyer.ts'
import { type Crew, openCrew } from './crew.ts'
import { startEngine } from './engine-child.ts'
import type { Terms } from './engine-talk.ts'
import { type Ground, openGround } from './ground.ts'
import { faultNames, faults, type Town } from './storm-faults.ts'
import { wrongs } from './verdicts.ts'

/** A kind of fault, and what the sale did in spite of it. */
export interface FaultRow {
  readonly fault: string
  times: number
  seconds: number
  /** Payments that buyers saw completed while it lasted. */
  paid: number
}

export interface StormReport {
  readonly rows: readonly FaultRow[]
  readonly visitors: number
  readonly paid: number
  readonly answered: number
  readonly away: number
  readonly looks: number
  /** What is broken; empty: the sale kept every promise. */
  readonly wrongs: readonly string[]
}

const settings = {
  ...{ holdTtlSeconds: 5, passTtlSeconds: 8, claimWindowSeconds: 1, maxSeatsPerVisitor: 4, groupSize: 16 },
  ...{ capacity: 56, ratePerMinute: null },
}
const buyers = 64
const processes = 4

/**
 * Buyers at several processes of one sale on real services, while one service or process at a time is killed or frozen; then
 * rest, and every promise held against what the stores say. Null: a service could not be started here.
 */
export async function storm(p: {
  readonly seed: number
  readonly seconds: number
  readonly say?: (line: string) => void
}): Promise<StormReport | null> {
  const random = createRandom(p.seed)
  const services = await Promise.all([ownRedis(), ownSql('mysql'), ownKafka()])
  const [redis, sql, kafka] = services
  const close: (() => Promise<unknown>)[] = services.map((service) => async () => service?.close())
  try {
    if (!redis || !sql || !kafka) return null
    const { uri } = await sql.createDatabase()
    const scheduleId = `storm-${randomBytes(6).toString('hex')}`
    let crew: Crew | null = null
    const ground = await openGround({
      ...{ scheduleId, seats: 1_200, settings, redisUrl: redis.url, mysqlUrl: uri },
      hear: async ({ event }) => {
        await crew!.ask('payments', 'settle', { requestId: event.requestId, event, source: 'webhook' })
      },
    })
    close.unshift(() => ground.close())
    const terms: Terms = {
      ...{ redisUrl: redis.url, mysqlUrl: uri, brokers: kafka.brokers, prefix: '', sessionTimeoutMs: 3_000 },
      ...{ gatewayUrl: ground.gatewayUrl, smtpUrl: ground.smtpUrl },
      ...{ aheadMs: null, dies: null },
    }
    crew = await openCrew({ size: processes, terms, random: random.fork() })
    close.unshift(crew.dismiss)
    await openSale(ground, crew)

    const notes = newNotes()
    const line = watchLine(redis.url, scheduleId)
    close.unshift(line.stop)
    const town: Town = { crew, redis, sql, kafka, ...ground.proxies }
    const end = Date.now() + p.seconds * 1_000
    let visitors = 0
    const over = (): boolean => Date.now() >= end + 10_000
    const crowd = Array.from({ length: buyers }, async (_, i) => {
      const dice = random.fork()
      for (let n = 0; Date.now() < end; n++) {
        visitors++
        await shop({ crew: town.crew, scheduleId, visitor: `b${i}-${n}`, random: dice, notes, over })
      }
    })
    const locking = Array.from({ length: 3 }, (_, i) =>
      lockAndWrite({ crew: town.crew, notes, end, resource: `r${i}` }),
    )
    const rows = await hurt({ town, random: random.fork(), end, notes, say: p.say ?? (() => {}) })
    await Promise.all([...crowd, ...locking])
    await crew.dismiss()
    const rest = await comeToRest(ground, terms)
    const { watch } = line
    return {
      ...{ rows, visitors, paid: notes.paid.size, answered: notes.answered, away: notes.away, looks: watch.ticks },
      wrongs: [
        ...rest,
        ...notes.surprises,
        ...watch.overCapacity.map((text) => `I9: ${text}`),
        ...(await told(ground, notes)),
      ],
    }
  } finally {
    for (const one of close) await one().catch(() => {})
  }
}

async function openSale(ground: Ground, crew: Crew): Promise<void> {
  const { scheduleId, venue } = ground
  await crew.ask('schedules', 'create', { scheduleId, venue, prices: {}, state: 'open', settings })
  await ground.rows('CREATE TABLE chaos_fence (resource VARCHAR(8) PRIMARY KEY, seen BIGINT, writes INT)')
  await ground.rows("INSERT INTO chaos_fence VALUES ('r0', 0, 0), ('r1', 0, 0), ('r2', 0, 0)")
}

/** One fault after the other, with a pause between. */
async function hurt(p: {
  readonly town: Town
  readonly random: ReturnType<typeof createRandom>
  readonly end: number
  readonly notes: Notes
  readonly say: (line: string) => void
}): Promise<readonly FaultRow[]> {
  const { town, random, end, notes, say } = p
  const rows = new Map<string, FaultRow>()
  await sleep(1_500)
  for (const fault of faultNames(random)) {
    if (Date.now() >= end) return [...rows.values()]
    const began = Date.now()
    const paid = notes.paid.size
    await faults[fault]!(town, random, 500 + random.below(2_500))
    const seconds = (Date.now() - began) / 1_000
    const row = rows.get(fault) ?? { fault, times: 0, seconds: 0, paid: 0 }
    row.times++
    row.seconds += seconds
    row.paid += notes.paid.size - paid
    rows.set(fault, row)
    say(`${fault} for ${seconds.toFixed(1)} s`)
    await sleep(500 + random.below(1_000))
  }
  return []
}

/** I8: whoever held a lock to the end was not refused by what the lock protects. */
async function lockAndWrite(p: {
  readonly crew: Crew
  readonly notes: Notes
  readonly end: number
  readonly resource: string
}): Promise<void> {
  while (Date.now() < p.end) {
    const write = { resource: p.resource, holdMs: 100 }
    const outcome = await p.crew.ask('house', 'write', write).catch(() => 'lost' as const)
    if (outcome === 'refused') p.notes.surprises.push(`I8: a number of ${p.resource} came twice, or fell`)
    await sleep(100)
  }
}

/** The line as it lies in Redis, whenever there is one. */
function watchLine(url: string, scheduleId: string) {
  const redis = new RedisClient(url, { maxRetriesPerRequest: 1, commandTimeout: 500 })
  redis.on('error', () => {})
  const watch = newLineWatch()
  let stopped = false
  const looking = (async () => {
    while (!stopped) {
      const fields = await redis.hgetall(`queue:{${scheduleId}}`).catch(() => ({}) as Record<string, string>)
      if (fields.tail !== undefined) look(lineOf(fields), watch)
      await sleep(50)
    }
  })()
  return {
    watch,
    stop: async () => {
      stopped = true
      await looking
      redis.disconnect()
    },
  }
}

/** A process whose clock is ahead, so that no lease has to be waited for. */
async function comeToRest(ground: Ground, terms: Terms): Promise<readonly string[]> {
  let aheadMs = 31_000
  const engine = await startEngine({ ...terms, aheadMs })
  let found: readonly string[] = ['it does not come to rest']
  const deadline = Date.now() + 90_000
  try {
    while (Date.now() < deadline) {
      await engine.call('house', 'tick', {}).catch(() => {})
      const open = await ground.books.unfinished()
      if (open === 0) {
        found = await wrongs(ground, engine, Date.now() + aheadMs)
        if (found.length === 0) return []
      } else found = [`${open} payments, messages or notices are unfinished`]
      await sleep(1_000)
      // Up to what a lease, a payment that was never answered and a mail that failed often wait for.
      if (aheadMs < 15 * 31_000) {
        aheadMs += 31_000
        await engine.call('house', 'advance', { ms: 31_000 })
      }
    }
    return [...found, ...engine.lines.slice(-10)]
  } finally {
    await engine.kill()
  }
}

/** I15 and I17: what buyers were told stands in the record. */
async function told(ground: Ground, notes: Notes): Promise<readonly string[]> {
  const rows = await ground.rows<{ id: string; state: string; refund: string }>(
    'SELECT request_id AS id, state, refund FROM bt_payment WHERE seq IS NOT NULL',
  )
  const record = new Map(rows.map((row) => [row.id, row]))
  const unknown = [...notes.requestIds.values()].filter((id) => !record.has(id)).map((id) => `I15: ${id} is not there`)
  const reversed = [...notes.paid].filter((id) => {
    const { state, refund } = record.get(id) ?? {}
    return state !== 'COMPLETED' || (refund !== 'none' && !notes.refunded.has(id))
  })
  return [...unknown, ...reversed.map((id) => `I17: ${id} was told to be paid`)]
}
