import type { SaleRecords } from '../catalogue/sale-records.ts'
import type { ScheduleRecord } from '../catalogue/schedule.ts'
import { demandSignal } from '../shared/demand.ts'
import { TicketingError } from '../shared/errors.ts'
import { demandId, isId, newId } from '../shared/ids.ts'
import { accepted } from '../shared/outcome.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id } from '../shared/types.ts'
import type { Pass, PassGate } from '../waiting-room/pass.ts'
import { createAutoAssign } from './auto-assign.ts'
import { createBlockSeats } from './block-seats.ts'
import type { Hold, HoldRecord } from './hold.ts'
import { holdSlip, seatIdsOf } from './hold-slip.ts'
import type { SeatBooks } from './seat-books.ts'
import { allocationRequest, demandIds, demandPass, duplicates } from './seat-request.ts'
import type { SeatSource } from './seat-source.port.ts'
import { mapSince, rowStates, scheduleTotals, sectionTotals, watchSeats } from './seat-views.ts'
import type { Seating, TakenHold } from './seating.ts'
import { choosePlaces } from './select-seats.ts'
import { operationOf, recallTake, refusalOf, takeSeats } from './take-seats.ts'

/** More seats than anybody may select: longer lists are malformed, not merely over the limit. */
const longestList = 1_000

export function createSeating(p: {
  readonly runtime: Runtime
  readonly records: SaleRecords
  readonly books: SeatBooks
  readonly source: SeatSource
  readonly gate: PassGate
}): Seating {
  const desk = openDesk(p)
  return {
    ...taking(desk, createAutoAssign(p)),
    ...reading(desk),
    ...giving(desk),
    ...viewing(p.books),
    block: createBlockSeats(p),
  }
}

type Desk = ReturnType<typeof openDesk>

function openDesk(p: Pick<Parameters<typeof createSeating>[0], 'runtime' | 'records' | 'books' | 'gate'>) {
  const { runtime, records, books, gate } = p

  const slip = async (record: HoldRecord): Promise<Hold> => {
    const { scheduleId } = record
    const [{ seatMap }, schedule] = await Promise.all([books.open(scheduleId), records.get({ scheduleId })])
    return holdSlip(record, seatMap, schedule)
  }

  const taken = async (record: HoldRecord, repeated: boolean): Promise<TakenHold> => ({
    ...(await slip(record)),
    repeated,
  })

  const enter = async (pass: Pass): Promise<ScheduleRecord> => {
    demandPass(pass)
    await gate.demand({ pass })
    return records.get({ scheduleId: pass.scheduleId })
  }

  /** Null: unknown or ended. @throws `NOT_FOUND` for someone else's. */
  const own = async (pass: Pass, holdId: Id): Promise<HoldRecord | null> => {
    const [record] = await books.holds(pass.scheduleId, { holdId: demandId(holdId, 'holdId') })
    if (record && record.holder !== pass.visitor) throw unknownHold()
    return record ?? null
  }

  const release = async (record: HoldRecord, operationId: Id) => {
    const { scheduleId, holdId, version, holder } = record
    const reply = await books.commit(scheduleId, { do: 'release', operationId, holdId, version, holder })
    if (reply.is === 'done') books.writeBehind({ is: 'ended', scheduleId, holdId, version })
    return reply
  }

  return { runtime, books, gate, slip, taken, enter, own, release }
}

const taking = (
  { runtime, books, enter, taken }: Desk,
  assign: ReturnType<typeof createAutoAssign>,
): Pick<Seating, 'select' | 'autoAssign'> => ({
  select: async (ask) => {
    const { pass, replaces } = ask
    const schedule = await enter(pass)
    const seatIds = demandIds(ask.seatIds, 'seatIds', longestList)
    const channels = demandIds(ask.channels ?? [], 'channels', 64)
    if (replaces !== undefined && !(isId(replaces?.holdId) && Number.isSafeInteger(replaces.version)))
      throw new TicketingError('INVALID', 'replaces must be { holdId, version }')
    if (ask.operationId !== undefined) demandId(ask.operationId, 'operationId')
    const limit = schedule.settings.maxSeatsPerVisitor
    if (seatIds.length === 0 || seatIds.length > limit) return { ok: false, reason: 'QUANTITY_INVALID', limit }
    const twice = duplicates(seatIds)
    if (twice.length > 0) return { ok: false, reason: 'SEAT_DUPLICATE', seatIds: twice }
    const body = { seatIds: [...seatIds].sort(), replaces }
    const operation = operationOf(runtime, { route: 'select', pass, operationId: ask.operationId, body })
    if (schedule.state === 'ended') {
      const first = await recallTake(books, pass.scheduleId, operation)
      return first?.is === 'hold' ? accepted(await taken(first.hold, true)) : { ok: false, reason: 'SALE_CLOSED' }
    }
    const chosen = await choosePlaces(books, { scheduleId: pass.scheduleId, seatIds, channels })
    if (!chosen.ok) return chosen
    const { book, parts } = chosen.value
    const holdId = newId(runtime)
    const asked = { book, schedule, pass, holdId, parts, operation, ...(replaces && { replaces }) }
    const reply = await takeSeats(books, asked)
    if (reply.is === 'hold') return accepted(await taken(reply.hold, reply.repeated))
    if (reply.is === 'taken') return { ok: false, reason: 'SEAT_TAKEN', seatIds: seatIdsOf(reply.parts, book.seatMap) }
    return refusalOf(reply, limit) ?? { ok: false, reason: 'HOLD_EXPIRED' }
  },

  autoAssign: async (ask) => {
    const { pass, explain = false } = ask
    const schedule = await enter(pass)
    const book = await books.open(pass.scheduleId)
    if (typeof explain !== 'boolean') throw new TicketingError('INVALID', 'explain must be true or false')
    if (ask.operationId !== undefined) demandId(ask.operationId, 'operationId')
    const limit = schedule.settings.maxSeatsPerVisitor
    const request = allocationRequest(ask, book.seatMap, limit)
    if (!request) return { ok: false, reason: 'QUANTITY_INVALID', limit }
    const operation = operationOf(runtime, { route: 'assign', pass, operationId: ask.operationId, body: request })
    const reply = await assign({ book, schedule, pass, request, explain, operation })
    if (reply.is === 'closed') return { ok: false, reason: 'SALE_CLOSED' }
    if (reply.is === 'unavailable') return { ok: false, reason: 'SEATS_UNAVAILABLE', largestFit: reply.largestFit }
    if (reply.is === 'hold')
      return accepted({ ...(await taken(reply.hold, reply.repeated)), allocation: reply.allocation })
    const refusal = refusalOf(reply, limit)
    if (refusal) return refusal
    throw new TicketingError('STORE_FAULT', `automatic assignment was answered ${reply.is}`)
  },
})

