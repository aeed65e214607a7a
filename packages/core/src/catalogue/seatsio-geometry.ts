import { type Fields, isCoordinate, isFields, own } from './document.ts'
import type { Point } from './venue.ts'

export function pointIn(fields: Fields, key: string): Point | null {
  const value = own(fields, key)
  return isFields(value) ? pointOf(value) : null
}

export function pointOf(fields: Fields): Point | null {
  const [x, y] = [own(fields, 'x'), own(fields, 'y')]
  return isCoordinate(x) && isCoordinate(y) ? { x, y } : null
}

/** The middle distance between seats listed next to each other: what an area measures in. 1 when there is none. */
export function seatPitch(rows: readonly unknown[]): number {
  const distances = rows.flatMap((row) => {
    const seats = isFields(row) ? own(row, 'seats') : null
    return Array.isArray(seats) ? stepsOf(seats.map((seat) => (isFields(seat) ? pointOf(seat) : null))) : []
  })
  const known = distances.filter((distance) => distance !== null && distance > 0).sort((a, b) => a! - b!)
  return known[known.length >> 1] ?? 1
}

/** Distance of each point from the one before; null where one of them is unknown. One entry fewer than points. */
const stepsOf = (points: readonly (Point | null)[]): readonly (number | null)[] =>
  points.slice(1).map((point, i) => {
    const before = points[i]
    return point && before ? Math.hypot(point.x - before.x, point.y - before.y) : null
  })

/** Positions of seats in the order they are listed: a step of more than 1.5 pitches is an opening and skips one. */
export function positionsOf(points: readonly (Point | null)[], pitch: number): readonly number[] {
  let position = 1
  return [1, ...stepsOf(points).map((step) => (position += step !== null && step > 1.5 * pitch ? 2 : 1))].slice(
    0,
    points.length,
  )
}
