import type { Id } from '../shared/types.ts'
import { isWheelchairGrade, type Row, type Seat, type Section } from './venue.ts'

/** The row in which created seats stand. A section that lists a row `E` goes on behind its last seat. */
const createdRowId = 'E'

export interface CreatedRow {
  /** Rank of the row; equal to `section.rows.length` when the section lists no row `E`. */
  readonly rank: number
  readonly row: Row
  /** Number (label) and position of the first created seat. */
  readonly firstNumber: number
  readonly firstPosition: number
}

export function createdRow(section: Section): CreatedRow {
  const listed = section.rows.findIndex((row) => row.id === createdRowId)
  const row = section.rows[listed] ?? { id: createdRowId, label: createdRowId, seats: [] }
  return {
    rank: listed === -1 ? section.rows.length : listed,
    row,
    firstNumber: 1 + row.seats.reduce((highest, seat) => Math.max(highest, numberOf(seat.label)), 0),
    firstPosition: 1 + (row.seats.at(-1)?.position ?? 0),
  }
}

const numberOf = (label: string): number => (/^\d{1,9}$/.test(label) ? Number(label) : 0)

export const createdSeatId = (section: Section, number: number): Id => `${section.id}-${createdRowId}-${number}`

/**
 * The seat that an elastic section creates at `index` (≥ its capacity). The same for everybody and for ever: number, label
 * and position rise by one from seat to seat, so no two created seats share a label. x = position, y = rank of the row.
 */
export function createdSeat(section: Section, index: number, at: CreatedRow = createdRow(section)): Seat {
  const step = index - section.capacity
  const number = at.firstNumber + step
  const position = at.firstPosition + step
  return {
    seatId: createdSeatId(section, number),
    label: String(number),
    x: position,
    y: at.rank,
    position,
    ...(isWheelchairGrade(section.grade) ? { accessible: true } : {}),
  }
}