const reading = ({ books, gate, own, slip }: Desk): Pick<Seating, 'holds' | 'hold'> => ({
  holds: async ({ pass }) => {
    demandPass(pass)
    await gate.glance({ pass })
    const records = await books.holds(pass.scheduleId, { holder: pass.visitor })
    return Promise.all(records.map(slip))
  },

  hold: async ({ pass, holdId }) => {
    demandPass(pass)
    await gate.glance({ pass })
    const record = await own(pass, holdId)
    if (!record) throw unknownHold()
    return slip(record)
  },
})

const giving = ({
  runtime,
  books,
  enter,
  own,
  release,
  slip,
}: Desk): Pick<Seating, 'release' | 'extend' | 'releaseAll'> => ({
  release: async ({ pass, holdId }) => {
    await enter(pass)
    const { operationId } = operationOf(runtime, { route: 'release', pass, operationId: holdId, body: null })
    const record = await own(pass, holdId)
    const reply = record
      ? await release(record, operationId)
      : await books.commit(pass.scheduleId, { do: 'recall', operationId })
    if (reply.is === 'done') return
    if (reply.is === 'paying') throw inPayment(reply.requestId)
    throw unknownHold()
  },

  extend: async ({ pass, holdId, operationId }) => {
    const schedule = await enter(pass)
    if (operationId !== undefined) demandId(operationId, 'operationId')
    const { operationId: id } = operationOf(runtime, { route: `extend ${holdId}`, pass, operationId, body: null })
    const ttlMs = schedule.settings.holdTtlSeconds * 1_000
    const { scheduleId, visitor: holder, expiresAt: notAfter } = pass
    for (let i = 0; i < 3; i++) {
      const record = await own(pass, holdId)
      // A hold that has ended is extended no more, but an answer that was given is given again.
      const command = record
        ? ({ do: 'extend', operationId: id, holdId, version: record.version, holder, ttlMs, notAfter } as const)
        : ({ do: 'recall', operationId: id } as const)
      const reply = await books.commit(scheduleId, command)
      if (reply.is === 'paying') throw inPayment(reply.requestId)
      if (reply.is !== 'hold') {
        if (record) continue
        break
      }
      books.writeBehind({ is: 'held', hold: reply.hold })
      return accepted(await slip(reply.hold))
    }
    return { ok: false, reason: 'HOLD_EXPIRED' }
  },

  releaseAll: async ({ scheduleId, visitor }) => {
    const records = await books.holds(demandId(scheduleId, 'scheduleId'), { holder: demandId(visitor, 'visitor') })
    await Promise.all(
      records.filter(({ requestId }) => requestId === null).map((record) => release(record, newId(runtime))),
    )
  },
})

const viewing = (books: SeatBooks): Pick<Seating, 'sections' | 'section' | 'map' | 'watch' | 'stats'> => ({
  sections: async ({ scheduleId }) => {
    const map = (await books.recent(scheduleId)).copy.snapshot()
    return { version: map.version, sections: sectionTotals(map) }
  },

  section: async ({ scheduleId, section }) => {
    demandId(section, 'section')
    const { copy, seatMap } = await books.recent(scheduleId)
    const packed = copy.section(section)
    if (!packed) throw new TicketingError('NOT_FOUND', `there is no section ${section}`)
    return { version: copy.version(), rows: rowStates(packed, seatMap) }
  },

  map: async ({ scheduleId, since }) => {
    demandVersion(since)
    return mapSince((await books.recent(scheduleId)).copy, since)
  },

  watch: ({ scheduleId, since, signal }) => {
    demandVersion(since)
    return watchSeats({ books, scheduleId: demandId(scheduleId, 'scheduleId'), since, signal: demandSignal(signal) })
  },

  stats: async ({ scheduleId }) => scheduleTotals((await books.recent(scheduleId)).copy.snapshot()),
})

const unknownHold = (): TicketingError => new TicketingError('NOT_FOUND', 'there is no such hold')

const inPayment = (requestId: Id): TicketingError =>
  new TicketingError('PAYMENT_IN_PROGRESS', 'the hold is being paid', { details: { requestId } })

const demandVersion = (since: unknown): void => {
  if (since === undefined || (Number.isSafeInteger(since) && (since as number) >= 0)) return
  throw new TicketingError('INVALID', 'since must be the version of a map')
}
