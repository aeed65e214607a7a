import type { Id } from '../shared/types.ts'

/** Immutable data: a venue version never changes. A section's seats are counted in the order of its rows and their seats. */
export interface Venue {
  readonly venueId: Id
  readonly name: string
  readonly currency: string
  readonly grades: readonly Grade[]
  readonly sections: readonly Section[]
}

export interface Grade {
  readonly id: Id
  readonly label: string
  readonly color?: string
  /** Default price in minor units; a schedule's own prices win. */
  readonly price?: number
  readonly accessible?: boolean
}

export type SectionKind = 'seated' | 'ga' | 'table' | 'elastic'

export interface Section {
  readonly id: Id
  readonly label: string
  readonly kind: SectionKind
  /** Grade of every seat that names none of its own. */
  readonly grade: Id
  readonly x: number
  readonly y: number
  /** Seats listed in `rows`. */
  readonly capacity: number
  /** Elastic only: the most seats the section may ever have, listed ones included. */
  readonly maxCapacity?: number
  /** Table only: a row (table) is sold whole. */
  readonly soldWhole?: boolean
  /** Where a seat is best, in the coordinates of the seats (seat pitches). */
  readonly focalPoint: Point
  readonly rows: readonly Row[]
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** The rank of a row is its place in `Section.rows`, never its label. */
export interface Row {
  readonly id: Id
  readonly label: string
  readonly seats: readonly Seat[]
}

export interface Seat {
  /** Unique in the venue: `219-4-34`. */
  readonly seatId: Id
  readonly label: string
  readonly x: number
  readonly y: number
  /** Integer. Physical neighbours differ by exactly 1, so an aisle or opening skips one. Ascending within a row's `seats`. */
  readonly position: number
  /** Absent: the section's grade. */
  readonly grade?: Id
  readonly accessible?: boolean
  readonly companion?: boolean
  /** Sold only to requests that carry this channel; a wall for everybody else. */
  readonly channel?: Id
  /** Not for sale from the start. */
  readonly blocked?: boolean
}

/** The most seats a venue may ever have, those its elastic sections may create included. */
export const venueSeatLimit = 1_000_000

/** Seats listed; elastic sections may create more (`maxCapacity`). */
export const venueCapacity = (venue: Venue): number =>
  venue.sections.reduce((sum, section) => sum + section.capacity, 0)

/** A grade `wheelchair-…` is accessible, and so is every seat of it. */
export const isWheelchairGrade = (grade: Id): boolean => grade.startsWith('wheelchair-')

export const gradeOf = (section: Section, seat: Seat): Id => seat.grade ?? section.grade

/** The middle of the front row; the origin when no seat is listed. */
export function middleOfFront(rows: readonly Row[]): Point {
  const seats = rows.find((row) => row.seats.length > 0)?.seats ?? []
  if (seats.length === 0) return { x: 0, y: 0 }
  return { x: middle(seats.map((seat) => seat.x)), y: middle(seats.map((seat) => seat.y)) }
}

function middle(values: readonly number[]): number {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const value of values) {
    low = Math.min(low, value)
    high = Math.max(high, value)
  }
  return (low + high) / 2
}

/** An equal venue of its own, reduced to the fields that a venue has. */
export const copyVenue = ({ venueId, name, currency, grades, sections }: Venue): Venue => ({
  venueId,
  name,
  currency,
  grades: grades.map((grade) => pick(grade, ['id', 'label', 'color', 'price', 'accessible'])),
  sections: sections.map((section) => ({
    ...pick(section, ['id', 'label', 'kind', 'grade', 'x', 'y', 'capacity', 'maxCapacity', 'soldWhole']),
    focalPoint: pick(section.focalPoint, ['x', 'y']),
    rows: section.rows.map(({ id, label, seats }) => ({ id, label, seats: seats.map(copySeat) })),
  })),
})

const copySeat = (seat: Seat): Seat =>
  pick(seat, ['seatId', 'label', 'x', 'y', 'position', 'grade', 'accessible', 'companion', 'channel', 'blocked'])

function pick<T extends object, K extends keyof T>(value: T, keys: readonly K[]): Pick<T, K> {
  const picked: Partial<T> = {}
  for (const key of keys) if (value[key] !== undefined) picked[key] = value[key]
  return picked as Pick<T, K>
}

/** The same data, in whatever order its fields are written; an absent field is one that is undefined. */
export const sameVenue = (a: Venue, b: Venue): boolean => same(copyVenue(a), copyVenue(b))

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const [ofA, ofB] = [Object.entries(a), Object.entries(b)]
  return ofA.length === ofB.length && ofA.every(([key, value]) => same(value, (b as Record<string, unknown>)[key]))
}
