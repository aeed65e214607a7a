import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isTicketingError } from '../shared/errors.ts'
import { importSeatsioChart } from './import-seatsio.ts'
import { validateVenue } from './venue-problems.ts'

type Json = Record<string, unknown>

const categories = {
  list: [
    { key: 1, label: 'Stand', color: '#aa0000', accessible: false },
    { key: 'vip', label: 'VIP', color: '#00aa00' },
    { key: 3, label: 'Wheelchair', accessible: true },
  ],
}

const subChart = (more: Json): Json => ({
  rows: [],
  tables: [],
  booths: [],
  generalAdmissionAreas: [],
  sections: [],
  ...more,
})

const chart = (more: Json): Json => ({ name: 'Sample hall', categories, version: 19, subChart: subChart(more) })

const row = (label: string, xs: readonly number[], y: number, more: Json = {}): Json => ({
  label,
  seats: xs.map((x, i) => ({ x, y, label: String(i + 1), categoryKey: 1, uuid: `u${i}`, ...more })),
})

const problemsOf = (document: unknown): readonly string[] => {
  try {
    importSeatsioChart(document)
  } catch (error) {
    if (!isTicketingError(error)) throw error
    expect(error.code).toBe('INVALID')
    return error.details.problems as string[]
  }
  return []
}

test('rows without sections are the section main; a wide step is an opening', () => {
  const venue = importSeatsioChart(
    chart({
      rows: [row('A', [100, 120, 140, 180, 200], 50), row('B', [100, 120, 140, 160, 180], 75)],
      focalPoint: { x: 140, y: 0 },
    }),
  )
  expect(venue).toMatchObject({ venueId: 'Sample-hall', name: 'Sample hall', currency: 'KRW' })
  expect(venue.grades[0]).toEqual({ id: '1', label: 'Stand', color: '#aa0000' })
  const [main] = venue.sections
  expect(main).toMatchObject({ id: 'main', kind: 'seated', grade: '1', capacity: 10, focalPoint: { x: 7, y: 0 } })
  expect(main!.rows[0]!.seats.map((seat) => seat.position)).toEqual([1, 2, 3, 5, 6])
  expect(main!.rows[0]!.seats[0]).toEqual({ seatId: 'main-A-1', label: '1', x: 5, y: 2.5, position: 1 })
})

test('sections carry their own category and place; rows may slope', () => {
  const slope = { label: 'A', seats: [0, 1, 2].map((i) => ({ x: 12 * i, y: 16 * i, label: String(i + 1) })) }
  const section = (label: string, x: number, more: Json = {}) => ({
    label,
    categoryKey: 'vip',
    topLeft: { x, y: 40 },
    subChart: { rows: [slope] },
    ...more,
  })
  const venue = importSeatsioChart({
    ...chart({ sections: [section('Section A', 0), section('Section B', 200, { zone: 'far' })] }),
    zones: { list: [{ key: 'far', focalPoint: { x: 400, y: 0 } }] },
  })
  expect(venue.sections.map((s) => [s.id, s.label, s.grade, s.x, s.y])).toEqual([
    ['Section-A', 'Section A', 'vip', 0, 40],
    ['Section-B', 'Section B', 'vip', 200, 40],
  ])
  expect(venue.sections[1]!.rows[0]!.seats.map(({ x, y, position }) => [x, y, position])).toEqual([
    [10, 2, 1],
    [10.6, 2.8, 2],
    [11.2, 3.6, 3],
  ])
  expect(venue.sections[0]!.focalPoint).toEqual({ x: 0.6, y: 2.8 })
  expect(venue.sections[1]!.focalPoint).toEqual({ x: 20, y: 0 })
})

test('seats keep the marks and the category of their own', () => {
  const seats = [
    { x: 0, y: 0, label: '1', categoryKey: 1 },
    { x: 20, y: 0, label: '2', categoryKey: 1, companionSeat: true },
    { x: 40, y: 0, label: '3', categoryKey: 3 },
    { x: 60, y: 0, label: '4', categoryKey: 1, accessible: true },
  ]
  const venue = importSeatsioChart(chart({ rows: [{ label: 'A', seats }] }))
  expect(venue.grades[2]).toEqual({ id: '3', label: 'Wheelchair', accessible: true })
  expect(
    venue.sections[0]!.rows[0]!.seats.map(({ grade, accessible, companion }) => [grade, accessible, companion]),
  ).toEqual([
    [undefined, undefined, undefined],
    [undefined, undefined, true],
    ['3', true, undefined],
    [undefined, true, undefined],
  ])
})

test('tables, booths and general admission become sections of their kinds', () => {
  const table = (label: string, more: Json = {}) => ({ ...row(label, [9, 35, 62], 24), type: 'round', ...more })
  const venue = importSeatsioChart(
    chart({
      tables: [table('T1'), table('T2', { bookAsAWhole: true }), table('T3')],
      booths: [{ label: 'Booth 1', categoryKey: 'vip' }],
      generalAdmissionAreas: [
        { label: 'GA1', capacity: 100, categoryKey: 1, bookAsAWhole: false },
        { label: 'Box', capacity: 8, categoryKey: 'vip', bookAsAWhole: true },
      ],
    }),
  )
  expect(venue.sections.map((s) => [s.id, s.kind, s.soldWhole ?? false, s.capacity, s.rows.length])).toEqual([
    ['main-tables', 'table', false, 6, 2],
    ['main-whole-tables', 'table', true, 3, 1],
    ['main-booths', 'table', true, 1, 1],
    ['GA1', 'ga', false, 100, 1],
    ['Box', 'table', true, 8, 1],
  ])
  expect(venue.sections[3]!.rows[0]!.seats[99]).toEqual({
    seatId: 'GA1-1-100',
    label: '100',
    x: 100,
    y: 0,
    position: 100,
  })
})

