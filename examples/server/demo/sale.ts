import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Evidence } from './audit/evidence.ts'
import { readSeatBook } from './audit/seat-book.ts'
import { connect } from './client.ts'
import { lastFans, onSale } from './crowd.ts'
import { type CrowdBooks, newCrowdBooks } from './crowd-books.ts'
import type { House } from './house-process.ts'
import type { Operator } from './operator.ts'
import type { DemoOptions } from './options.ts'
import { createDisplay } from './progress.ts'
import { readRedisBooks } from './redis-books.ts'
import type { Services } from './services.ts'
import { saleSettings, scheduleId } from './settings.ts'
import { watch } from './watch.ts'

export interface SaleResult {
  readonly soldOut: boolean
  readonly seconds: number
  readonly answered: number
  readonly failures: readonly string[]
  readonly books: CrowdBooks
}

/** For each fan of the crowd, at most so many of the last ones who sweep up single seats. */
export const lastFansPerFan = 2

/** The whole on-sale: the crowd, the last fans, and the house's own work behind them, shown as it goes. */
export async function runSale(
  p: { readonly house: House; readonly operator: Operator } & Pick<DemoOptions, 'fans' | 'rate' | 'seed'>,
): Promise<SaleResult> {
  const { house, operator, fans, rate, seed } = p
  const internet = connect({ urls: house.urls })
  const books = newCrowdBooks()
  const began = performance.now()
  const shown = watch({
    scheduleId,
    operator,
    house,
    counts: internet.counts,
    books,
    display: createDisplay(process.stdout),
  })
  try {
    await onSale({ internet, scheduleId, books, fans, rate, seed })
    const seatsLeft = async () => (await operator.stats(scheduleId)).seats
    const soldOut = await lastFans({ internet, scheduleId, books, most: fans * lastFansPerFan, seatsLeft })
    const seconds = (performance.now() - began) / 1_000
    await settled(house)
    return { soldOut, seconds, books, ...internet.counts }
  } finally {
    await shown.stop()
    internet.close()
  }
}

/** No outcome of the sandbox takes longer. */
const settledWithinMs = 75_000

/** Waits until nothing is open: payments decided, messages published, mails sent. What stays open, the audit finds. */
async function settled(house: House): Promise<void> {
  const end = performance.now() + settledWithinMs
  while ((await house.pulse()).unfinished > 0 && performance.now() < end) await sleep(200)
}

/** Four books from four hands: the record, the gateway's ledger, the mailbox, and what the crowd wrote down; and Redis, if it is there. */
export async function gatherEvidence(p: {
  readonly house: House
  readonly operator: Operator
  readonly result: SaleResult
  readonly venueFile: string | URL
  readonly services: Pick<Services, 'redisUrl'>
}): Promise<Evidence> {
  const { house, operator, result, services } = p
  const seatBook = readSeatBook(JSON.parse(readFileSync(p.venueFile, 'utf8')))
  const [kept, { line, seats }] = await Promise.all([house.books(), operator.stats(scheduleId)])
  const { answered, failures, books } = result
  return {
    scheduleId,
    holdTtlMs: saleSettings.holdTtlSeconds * 1_000,
    seatBook,
    ...kept,
    redis: services.redisUrl === null ? null : await readRedisBooks(services.redisUrl, scheduleId),
    crowd: books,
    http: { answered, failures },
    complaints: house.complaints,
    shown: { seats, joined: line.joined },
  }
}
