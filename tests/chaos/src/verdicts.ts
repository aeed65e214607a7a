import { defaultSettings } from '@b-ticketing/core'
import type { Check, Evidence } from '../../../examples/server/demo/audit/evidence.ts'
import { byTheTable, published } from '../../../examples/server/demo/audit/history.ts'
import { oneMailEach } from '../../../examples/server/demo/audit/mail.ts'
import {
  booksBalance,
  neverTwice,
  nothingLost,
  paidIsBooked,
  venuePrices,
} from '../../../examples/server/demo/audit/money.ts'
import { sameInRedis } from '../../../examples/server/demo/audit/redis.ts'
import { readSeatBook } from '../../../examples/server/demo/audit/seat-book.ts'
import { everythingFreed, oneOwner, ownersOnly, seatsAddUp } from '../../../examples/server/demo/audit/seats.ts'
import { newLineWatch } from '../../../examples/server/demo/line-watch.ts'
import { readRedisBooks } from '../../../examples/server/demo/redis-books.ts'
import type { EngineChild } from './engine-child.ts'
import type { Ground } from './ground.ts'

const checks: readonly Check[] = [
  ...[oneOwner, paidIsBooked, everythingFreed, neverTwice, nothingLost, byTheTable, ownersOnly],
  ...[published, venuePrices, seatsAddUp, booksBalance],
]

/**
 * What is wrong with a sale at rest, as the record in MySQL, the gateway's ledger, the mailbox and Redis tell it, each read by
 * itself. The engine's own word is only compared with theirs. `nowMs`: the clock that the stores judge by.
 */
export async function wrongs(ground: Ground, engine: EngineChild, nowMs: number): Promise<readonly string[]> {
  const { scheduleId, venue, settings } = ground
  const shown = await engine.call('seating', 'stats', { scheduleId })
  const [store, redis] = await Promise.all([ground.books.read(), readRedisBooks(ground.redisUrl, scheduleId)])
  const seatBook = readSeatBook(venue)
  const evidence: Evidence = {
    ...{ scheduleId, seatBook, shown: { seats: shown, joined: 0 } },
    holdTtlMs: 1_000 * (settings.holdTtlSeconds ?? defaultSettings.holdTtlSeconds),
    store: { ...store, at: nowMs, line: newLineWatch() },
    redis: { ...redis, at: nowMs },
    ledger: ground.gateway.ledger(),
    mails: ground.mail.mails,
    crowd: { numbers: [], receipts: [], repeats: [], pushes: [], surprises: [] } as unknown as Evidence['crowd'],
    http: { answered: 0, failures: [] },
    complaints: [],
  }
  return [...checks, sameInRedis({ ...redis, at: nowMs }), mailsOf]
    .map((check) => check(evidence))
    .flatMap(({ id, offenders }) => offenders.map((offender) => `${id}: ${offender}`))
}

/** A reservation that was paid back later was told all the same. */
const mailsOf: Check = (evidence) => {
  const told = evidence.store.payments.map((payment) => ({ ...payment, refund: 'none' as const }))
  return oneMailEach({ ...evidence, store: { ...evidence.store, payments: told } })
}
