import type { StoreDump } from '../store-dump.ts'
import { byRequestId, type Check, isSold, ownsSeats, seatKey, seatKeysOf } from './evidence.ts'
import type { SeatBook } from './seat-book.ts'

/** Seats are free again this long after the failure, expiry or cancellation that freed them. */
const freeWithinMs = 5_000

/** The record's claims and its payments tell the same story, and no seat is in it twice. */
export const oneOwner: Check = ({ store }) => {
  const offenders: string[] = []
  const owners = new Map<string, string>()
  for (const payment of store.payments.filter(ownsSeats)) {
    for (const key of seatKeysOf(payment)) {
      const other = owners.get(key)
      if (other !== undefined) offenders.push(`seat ${key}: ${other} and ${payment.requestId}`)
      owners.set(key, payment.requestId)
    }
  }
  const claimed = new Set<string>()
  for (const { scheduleId, section, seat, requestId } of store.claims) {
    const key = seatKey(scheduleId, section, seat)
    if (claimed.has(key)) offenders.push(`seat ${key}: claimed twice`)
    claimed.add(key)
    if (owners.get(key) !== requestId) offenders.push(`seat ${key}: claimed for ${requestId}, which does not own it`)
  }
  for (const [key, requestId] of owners) {
    if (!claimed.has(key)) offenders.push(`seat ${key}: ${requestId} owns it without a claim`)
  }
  return { id: 'I1', promise: 'seats with exactly one owner', count: owners.size, offenders }
}

/**
 * Failed payments own nothing and none is open; every hold has its deadline; and the house shows no more seats as RESERVED than
 * the record has holds that are not over. A hold that expired has no end of its own in the record: its deadline is its end.
 */
export const everythingFreed: Check = ({ scheduleId, store, holdTtlMs, shown }) => {
  const bought = new Set(store.payments.map(({ hold }) => hold.holdId))
  const claimed = new Set(store.claims.map(({ requestId }) => requestId))
  const ended = store.payments.filter((payment) => !ownsSeats(payment))
  const open = store.payments.filter(({ state }) => state !== 'COMPLETED' && state !== 'FAILED')
  const holds = store.holds.filter((row) => row.scheduleId === scheduleId)
  const unbought = holds.flatMap(({ hold }) => (hold === null || bought.has(hold.holdId) ? [] : [hold]))
  const endless = unbought.filter(({ createdAt, expiresAt }) => !(expiresAt <= createdAt + longestHold * holdTtlMs))
  const live = unbought.filter(({ expiresAt }) => expiresAt + freeWithinMs >= store.at)
  const mayBeReserved = [...live, ...open.map(({ hold }) => hold)].reduce((sum, { parts }) => sum + partsSize(parts), 0)
  const { reserved } = shown.seats
  const offenders = [
    ...ended.filter(({ requestId }) => claimed.has(requestId)).map((p) => `payment ${p.requestId} keeps its seats`),
    ...open.map(({ requestId }) => `payment ${requestId} is still open`),
    ...endless.map(({ holdId }) => `hold ${holdId} has no proper deadline`),
    ...(reserved > mayBeReserved ? [`${reserved} seats shown RESERVED, ${mayBeReserved} held or being paid for`] : []),
  ]
  const count = ended.length + holds.filter(({ hold }) => hold === null).length + unbought.length
  return { id: 'I3', promise: 'failed, expired and released attempts, their seats free', count, offenders }
}

/** Extended as often as one likes, a hold lasts three times its TTL. */
const longestHold = 3

const partsSize = (parts: readonly { readonly seats: readonly number[] }[]): number =>
  parts.reduce((sum, { seats }) => sum + seats.length, 0)

/** A claim carries its owner's holder, state and version: nobody else changed it. */
export const ownersOnly: Check = (evidence) => {
  const payments = byRequestId(evidence)
  const offenders = evidence.store.claims.flatMap((claim) => {
    const payment = payments.get(claim.requestId)
    const agrees =
      payment !== undefined &&
      claim.holder === payment.hold.holder &&
      claim.recordVersion === payment.recordVersion &&
      (claim.state === 'COMPLETED') === (payment.state === 'COMPLETED')
    return agrees ? [] : [`claim ${seatKey(claim.scheduleId, claim.section, claim.seat)} of ${claim.requestId}`]
  })
  return {
    id: 'I7',
    promise: 'claims with owner and version of their payment',
    count: evidence.store.claims.length,
    offenders,
  }
}

/** Every seat sold is a seat of the venue; what the house shows adds up and agrees with the record. */
export const seatsAddUp: Check = ({ scheduleId, seatBook, store, shown: { seats: shown } }) => {
  const offenders: string[] = []
  const created = new Map(store.created.map(({ key, count }) => [key, count]))
  const made = [...created].reduce((sum, [key, count]) => sum + (key.startsWith(`${scheduleId}/`) ? count : 0), 0)
  const mine = store.claims.filter((claim) => claim.scheduleId === scheduleId)
  for (const { section, seat } of mine) {
    const listed = seatBook.seats.has(`${section}/${seat}`)
    if (!listed && !created.has(`${scheduleId}/${section}`))
      offenders.push(`seat ${section}/${seat} is not in the venue`)
  }
  const sold = store.payments.filter((p) => p.scheduleId === scheduleId && isSold(p)).flatMap(seatKeysOf).length
  const capacity = seatBook.capacity + made
  const { available, reserved, completed, blocked } = shown
  const expect = (what: string, is: number, wanted: number): void => {
    if (is !== wanted) offenders.push(`${what}: ${is}, but the record says ${wanted}`)
  }
  expect('capacity shown', shown.capacity, capacity)
  expect('AVAILABLE + RESERVED + COMPLETED + BLOCKED', available + reserved + completed + blocked, capacity)
  expect('COMPLETED shown', completed, sold)
  expect('BLOCKED shown', blocked, blockedSeats(scheduleId, seatBook, store))
  if (sold > capacity) offenders.push(`${sold} seats sold of ${capacity}`)
  return {
    id: 'I14',
    promise: 'seats: AVAILABLE + RESERVED + COMPLETED + BLOCKED = capacity',
    count: capacity,
    offenders,
  }
}

/** As the venue lists them, unless an operator decided otherwise. */
function blockedSeats(scheduleId: string, seatBook: SeatBook, store: StoreDump): number {
  const decided = new Map(store.blocks.map(({ key, blocked }) => [key, blocked]))
  for (const [place, { blocked }] of seatBook.seats) {
    const key = `${scheduleId}/${place}`
    if (!decided.has(key)) decided.set(key, blocked)
  }
  return [...decided].filter(([key, blocked]) => blocked && key.startsWith(`${scheduleId}/`)).length
}
