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
