import { expect, test } from 'vitest'
import { generateBallpark } from './ballpark.ts'
import { createdSeat } from './created-seat.ts'
import { importVenue } from './import-venue.ts'
import { createSeatMap } from './seat-map.ts'

const grades = [
  { id: 'red', price: 10 },
  { id: 'vip', price: 90 },
]

const elastic = (rows: readonly { label: string; seats: readonly unknown[] }[], maxCapacity: number) =>
  importVenue({
    id: 'v',
    grades,
    sections: [
      { id: 'none', grade: 'red', kind: 'elastic', maxCapacity: 3 },
      { id: 'A', grade: 'red', kind: 'elastic', maxCapacity, rows },
      { id: 'B', grade: 'red', rows: [{ label: '1', seats: [{ label: '1', position: 1, grade: 'vip' }] }] },
    ],
  })

test('every seat is found under its id, its index and its row', () => {
  const venue = generateBallpark({ seats: 3_000, sections: 13, seed: 5 })
  const map = createSeatMap(venue)
  expect(map.capacity).toBe(3_000)
  for (const [rank, section] of venue.sections.entries()) {
    expect([map.section(section.id), map.sectionRank(section.id)]).toEqual([section, rank])
    let index = 0
    for (const [rowRank, row] of section.rows.entries())
      for (const seat of row.seats) {
        expect(map.place(seat.seatId)).toEqual({ section: section.id, index })
        expect(map.seat(section.id, index)).toBe(seat)
        expect(map.row(section.id, index)).toEqual({ row, rank: rowRank })
        index++
      }
    expect(map.seat(section.id, index)).toBeNull()
  }
})

test('what is no seat is null', () => {
  const map = createSeatMap(elastic([{ label: '1', seats: [[1, 2]] }], 4))
  expect(map.section('C')).toBeNull()
  expect(map.sectionRank('C')).toBe(-1)
  for (const id of ['', 'A', 'A-1-3', 'A-E-0', 'A-E-3', 'A-E-01', 'B-E-1', 'C-E-1', '__proto__', 'A-E-99999999999999'])
    expect(map.place(id), id).toBeNull()
  for (const index of [-1, 4, 0.5, Number.NaN, 1e9]) {
    expect(map.seat('A', index)).toBeNull()
    expect(map.row('A', index)).toBeNull()
    expect(map.grade('A', index)).toBeNull()
  }
})

test('a price is that of the seat, else of its section, under the prices of the schedule', () => {
  const map = createSeatMap(elastic([{ label: '1', seats: [[1, 2]] }], 4))
  const prices = { red: 11, vip: 99 }
  expect([map.price(prices, 'A', 0), map.price(prices, 'A', 3), map.price(prices, 'B', 0)]).toEqual([11, 11, 99])
  expect([map.price({ red: 1 }, 'B', 0), map.price(prices, 'B', 1)]).toEqual([null, null])
})

test('A34: created seats stand in row E behind the listed rows, numbered from 1', () => {
  const map = createSeatMap(
    elastic(
      [
        { label: '1', seats: [[1, 2]] },
        { label: '2', seats: [[1, 2]] },
      ],
      6,
    ),
  )
  expect(map.seat('A', 4)).toEqual({ seatId: 'A-E-1', label: '1', x: 1, y: 2, position: 1 })
  expect(map.seat('A', 5)).toEqual({ seatId: 'A-E-2', label: '2', x: 2, y: 2, position: 2 })
  expect(map.seat('A', 6)).toBeNull()
  expect(map.place('A-E-2')).toEqual({ section: 'A', index: 5 })
  expect(map.row('A', 5)).toEqual({ row: { id: 'E', label: 'E', seats: [] }, rank: 2 })
  expect(map.capacity).toBe(5)
})

test('A34: a section that lists a row E goes on behind its last seat and its highest number', () => {
  const seats = [
    { label: '7', position: 3 },
    { label: 'x', position: 4 },
  ]
  const venue = elastic(
    [
      { label: 'E', seats },
      { label: 'F', seats: [[1, 2]] },
    ],
    10,
  )
  const section = venue.sections[1]!
  expect(createdSeat(section, 4)).toEqual({ seatId: 'A-E-8', label: '8', x: 5, y: 0, position: 5 })
  const map = createSeatMap(venue)
  expect(map.row('A', 9)).toEqual({ row: section.rows[0], rank: 0 })
  for (let index = 0; index < 10; index++)
    expect(map.place(map.seat('A', index)!.seatId)).toEqual({ section: 'A', index })
})

test('created seats of a wheelchair grade are accessible', () => {
  const [section] = importVenue({
    id: 'v',
    grades: [{ id: 'wheelchair-red' }],
    sections: [{ id: 'W', grade: 'wheelchair-red', kind: 'elastic', maxCapacity: 2 }],
  }).sections
  expect(createdSeat(section!, 0)).toMatchObject({ seatId: 'W-E-1', accessible: true })
})

test('an elastic section may list no seat at all', () => {
  const map = createSeatMap(elastic([{ label: '1', seats: [[1, 2]] }], 2))
  expect(map.seat('none', 0)).toEqual({ seatId: 'none-E-1', label: '1', x: 1, y: 0, position: 1 })
  expect(map.place('none-E-3')).toEqual({ section: 'none', index: 2 })
  expect(map.place('A-1-1')).toEqual({ section: 'A', index: 0 })
})
