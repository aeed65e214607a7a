import { packCodes, type SeatCode, type Section } from '@b-ticketing/core'

/**
 * A synthetic house: sections of 10 rows of 25 seats, some of them taken at random, but for one hole of 8 at the very end, so
 * that every party finds seats however full it is.
 */
export interface Stand {
  readonly sections: readonly Section[]
  /** By section and seat. */
  readonly codes: readonly (readonly SeatCode[])[]
}

const rowsPerSection = 10
const seatsPerRow = 25

export function createStand(seats: number, full: number): Stand {
  const random = seeded(seats + full * 1_000)
  const count = seats / (rowsPerSection * seatsPerRow)
  const sections = Array.from({ length: count }, (_, i) => createSection(`S${i}`))
  const codes = sections.map(({ capacity }) =>
    Array.from({ length: capacity }, (): SeatCode => (random() < full ? 2 : 0)),
  )
  codes.at(-1)!.fill(0, -16, -8)
  return { sections, codes }
}

export const packed = (stand: Stand) =>
  stand.sections.map(({ id, capacity }, rank) => ({
    section: id,
    count: capacity,
    codes: packCodes(stand.codes[rank]!),
  }))

export function createSection(id: string, rowCount = rowsPerSection, rowSeats = seatsPerRow): Section {
  const rows = Array.from({ length: rowCount }, (_, y) => ({
    id: `R${y}`,
    label: `${y + 1}`,
    seats: Array.from({ length: rowSeats }, (_, x) => ({
      seatId: `${id}-R${y}-${x + 1}`,
      label: `${x + 1}`,
      x,
      y,
      position: x,
    })),
  }))
  const focalPoint = { x: (rowSeats - 1) / 2, y: 0 }
  const capacity = rowCount * rowSeats
  return { id, label: id, kind: 'seated', grade: 'red', x: 0, y: 0, capacity, focalPoint, rows }
}

/** Numbers in [0, 1) that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
