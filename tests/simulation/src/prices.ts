import type { Venue } from '@b-ticketing/core'

/** A price list of our own, read from the venue document: what the engine charges is compared with it. */
export function createPriceList(venue: Venue): (seatId: string) => number | null {
  const grades = new Map(venue.grades.map(({ id, price }) => [id, price ?? 0]))
  const prices = new Map<string, number>()
  for (const section of venue.sections) {
    for (const seat of section.rows.flatMap((row) => row.seats)) {
      prices.set(seat.seatId, grades.get(seat.grade ?? section.grade) ?? 0)
    }
  }
  const created = (seatId: string): number | null => {
    const section = venue.sections.find(({ id, kind }) => kind === 'elastic' && seatId.startsWith(`${id}-E-`))
    return section ? (grades.get(section.grade) ?? null) : null
  }
  return (seatId) => prices.get(seatId) ?? created(seatId)
}
