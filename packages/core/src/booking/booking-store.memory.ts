import { appendOutbox } from '../messaging/outbox.memory.ts'
import type { Claim } from '../seating/claim.ts'
import { claims, seatBlocks, seatKey } from '../seating/seating-tables.memory.ts'
import type { MemoryRecord } from '../shared/record.memory.ts'
import type { Id, Ms } from '../shared/types.ts'
import { isOpen, type PaymentRecord } from './booking.ts'
import type { Advance, AdvanceReply, BookingStore, OpenReply, OpenRequest, PaymentKey } from './booking-store.port.ts'
import {
  duePayments,
  histories,
  holdPayments,
  idempotencyRows,
  inbox,
  payments,
  reservationPayments,
  type StoredPayment,
  tombstones,
  visitorPayments,
} from './booking-tables.memory.ts'

const pageSize = 100

/** The record in memory: every command decides and evolves in one synchronous stretch, which is its transaction. */
export function createMemoryBookingStore(p: {
  readonly record: MemoryRecord
  readonly runtime: { now(): Ms }
}): BookingStore {
  const { record } = p
  const now = (): Ms => p.runtime.now()
  const rows = record.table(payments)
  const live = record.table(claims)

  const shown = (row: StoredPayment): PaymentRecord => ({ ...row, storeTime: now() })

  const keysOf = (row: Pick<StoredPayment, 'scheduleId' | 'hold'>): readonly string[] =>
    row.hold.parts.flatMap(({ section, seats }) => seats.map((seat) => seatKey(row.scheduleId, section, seat)))

  const isTaken = (key: string, requestId: Id): boolean => {
    const claim = live.get(key)
    return (claim !== undefined && claim.requestId !== requestId) || record.table(seatBlocks).get(key)?.blocked === true
  }

  const claim = (row: StoredPayment, state: Claim['state']): void => {
    const { scheduleId, requestId, recordVersion, hold } = row
    for (const { section, seats } of hold.parts) {
      for (const seat of seats) {
        const owner = { scheduleId, section, seat, requestId, holder: hold.holder, state, recordVersion }
        live.set(seatKey(scheduleId, section, seat), owner)
      }
    }
  }

  const write = (row: StoredPayment, from: StoredPayment | null, event: string): void => {
    const { requestId, version, state, refund, updatedAt: at } = row
    rows.set(requestId, row)
    if (row.dueAt === null) record.table(duePayments).delete(requestId)
    else record.table(duePayments).set(requestId, row.dueAt)
    const history = record.table(histories)
    const line = { requestId, version, at, from: from?.state ?? null, to: state, refund, event }
    history.set(requestId, [...(history.get(requestId) ?? []), line])
  }

  const open = (request: OpenRequest): OpenReply => {
    const { requestId, visitor, idempotencyKey, hold } = request
    if (record.table(tombstones).has(requestId)) return { is: 'abandoned' }
    const key = `${visitor}/${idempotencyKey}`
    const known = rows.get(requestId) ?? rows.get(record.table(idempotencyRows).get(key) ?? '')
    if (known) {
      return known.fingerprint === request.fingerprint && known.visitor === visitor
        ? { is: 'replayed', record: shown(known) }
        : { is: 'key-reused' }
    }
    const other = rows.get(record.table(holdPayments).get(hold.holdId) ?? '')
    if (other && other.state !== 'FAILED') {
      return { is: other.state === 'COMPLETED' ? 'paid' : 'running', requestId: other.requestId }
    }
    if (keysOf({ scheduleId: hold.scheduleId, hold }).some((seat) => isTaken(seat, requestId)))
      return { is: 'seats-taken' }
    const row = opened(request, now(), record.nextVersion())
    record.table(idempotencyRows).set(key, requestId)
    record.table(holdPayments).set(hold.holdId, requestId)
    record.table(reservationPayments).set(row.reservationId, requestId)
    const mine = record.table(visitorPayments)
    mine.set(visitor, [...(mine.get(visitor) ?? []), requestId])
    claim(row, 'PAYING')
    write(row, null, 'requested')
    appendOutbox(record, request.outbox)
    return { is: 'opened', record: shown(row) }
  }

  /** False: the seats are not there to be sold or taken again. */
  const seatsAllow = (row: StoredPayment, change: Advance['claims']): boolean => {
    const keys = keysOf(row)
    if (change === 'sell') return keys.every((key) => live.get(key)?.requestId === row.requestId)
    return change !== 'retake' || !keys.some((key) => isTaken(key, row.requestId))
  }

  const advance = (change: Advance): AdvanceReply => {
    const row = rows.get(change.requestId)
    if (!row) return { is: 'unknown' }
    const { consumed } = change
    const inboxKey = consumed && `${consumed.consumer}/${consumed.eventId}`
    if (inboxKey && record.table(inbox).has(inboxKey)) return { is: 'consumed', record: shown(row) }
    if (row.state !== change.from.state || row.version !== change.from.version)
      return { is: 'stale', record: shown(row) }
    if (!seatsAllow(row, change.claims)) return { is: 'seats-gone', record: shown(row) }
    const next = advanced(row, change, now(), change.claims === 'keep' ? row.recordVersion : record.nextVersion())
    if (change.claims === 'free') {
      for (const key of keysOf(row)) if (live.get(key)?.requestId === row.requestId) live.delete(key)
    } else if (change.claims !== 'keep') claim(next, 'COMPLETED')
    if (inboxKey) record.table(inbox).set(inboxKey, true)
    write(next, row, change.event)
    appendOutbox(record, change.outbox)
    return { is: 'advanced', record: shown(next) }
  }

  const find = (key: PaymentKey): PaymentRecord | null => {
    const requestId =
      'requestId' in key
        ? key.requestId
        : 'reservationId' in key
          ? record.table(reservationPayments).get(key.reservationId)
          : 'holdId' in key
            ? record.table(holdPayments).get(key.holdId)
            : record.table(idempotencyRows).get(`${key.visitor}/${key.idempotencyKey}`)
    const row = rows.get(requestId ?? '')
    return row ? shown(row) : null
  }

  const lease = (requestId: Id, leaseMs: Ms): PaymentRecord => {
    const row = rows.get(requestId)!
    const dueAt = isOpen(shown(row)) || row.refund === 'PENDING' ? now() + leaseMs : null
    const leased = { ...row, dueAt }
    rows.set(requestId, leased)
    if (dueAt === null) record.table(duePayments).delete(requestId)
    else record.table(duePayments).set(requestId, dueAt)
    return shown(leased)
  }

  return {
    open: async ({ requests }) => requests.map(open),
    advance: async ({ changes }) => changes.map(advance),
    abandon: async ({ requestIds }) =>
      requestIds.map((requestId) => {
        const row = rows.get(requestId)
        if (row) return shown(row)
        record.table(tombstones).set(requestId, true)
        return 'abandoned'
      }),
    find: async ({ keys }) => keys.map(find),
    due: async ({ limit, leaseMs }) =>
      [...record.table(duePayments)]
        .filter(([, dueAt]) => dueAt <= now())
        .sort(([, a], [, b]) => a - b)
        .slice(0, limit)
        .map(([requestId]) => lease(requestId, leaseMs)),
    list: async ({ visitor, scheduleId, bookedOnly, after }) => {
      const ids = visitor === undefined ? [...rows.keys()] : (record.table(visitorPayments).get(visitor) ?? [])
      const newest = [...ids].reverse()
      const from = after === undefined ? 0 : newest.indexOf(after) + 1 || newest.length
      const found = newest
        .slice(from)
        .map((id) => rows.get(id)!)
        .filter((row) => (scheduleId === undefined || row.scheduleId === scheduleId) && (!bookedOnly || row.booking))
      const items = found.slice(0, pageSize).map(shown)
      return { items, next: found.length > pageSize ? items.at(-1)!.requestId : null }
    },
    history: async ({ requestId }) => [...(record.table(histories).get(requestId) ?? [])],
  }
}

