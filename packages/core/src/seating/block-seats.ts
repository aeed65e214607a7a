import { TicketingError } from '../shared/errors.ts'
import { demandId, newId } from '../shared/ids.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id } from '../shared/types.ts'
import type { SeatBook, SeatBooks } from './seat-books.ts'
import { attempt } from './seat-loader.ts'
import { demandIds, duplicates } from './seat-request.ts'
import type { SeatSource } from './seat-source.port.ts'
import type { Seating } from './seating.ts'
import { unknownSeats } from './select-seats.ts'

/** Blocks in the record first, then projects; repeating the call finishes what a crash left between the two. */
export function createBlockSeats(p: {
  readonly books: SeatBooks
  readonly source: SeatSource
  readonly runtime: Pick<Runtime, 'random'>
}): Seating['block'] {
  const { books, source, runtime } = p

  const owned = (seatIds: readonly Id[]): TicketingError =>
    new TicketingError('SEAT_OWNED', 'some of these seats are held or sold', { details: { seatIds } })

  const locate = async (scheduleId: Id, seatIds: readonly Id[]) => {
    const book = await books.refresh(scheduleId)
    const unknown = await unknownSeats(books, book, seatIds)
    if (unknown.length > 0) throw new TicketingError('SEAT_UNKNOWN', 'unknown seats', { details: { seatIds: unknown } })
    const seats = seatIds.map((seatId) => {
      const { section, index: seat } = book.seatMap.place(seatId)!
      return { section, seat, seatId }
    })
    return { book, seats }
  }

  return async (ask) => {
    const scheduleId = demandId(ask.scheduleId, 'scheduleId')
    const seatIds = demandIds(ask.seatIds, 'seatIds', 10_000)
    const { blocked, reason, by = 'operator' } = ask
    demandId(by, 'by')
    if (typeof blocked !== 'boolean' || seatIds.length === 0 || duplicates(seatIds).length > 0)
      throw new TicketingError('INVALID', 'blocked must be true or false, and seatIds must name each seat once')
    if (reason !== undefined && (typeof reason !== 'string' || reason.length > 500))
      throw new TicketingError('INVALID', 'reason must be a text of at most 500 characters')
    const { book, seats } = await locate(scheduleId, seatIds)
    const inUse = blocked ? seats.filter(({ section, seat }) => isOwned(book, section, seat)) : []
    if (inUse.length > 0) throw owned(inUse.map(({ seatId }) => seatId))
    const written = await attempt(() =>
      source.block({ scheduleId, parts: seats, blocked, by, ...(reason === undefined ? {} : { reason }) }),
    )
    if (!written.ok) throw owned(written.owned)
    await Promise.all(
      seats.map(({ section, seat }, i) =>
        books.commit(scheduleId, {
          do: 'project',
          operationId: newId(runtime),
          part: { section, seats: [seat] },
          state: blocked ? 'BLOCKED' : 'AVAILABLE',
          owner: null,
          holder: null,
          recordVersion: written.versions[i]!,
        }),
      ),
    )
  }
}

/** Held, being paid or sold. */
function isOwned({ copy }: SeatBook, section: Id, seat: number): boolean {
  const code = copy.code(section, seat)
  return code === 1 || code === 2
}
