import type { RedisBooks } from '../redis-books.ts'
import { type Check, type Evidence, isSold, seatKeysOf } from './evidence.ts'

const [reserved, completed, blocked] = [1, 2, 3]
/** A hold that is over is free in Redis at its deadline; the two clocks may differ by so much. */
const skewMs = 1_000

/** What the record says of the seats of this sale, by `section/index`. */
function recordOf({ scheduleId, store, seatBook }: Evidence, at: number) {
  const prefix = `${scheduleId}/`
  const short = (key: string): readonly string[] => (key.startsWith(prefix) ? [key.slice(prefix.length)] : [])
  const decided = new Map(
    store.blocks.flatMap(({ key, blocked }) => short(key).map((seat) => [seat, blocked] as const)),
  )
  const open = store.payments.filter(({ state }) => state !== 'COMPLETED' && state !== 'FAILED')
  const live = store.holds.flatMap(({ scheduleId: id, hold }) =>
    id === scheduleId && hold !== null && hold.expiresAt + skewMs >= at ? [hold] : [],
  )
  return {
    sold: new Set(store.payments.filter(isSold).flatMap(seatKeysOf).flatMap(short)),
    mayBeReserved: new Set([
      ...open.flatMap(seatKeysOf).flatMap(short),
      ...live.flatMap(({ parts }) => parts.flatMap(({ section, seats }) => seats.map((seat) => `${section}/${seat}`))),
    ]),
    isBlocked: (seat: string): boolean => decided.get(seat) ?? seatBook.seats.get(seat)?.blocked ?? false,
  }
}

/** Redis and the record tell the same of every seat; what only Redis knows is a hold that is not over. */
export const sameInRedis =
  ({ at, sections }: RedisBooks): Check =>
  (evidence) => {
    const { sold, mayBeReserved, isBlocked } = recordOf(evidence, at)
    const seats = [...sections].flatMap(([section, codes]) =>
      codes.map((code, index) => ({ seat: `${section}/${index}`, code })),
    )
    const offenders = seats.flatMap(({ seat, code }) => {
      const agrees =
        (code === completed) === sold.has(seat) &&
        (code === blocked) === isBlocked(seat) &&
        (code !== reserved || mayBeReserved.has(seat))
      return agrees ? [] : [`seat ${seat}: code ${code} in Redis`]
    })
    const known = new Set(seats.map(({ seat }) => seat))
    const missing = [...evidence.seatBook.seats.keys()].filter((seat) => !known.has(seat))
    return {
      id: 'S3',
      promise: 'seats in Redis as the record has them',
      count: seats.length,
      offenders: [...offenders, ...missing.map((seat) => `seat ${seat}: not in Redis`)],
    }
  }

/** `seat:{<scheduleId>}:<seatId>` shows every seat of the venue that is sold, and none as sold that is not. */
export const shownInRedis =
  ({ at, shown }: RedisBooks): Check =>
  (evidence) => {
    const { sold } = recordOf(evidence, at)
    const offenders = [...evidence.seatBook.seats].flatMap(([seat, { seatId }]) =>
      (shown.get(seatId) === 'COMPLETED') === sold.has(seat)
        ? []
        : [`seat ${seatId}: shown as ${shown.get(seatId) ?? 'free'}`],
    )
    return { id: 'S4', promise: 'seat:{…} keys of Redis, sold as the record says', count: shown.size, offenders }
  }
