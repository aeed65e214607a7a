import { createdRow, createdSeat } from '../../catalogue/created-seat.ts'
import type { Seat, Section } from '../../catalogue/venue.ts'

/** A seat under the index it has in its section: venue order, seats yet to be created after the listed ones. */
export interface IndexedSeat {
  readonly index: number
  readonly seat: Seat
}

/** A row in physical order; null is an opening. */
export type RowLayout = readonly (IndexedSeat | null)[]

/** The rows of a section with every seat it may ever have. */
export function layRows(section: Section): readonly RowLayout[] {
  let index = 0
  const rows = section.rows.map((row) => row.seats.map((seat): IndexedSeat => ({ index: index++, seat })))
  if (section.kind === 'elastic') {
    const at = createdRow(section)
    rows[at.rank] ??= []
    for (; index < (section.maxCapacity ?? 0); index++)
      rows[at.rank]!.push({ index, seat: createdSeat(section, index, at) })
  }
  return rows.map(layRow)
}

/**
 * Adjacency follows position, whatever the order in which seats are listed. However wide an opening is, it takes one slot:
 * a wall needs no more.
 */
function layRow(seats: readonly IndexedSeat[]): RowLayout {
  const slots: (IndexedSeat | null)[] = []
  let before = Number.NaN
  for (const entry of [...seats].sort((a, b) => a.seat.position - b.seat.position)) {
    if (slots.length > 0 && entry.seat.position - before !== 1) slots.push(null)
    slots.push(entry)
    before = entry.seat.position
  }
  return slots
}
