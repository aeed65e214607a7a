import type { SeatPlace } from '../catalogue/seat-map.ts'
import type { Seat } from '../catalogue/venue.ts'
import { accepted, type Outcome } from '../shared/outcome.ts'
import type { Id } from '../shared/types.ts'
import { type Part, partsOf } from './hold.ts'
import { blockedCode } from './occupancy.ts'
import type { SeatBook, SeatBooks } from './seat-books.ts'

type SeatRefusal =
  | { readonly reason: 'SEAT_UNKNOWN' | 'SEAT_TAKEN'; readonly seatIds: readonly Id[] }
  | { readonly reason: 'QUANTITY_INVALID'; readonly limit: number }

/** Where the seats stand that a visitor picked by hand, as far as they may be picked. */
export async function choosePlaces(
  books: SeatBooks,
  p: { readonly scheduleId: Id; readonly seatIds: readonly Id[]; readonly channels: readonly Id[] },
): Promise<Outcome<{ readonly book: SeatBook; readonly parts: readonly Part[] }, SeatRefusal>> {
  const book = await books.open(p.scheduleId)
  const { seatMap } = book
  const unknown = await unknownSeats(books, book, p.seatIds)
  if (unknown.length > 0) return { ok: false, reason: 'SEAT_UNKNOWN', seatIds: unknown }
  const places = p.seatIds.map((seatId) => seatMap.place(seatId)!)
  const walls = places
    .map(({ section, index }) => seatMap.seat(section, index)!)
    .filter(({ channel }) => channel !== undefined && !p.channels.includes(channel))
  if (walls.length > 0) return { ok: false, reason: 'SEAT_TAKEN', seatIds: walls.map(({ seatId }) => seatId) }
  const limit = partOfTable(book, places)
  if (limit !== null) return { ok: false, reason: 'QUANTITY_INVALID', limit }
  return accepted({ book, parts: partsOf(places, seatMap.sectionRank) })
}

/** Seats that do not exist; an elastic section may have grown since the copy was read. */
export async function unknownSeats(books: SeatBooks, book: SeatBook, seatIds: readonly Id[]): Promise<readonly Id[]> {
  const { seatMap, copy } = book
  const isUnknown = (seatId: Id): boolean => {
    const place = seatMap.place(seatId)
    return !place || copy.code(place.section, place.index) === null
  }
  if (seatIds.every((seatId) => !isUnknown(seatId))) return []
  if (seatIds.every((seatId) => seatMap.place(seatId))) await books.refresh(book.scheduleId)
  return seatIds.filter(isUnknown)
}

/**
 * A table is sold whole, as automatic assignment sells it: without the seats that the venue blocks, unless somebody has opened
 * them. How many seats the first table has of which some were left out; null when there is none.
 */
function partOfTable({ seatMap, copy }: SeatBook, places: readonly SeatPlace[]): number | null {
  const picked = new Set(places.map(({ section, index }) => `${section}/${index}`))
  const isSold = (seat: Seat, { section, index }: SeatPlace) =>
    !seat.blocked || copy.code(section, index) !== blockedCode
  for (const { section, index } of places) {
    if (seatMap.section(section)?.kind !== 'table') continue
    const whole = seatMap
      .row(section, index)!
      .row.seats.map((seat) => ({ seat, place: seatMap.place(seat.seatId)! }))
      .filter(({ seat, place }) => isSold(seat, place))
    if (whole.some(({ place }) => !picked.has(`${section}/${place.index}`))) return whole.length
  }
  return null
}
