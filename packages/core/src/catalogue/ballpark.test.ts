import { expect, test } from 'vitest'
import { isTicketingError } from '../shared/errors.ts'
import { generateBallpark } from './ballpark.ts'
import { sameVenue, venueCapacity } from './venue.ts'

test('has exactly the seats and sections asked for', () => {
  for (const [seats, sections] of [
    [1, 1],
    [7, 7],
    [1_000, 3],
    [25_000, 113],
  ] as const) {
    const venue = generateBallpark({ seats, sections })
    expect([venueCapacity(venue), venue.sections.length]).toEqual([seats, sections])
  }
  expect(generateBallpark({ seats: 25_000 }).sections).toHaveLength(100)
})

test('a seed says which: the same again, another one otherwise', () => {
  const venue = generateBallpark({ seats: 2_000, seed: 4 })
  expect(sameVenue(venue, generateBallpark({ seats: 2_000, seed: 4 }))).toBe(true)
  expect(sameVenue(venue, generateBallpark({ seats: 2_000, seed: 5 }))).toBe(false)
})

test('is like a ballpark: aisles, falling numbers, accessible seats, four grades with prices', () => {
  const venue = generateBallpark({ seats: 25_000 })
  const rows = venue.sections.flatMap((section) => section.rows)
  expect(
    rows.some((row) => row.seats.some((seat, i) => i > 0 && seat.position - row.seats[i - 1]!.position === 2)),
  ).toBe(true)
  expect(rows.some((row) => Number(row.seats[0]!.label) > Number(row.seats.at(-1)!.label))).toBe(true)
  expect(rows.some((row) => row.seats.some((seat) => seat.accessible))).toBe(true)
  expect(new Set(venue.sections.map((section) => section.grade)).size).toBe(5)
  expect(venue.grades.every((grade) => (grade.price ?? 0) > 0)).toBe(true)
})

test('grows to a million seats and no further', { timeout: 60_000 }, () => {
  const venue = generateBallpark({ seats: 1_000_000 })
  expect(venueCapacity(venue)).toBe(1_000_000)
  for (const p of [
    { seats: 1_000_001 },
    { seats: 0 },
    { seats: 1.5 },
    { seats: 5, sections: 6 },
    { seats: 5, seed: -1 },
    undefined as never,
    7 as never,
  ]) {
    let code: unknown
    try {
      generateBallpark(p)
    } catch (error) {
      code = isTicketingError(error) && error.code
    }
    expect(code).toBe('INVALID')
  }
})
