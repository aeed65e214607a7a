import { appendOutbox } from '../messaging/outbox.memory.ts'
import type { Claim } from '../seating/claim.ts'
import { claims, seatBlocks, seatKey } from '../seating/seating-tables.memory.ts'
import { appendAudit } from '../shared/audit.memory.ts'
import { TicketingError } from '../shared/errors.ts'
import type { MemoryRecord } from '../shared/record.memory.ts'
import type { Id, Ms } from '../shared/types.ts'
import type { PaymentRecord } from './booking.ts'
import type { Advance, AdvanceReply, BookingStore, OpenReply, OpenRequest, PaymentKey } from './booking-store.port.ts'
import {
  duePayments,
  histories,
  holdPayments,
  idempotencyRows,
  inbox,
  payments,
  reservationPayments,
  tombstones,
  visitorPayments,
} from './booking-tables.memory.ts'
import { advancedPayment, leasedUntil, openedPayment, type StoredPayment } from './stored-payment.ts'
import { judgeAdvance, judgeOpen } from './verdicts.ts'

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
    const key = `${visitor}/${idempotencyKey}`
    const verdict = judgeOpen(request, {
      tombstone: record.table(tombstones).has(requestId),
      known: rows.get(requestId) ?? rows.get(record.table(idempotencyRows).get(key) ?? '') ?? null,
      ofHold: rows.get(record.table(holdPayments).get(hold.holdId) ?? '') ?? null,
      seatsTaken: keysOf({ scheduleId: hold.scheduleId, hold }).some((seat) => isTaken(seat, requestId)),
    })
    if (verdict) return verdict.is === 'replayed' ? { is: 'replayed', record: shown(verdict.known) } : verdict
    const row = openedPayment(request, { now: now(), recordVersion: record.nextVersion() })
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
    const verdict = judgeAdvance(row, change, {
      consumed: inboxKey !== undefined && record.table(inbox).has(inboxKey),
      seatsAllow: seatsAllow(row, change.claims),
    })
    if (verdict) return { is: verdict, record: shown(row) }
    const recordVersion = change.claims === 'keep' ? row.recordVersion : record.nextVersion()
    const next = advancedPayment(row, change, { now: now(), recordVersion })
    if (change.claims === 'free') {
      for (const key of keysOf(row)) if (live.get(key)?.requestId === row.requestId) live.delete(key)
    } else if (change.claims !== 'keep') claim(next, 'COMPLETED')
    if (inboxKey) record.table(inbox).set(inboxKey, true)
    write(next, row, change.event)
    appendOutbox(record, change.outbox)
    if (change.audit) appendAudit(record, now(), change.audit)
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
    const dueAt = leasedUntil(row, now(), leaseMs)
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
      const from = after === undefined ? 0 : newest.indexOf(after) + 1
      if (after !== undefined && from === 0) throw new TicketingError('INVALID', 'after must be the next of a page')
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