function opened(request: OpenRequest, now: Ms, recordVersion: number): StoredPayment {
  const { requestId, reservationId, visitor, idempotencyKey, fingerprint, hold, buyer, paymentToken } = request
  return {
    requestId,
    reservationId,
    scheduleId: hold.scheduleId,
    visitor,
    idempotencyKey,
    fingerprint,
    hold,
    amount: hold.amount,
    buyer,
    paymentToken,
    state: 'REQUESTED',
    reason: null,
    refund: 'none',
    version: 1,
    recordVersion,
    booking: null,
    attempts: 0,
    createdAt: now,
    updatedAt: now,
    chargeUntil: now + request.chargeWithinMs,
    dueAt: now + request.leaseMs,
  }
}

function advanced(row: StoredPayment, change: Advance, now: Ms, recordVersion: number): StoredPayment {
  const decided = change.to === 'COMPLETED' || change.to === 'FAILED'
  const { dueInMs } = change
  return {
    ...row,
    state: change.to,
    version: row.version + 1,
    recordVersion,
    updatedAt: now,
    reason: change.reason === undefined ? row.reason : change.reason,
    refund: change.refund ?? row.refund,
    booking: change.booking ?? row.booking,
    attempts: change.attempts ?? row.attempts,
    paymentToken: decided ? null : row.paymentToken,
    dueAt: dueInMs === undefined ? row.dueAt : dueInMs === null ? null : now + dueInMs,
  }
}
