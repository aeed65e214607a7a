import { gradeOf, importVenue } from '@b-ticketing/core'

/** What the venue document says of a seat: its id, and its price in minor units. */
export interface ListedSeat {
  readonly seatId: string
  readonly price: number
  readonly blocked: boolean
}

export interface SeatBook {
  readonly currency: string
  readonly capacity: number
  /** By `section/index`, in the order of the document. */
  readonly seats: ReadonlyMap<string, ListedSeat>
}

export function readSeatBook(document: unknown): SeatBook {
  const venue = importVenue(document)
  const prices = new Map(venue.grades.map(({ id, price }) => [id, price ?? 0]))
  const listed = venue.sections.flatMap((section) =>
    section.rows
      .flatMap((row) => row.seats)
      .map((seat, index): [string, ListedSeat] => [
        `${section.id}/${index}`,
        { seatId: seat.seatId, price: prices.get(gradeOf(section, seat)) ?? 0, blocked: seat.blocked === true },
      ]),
  )
  return { currency: venue.currency, capacity: listed.length, seats: new Map(listed) }
}