test('a chart of several floors is read floor by floor', () => {
  const { subChart: _, ...rest } = chart({})
  const stand = { label: 'S1', categoryKey: 1, subChart: subChart({ rows: [row('A', [0, 20], 0)] }) }
  const floors = [{ ...subChart({ sections: [stand] }), floorName: 'G' }, subChart({ rows: [row('A', [0, 20], 0)] })]
  const venue = importSeatsioChart({ ...rest, subChartFloors: floors })
  expect(venue.sections.map((s) => [s.id, s.capacity])).toEqual([
    ['S1', 2],
    ['Floor-2', 2],
  ])
})

test('names that repeat are told apart by their ids', () => {
  const section = { label: 'Stand', categoryKey: 1, subChart: { rows: [row('A', [0, 20], 0), row('A', [0, 20], 20)] } }
  const venue = importSeatsioChart(chart({ sections: [section, section] }))
  const ids = venue.sections.flatMap((s) => s.rows.flatMap((r) => r.seats.map((seat) => seat.seatId)))
  expect(ids).toHaveLength(8)
  expect(new Set(ids).size).toBe(8)
  expect(venue.sections.map((s) => s.id)).toEqual(['Stand', 'Stand_2'])
})

test('the caller may name the venue and its currency', () => {
  const venue = importSeatsioChart(chart({ rows: [row('A', [0, 20], 0)] }), { venueId: 'hall', currency: 'EUR' })
  expect([venue.venueId, venue.currency]).toEqual(['hall', 'EUR'])
})

test('what is wrong is said', () => {
  const wrong: [unknown, string][] = [
    [null, 'it must be an object'],
    [[], 'it must be an object'],
    [{}, 'categories: must list at least one category'],
    [{ categories }, 'subChart: is missing'],
    [chart({}), 'sections: must name at least one section'],
    [chart({ rows: [row('A', [0, 20], 0, { categoryKey: 99 })] }), 'seats[0].categoryKey: is not a category'],
    [chart({ rows: [row('A', [0, 20], 0, { categoryKey: null })] }), 'seats[0].categoryKey: is not a category'],
    [chart({ rows: [{ ...row('A', [0, 20], 0), label: null }] }), 'rows[0].label: is missing'],
    [chart({ rows: [row('A', [0, 20], 0, { label: undefined })] }), 'seats[0].label: is missing'],
    [chart({ rows: 'A' }), 'subChart.rows: must be a list'],
    [chart({ sections: [{ label: 'X' }] }), 'subChart.sections[0].subChart: is missing'],
    [chart({ generalAdmissionAreas: [{ label: 'GA', categoryKey: 1 }] }), 'must have a label and a capacity'],
    [chart({ generalAdmissionAreas: [{ label: 'GA', categoryKey: 1, capacity: 1e12 }] }), 'past the limit'],
    [{ ...chart({}), categories: { list: [{ key: 1 }, { key: 1 }] } }, 'categories.list[1].key: 1 stands twice'],
  ]
  for (const [document, problem] of wrong) expect(problemsOf(document).join('\n')).toContain(problem)
})

test('whatever is given: a venue, or INVALID with its problems', () => {
  const keys = [
    'label',
    'x',
    'y',
    'seats',
    'categoryKey',
    'capacity',
    'rows',
    'tables',
    'subChart',
    'topLeft',
    'places',
    'zone',
  ]
  const values = fc.oneof(
    fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }),
    fc.constantFrom('A', '1', 1, 0, -5, 1e300, 3, true, null),
  )
  const { part } = fc.letrec<{ part: unknown; list: unknown; object: unknown }>((tie) => ({
    part: fc.oneof({ maxDepth: 5, depthSize: 'medium' }, values, tie('list'), tie('object')),
    list: fc.array(tie('part'), { maxLength: 4 }),
    object: fc.dictionary(fc.constantFrom(...keys), tie('part'), { maxKeys: 6 }),
  }))
  fc.assert(
    fc.property(
      part,
      part,
      fc.constantFrom('rows', 'sections', 'tables', 'booths', 'generalAdmissionAreas'),
      (a, b, key) => {
        for (const document of [a, chart({ [key]: a, focalPoint: b }), { ...chart({}), categories: b }])
          if (problemsOf(document).length === 0) expect(validateVenue(importSeatsioChart(document))).toEqual([])
        const known = chart({ rows: [row('A', [0, 20, 40], 0)], [key]: a })
        if (problemsOf(known).length === 0) expect(validateVenue(importSeatsioChart(known))).toEqual([])
      },
    ),
    { numRuns: 2_000, seed: 21 },
  )
})
