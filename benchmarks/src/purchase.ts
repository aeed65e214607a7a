import { setTimeout } from 'node:timers/promises'
import { generateBallpark } from '@b-ticketing/core'
import { withKafka } from './kafka-stand.ts'
import { type MysqlStand, withMysql } from './mysql-stand.ts'
import { audit, oversold } from './purchase-books.ts'
import { openEngine } from './purchase-engine.ts'
import { openOriginal } from './purchase-original.ts'
import type { Ground, Party, Shop } from './purchase-shop.ts'
import { withRedis } from './redis-stand.ts'
import { inFlight } from './seats-redis.ts'
import { digits, type Line, median, type Row } from './table.ts'

const repeats = 5
const venue = generateBallpark({ seats: 25_000 })
/** Visitors of a round, how many of them are on their way at once, and connections to MySQL: where each is at its best. */
const contenders = {
  peer: { open: openOriginal, visitors: 1_000, atOnce: 256, connections: 32 },
  ours: { open: openEngine, visitors: 5_000, atOnce: 1_500, connections: 10 },
} as const
/** A round takes seconds. */
const mostMs = 60_000
/** For the last mails. */
const [lookEveryMs, mostLooks] = [100, 300]

type Contender = keyof typeof contenders

interface Measured {
  readonly perSecond: number
  readonly cpuMicros: number
  readonly failed: readonly string[]
  readonly oversold: number
}

/**
 * Visitors who join, are let in, get 1 to 4 seats together, pay and hear that it is COMPLETED, a second; and the CPU time of
 * this process for each, its mail included. Peer: the original's shape on the same servers, slower and so with fewer visitors.
 */
export const e2ePurchase: Row = {
  name: 'e2e-purchase',
  run: () =>
    withRedis((redis) =>
      withMysql((mysql) =>
        withKafka(async (brokers) => {
          const rounds: Record<Contender, Measured[]> = { peer: [], ours: [] }
          for (let round = 0; round <= repeats; round++) {
            for (const who of ['peer', 'ours'] as const) {
              rounds[who].push(await measure(who, mysql, { redis, brokers, venue, name: `${who}-${round}` }))
            }
          }
          return resultOf(rounds, mysql.product)
        }),
      ),
    ),
}

/** A house of its own: nothing of the other contender, or of a round before, runs beside it. */
async function measure(who: Contender, mysql: MysqlStand, site: Omit<Ground, 'record'>): Promise<Measured> {
  const record = await mysql.openRecord(contenders[who].connections)
  try {
    const shop = await contenders[who].open({ ...site, record })
    try {
      return await withinTime(sell(shop, contenders[who]))
    } finally {
      await shop.close()
    }
  } finally {
    await record.close()
  }
}

async function withinTime<T>(work: Promise<T>): Promise<T> {
  const late = new AbortController()
  const over = setTimeout(mostMs, null, { signal: late.signal }).then(() => {
    throw new Error(`a round was not over after ${mostMs / 1_000} s`)
  })
  try {
    return await Promise.race([work, over])
  } finally {
    late.abort()
  }
}

async function sell(shop: Shop, { visitors, atOnce }: { visitors: number; atOnce: number }): Promise<Measured> {
  const happy: Party[] = []
  const failed: string[] = []
  const visit = async (number: number): Promise<void> => {
    const party = { number, visitor: `visitor-${number}`, quantity: (number % 4) + 1 }
    const end = await shop.buy(party).catch((error: Error) => error.message)
    if (end === 'COMPLETED') happy.push(party)
    else failed.push(end)
  }
  const cpu = process.cpuUsage()
  const begun = performance.now()
  await inFlight(visitors, atOnce, visit)
  const perSecond = (happy.length * 1_000) / (performance.now() - begun)
  for (let looks = 0; shop.mails() < happy.length && looks < mostLooks; looks++) await setTimeout(lookEveryMs)
  const { user, system } = process.cpuUsage(cpu)
  const books = await shop.books()
  audit(books, venue, happy)
  return { perSecond, cpuMicros: (user + system) / happy.length, failed, oversold: oversold(books) }
}

function resultOf({ ours, peer }: Record<Contender, readonly Measured[]>, product: string) {
  const line = (shape: string, unit: string, of: 'perSecond' | 'cpuMicros', lessIsBetter: boolean): Line => {
    // The first round warms up. A failure in it is one all the same.
    const middle = (all: readonly Measured[]) => median(all.slice(1).map((one) => one[of]))
    return { shape, unit, lessIsBetter, ours: middle(ours), peer: middle(peer), limit: null }
  }
  const rate = line('completed purchases', '/s', 'perSecond', false)
  const cpu = line('CPU of this process for each', 'µs', 'cpuMicros', true)
  const times = rate.ours / rate.peer!
  const faster = { reached: `${digits(times)}×`, met: times >= 20 }
  const flaws = { ours: flawsOf(ours), peer: flawsOf(peer) }
  return {
    lines: [rate, cpu],
    verdicts: [
      { target: "≥ 20× the original's shape", ...faster },
      { target: '≤ 200 µs of CPU', reached: `${digits(cpu.ours)} µs`, met: cpu.ours <= 200 },
      { target: '0 failed, 0 oversold', reached: flaws.ours.text, met: flaws.ours.none },
      { target: "stretch ≥ 30× the original's shape", ...faster, met: times >= 30, stretch: true as const },
    ],
    notes: [`on ${product}`, `the peer: ${flaws.peer.text}`, ...flaws.ours.reasons],
  }
}

function flawsOf(rounds: readonly Measured[]) {
  const failed = rounds.flatMap((one) => one.failed)
  const twice = rounds.reduce((total, one) => total + one.oversold, 0)
  return {
    none: failed.length === 0 && twice === 0,
    text: `${failed.length} failed, ${twice} oversold`,
    reasons: [...new Set(failed)].map((reason) => `failed: ${reason}`),
  }
}
