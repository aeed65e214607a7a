import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isTicketingError } from '../shared/errors.ts'
import { importVenue } from './import-venue.ts'
import { createSeatMap } from './seat-map.ts'
import { type Section, sameVenue, venueCapacity } from './venue.ts'
import { validateVenue } from './venue-problems.ts'

type Json = Record<string, unknown>

const readJamsil = (): Json =>
  JSON.parse(readFileSync(new URL('../../../../examples/server/data/jamsil.json', import.meta.url), 'utf8'))

const problemsOf = (document: unknown): readonly string[] => {
  try {
    importVenue(document)
  } catch (error) {
    if (!isTicketingError(error)) throw error
    expect(error.code).toBe('INVALID')
    return error.details.problems as string[]
  }
  return []
}

const documentOf = (sections: readonly Json[], more: Json = {}): Json => ({
  id: 'v',
  name: 'V',
  currency: 'KRW',
  grades: [
    { id: 'red', label: 'Red', prices: { weekday: 10, weekend: 12 } },
    { id: 'wheelchair-red', label: 'W', price: 5 },
  ],
  sections,
  ...more,
})

const oneSection = (section: Json): Section =>
  importVenue(documentOf([{ id: 'A', grade: 'red', ...section }])).sections[0]!

const rowOf = (seats: unknown, section: Json = {}) =>
  oneSection({ rows: [{ label: '1', seats }], ...section }).rows[0]!.seats

describe('the real ballpark', () => {
  const document = readJamsil()
  const venue = importVenue(document)

  test('has 23 750 seats in 113 sections', () => {
    expect(venue.venueId).toBe('jamsil')
    expect(venue.sections).toHaveLength(113)
    expect(venueCapacity(venue)).toBe(23_750)
    expect(
      new Set(venue.sections.flatMap((s) => s.rows.flatMap((row) => row.seats.map((seat) => seat.seatId)))).size,
    ).toBe(23_750)
    expect(validateVenue(venue)).toEqual([])
  })

  test('has the totals that the document states for its grades', () => {
    const totals = document.totals as Record<string, { seats: number; with?: string[] }>
    expect(Object.keys(totals).length).toBeGreaterThan(5)
    for (const [grade, { seats, with: others = [] }] of Object.entries(totals)) {
      const counted = venue.sections.filter((section) => [grade, ...others].includes(section.grade))
      expect(
        counted.reduce((sum, section) => sum + section.capacity, 0),
        grade,
      ).toBe(seats)
    }
  })

  test('A36: row 4 of block 219 is 34 to 37, an opening, 10 to 12', () => {
    const row = venue.sections.find((section) => section.id === '219')!.rows[3]!
    expect(row.seats.map((seat) => [seat.seatId, seat.label, seat.position])).toEqual([
      ['219-4-34', '34', 1],
      ['219-4-35', '35', 2],
      ['219-4-36', '36', 3],
      ['219-4-37', '37', 4],
      ['219-4-10', '10', 6],
      ['219-4-11', '11', 7],
      ['219-4-12', '12', 8],
    ])
    expect(row.seats[0]).toMatchObject({ x: 1, y: 3 })
  })

  test('keeps the published layouts of blocks 103 and 219, and the places of the sections on the plan', () => {
    const sections = new Map(venue.sections.map((section) => [section.id, section]))
    expect([sections.get('103')!.rows.length, sections.get('103')!.capacity]).toEqual([18, 229])
    expect([sections.get('219')!.rows.length, sections.get('219')!.capacity]).toEqual([21, 266])
    expect(sections.get('219')).toMatchObject({ x: -72.6, y: -3.7, kind: 'seated', label: '219블록', grade: 'orange' })
    expect(sections.get('219')!.focalPoint).toEqual({ x: 4.5, y: 0 })
  })

  test('sells the weekday prices, and its wheelchair places are accessible', () => {
    expect(venue.grades.find((grade) => grade.id === 'navy')).toEqual({
      id: 'navy',
      label: '네이비석',
      color: '#2b3570',
      price: 14_000,
    })
    const accessible = venue.sections.flatMap((s) =>
      s.rows.flatMap((row) => row.seats.filter((seat) => seat.accessible)),
    )
    expect(accessible).toHaveLength(52)
    expect(accessible.every((seat) => /^\d+W-/.test(seat.seatId))).toBe(true)
  })

  test('imported twice is the same venue', () => {
    expect(sameVenue(venue, importVenue(readJamsil()))).toBe(true)
  })
})

describe('rows', () => {
  test('a run rises, falls, or is one seat; each further run skips one position', () => {
    expect(
      rowOf([
        [3, 1],
        [9, 9],
        [4, 5],
      ]).map((seat) => [seat.label, seat.position]),
    ).toEqual([
      ['3', 1],
      ['2', 2],
      ['1', 3],
      ['9', 5],
      ['4', 7],
      ['5', 8],
    ])
  })

  test('A29: seats stand by position, whatever their labels', () => {
    const seats = ['5', '3', '1', '2', '4', '6'].map((label, i) => ({ label, position: i + 1 }))
    expect(rowOf(seats).map((seat) => seat.label)).toEqual(['5', '3', '1', '2', '4', '6'])
  })

  test('A31: seats may be listed in any order', () => {
    const seats = Array.from({ length: 12 }, (_, i) => ({ label: String(i % 5), position: i * 2 }))
    const sorted = rowOf(seats)
    fc.assert(
      fc.property(fc.shuffledSubarray(seats, { minLength: seats.length }), (shuffled) => {
        expect(rowOf(shuffled)).toEqual(sorted)
      }),
      { numRuns: 1_000, seed: 3 },
    )
  })

  test('a seat says what it is', () => {
    const seats = [
      { label: 7, position: 1, x: 1.5, y: -2, accessible: true },
      { label: '8', position: 2, companion: true, channel: 'scouts', blocked: true, grade: 'wheelchair-red' },
    ]
    expect(rowOf(seats)).toEqual([
      { seatId: 'A-1-7', label: '7', x: 1.5, y: -2, position: 1, accessible: true },
      {
        seatId: 'A-1-8',
        label: '8',
        x: 2,
        y: 0,
        position: 2,
        grade: 'wheelchair-red',
        companion: true,
        channel: 'scouts',
        blocked: true,
        accessible: true,
      },
    ])
    expect(
      rowOf([{ label: '1', position: 1, accessible: false }], { grade: 'wheelchair-red' })[0]!.accessible,
    ).toBeFalsy()
  })

  test('a label that repeats, in a row or a block, gets an id that tells its seats apart', () => {
    expect(
      rowOf([
        [1, 2],
        [1, 2],
        [1, 1],
      ]).map((seat) => seat.seatId),
    ).toEqual(['A-1-1', 'A-1-2', 'A-1-1_2', 'A-1-2_2', 'A-1-1_3'])
    const block = oneSection({
      rows: [
        { label: 'X', seats: [[1, 1]] },
        { label: 'X', seats: [[1, 1]] },
      ],
    })
    expect(block.rows.map((row) => [row.id, row.label, row.seats[0]!.seatId])).toEqual([
      ['X', 'X', 'A-X-1'],
      ['X_2', 'X', 'A-X_2-1'],
    ])
  })

  test('sections whose names run into each other keep unique seat ids', () => {
    const row = (label: string) => [{ label, seats: [[1, 1]] }]
    const venue = importVenue(
      documentOf([
        { id: 'A-B', grade: 'red', rows: row('1') },
        { id: 'A', grade: 'red', rows: row('B-1') },
      ]),
    )
    expect(venue.sections.map((section) => section.rows[0]!.seats[0]!.seatId)).toEqual(['A-B-1-1', 'A-B-1-1_2'])
  })

  test('labels in any script become ids', () => {
    const section = oneSection({ rows: [{ label: '가 열', seats: [{ label: '특/1', position: 1 }] }] })
    expect(section.rows[0]).toMatchObject({ id: '_ac00-_c5f4', label: '가 열' })
    expect(section.rows[0]!.seats[0]).toMatchObject({ seatId: 'A-_ac00-_c5f4-_d2b9_2f1', label: '특/1' })
  })
})

describe('kinds of section', () => {
  test('ga: its capacity is one row of numbered places', () => {
    const section = oneSection({ kind: 'ga', capacity: 100 })
    expect([section.kind, section.capacity, section.rows.length]).toEqual(['ga', 100, 1])
    expect(section.rows[0]!.seats.at(-1)).toEqual({ seatId: 'A-1-100', label: '100', x: 100, y: 0, position: 100 })
  })

  test('elastic, table and focal point', () => {
    const rows = [{ label: 'T1', seats: [[1, 4]] }]
    expect(oneSection({ kind: 'elastic', maxCapacity: 50, rows })).toMatchObject({ capacity: 4, maxCapacity: 50 })
    expect(oneSection({ kind: 'elastic', maxCapacity: 50 })).toMatchObject({ capacity: 0, focalPoint: { x: 0, y: 0 } })
    expect(oneSection({ kind: 'table', soldWhole: true, rows })).toMatchObject({ kind: 'table', soldWhole: true })
    expect(oneSection({ rows }).focalPoint).toEqual({ x: 2.5, y: 0 })
    expect(oneSection({ rows, focalPoint: { x: 9, y: -4 } }).focalPoint).toEqual({ x: 9, y: -4 })
    expect(oneSection({ rows, focalPoint: [9, -4] }).focalPoint).toEqual({ x: 9, y: -4 })
  })

  test('a table section may hold several tables of which each is a row', () => {
    const rows = [1, 2].map((n) => ({ label: `T${n}`, seats: [[1, 8]] }))
    expect(oneSection({ kind: 'table', rows }).rows.map((row) => row.seats.length)).toEqual([8, 8])
  })
})

describe('what is wrong is said', () => {
  const rows = [{ label: '1', seats: [[1, 2]] }]
  const section = { id: 'A', grade: 'red', rows }
  const wrong: [string, unknown, string][] = [
    ['null', null, 'it must be an object'],
    ['a list', [], 'it must be an object'],
    ['a text', 'jamsil', 'it must be an object'],
    ['no id', documentOf([section], { id: undefined }), 'venueId: must match'],
    ['a bad id', documentOf([section], { id: 'a b' }), 'id: must match'],
    ['a number as name', documentOf([section], { name: {} }), 'name: must be a text'],
    ['a currency', documentOf([section], { currency: 'won' }), 'currency: must be a three-letter code'],
    ['no sections', documentOf([]), 'sections: must name at least one section'],
    ['sections that are none', documentOf([], { sections: 'A' }), 'sections: must be a list'],
    ['no grades', documentOf([section], { grades: undefined }), 'sections[0].grade: is not a grade'],
    [
      'a grade twice',
      documentOf([section], { grades: [{ id: 'red' }, { id: 'red' }] }),
      'grades[1].id: red stands twice',
    ],
    [
      'a price',
      documentOf([section], { grades: [{ id: 'red', prices: { weekday: -1 } }] }),
      'grades[0].prices.weekday',
    ],
    ['a section twice', documentOf([section, section]), 'sections[1].id: A stands twice'],
    ['an unknown grade', documentOf([{ ...section, grade: 'gold' }]), 'sections[0].grade: is not a grade'],
    ['an unknown kind', documentOf([{ ...section, kind: 'sofa' }]), 'sections[0].kind: must be one of'],
    ['a coordinate', documentOf([{ ...section, x: 1e12 }]), 'sections[0].x: must be a finite coordinate'],
    [
      'a focal point',
      documentOf([{ ...section, focalPoint: { x: 'a', y: 1 } }]),
      'sections[0].focalPoint: must be a point',
    ],
    ['a wrong total', documentOf([section], { capacity: 3 }), 'capacity: is 3, but 2 seats are listed'],
    [
      'a wrong section total',
      documentOf([{ ...section, seats: 3 }]),
      'sections[0].seats: is 3, but 2 seats are listed',
    ],
    ['a wrong capacity', documentOf([{ ...section, capacity: 9 }]), 'sections[0].capacity: is 9'],
    ['no rows', documentOf([{ id: 'A', grade: 'red' }]), 'sections[0].rows: list no seat'],
    [
      'an empty row',
      documentOf([{ ...section, rows: [...rows, { label: '2', seats: [] }] }]),
      'rows[1].seats: list no seat',
    ],
    ['a row without label', documentOf([{ ...section, rows: [{ seats: [[1, 2]] }] }]), 'rows[0].label: is missing'],
    [
      'a run of three',
      documentOf([{ ...section, rows: [{ label: '1', seats: [[1, 2, 3]] }] }]),
      'seats[0]: must be a run',
    ],
    ['a fraction', documentOf([{ ...section, rows: [{ label: '1', seats: [[1, 2.5]] }] }]), 'seats[0]: must be a run'],
    [
      'a negative run',
      documentOf([{ ...section, rows: [{ label: '1', seats: [[-3, 2]] }] }]),
      'seats[0]: must be a run',
    ],
    [
      'runs and seats in one row',
      documentOf([{ ...section, rows: [{ label: '1', seats: [[1, 2], { label: '3', position: 9 }] }] }]),
      'seats[1]: must be a run',
    ],
    [
      'a seat without position',
      documentOf([{ ...section, rows: [{ label: '1', seats: [{ label: '1' }] }] }]),
      'seats[0]: must',
    ],
    [
      'a position twice',
      documentOf([
        {
          ...section,
          rows: [
            {
              label: '1',
              seats: [
                { label: '1', position: 1 },
                { label: '2', position: 1 },
              ],
            },
          ],
        },
      ]),
      'seats[1].position: must be an integer greater',
    ],
    [
      'half a position',
      documentOf([{ ...section, rows: [{ label: '1', seats: [{ label: '1', position: 0.5 }] }] }]),
      'seats[0].position: must be an integer',
    ],
    [
      'a mark that is no flag',
      documentOf([{ ...section, rows: [{ label: '1', seats: [{ label: '1', position: 1, blocked: 'yes' }] }] }]),
      'seats[0].blocked: must be true or false',
    ],
    [
      'a channel',
      documentOf([{ ...section, rows: [{ label: '1', seats: [{ label: '1', position: 1, channel: 'a b' }] }] }]),
      'seats[0].channel: must match',
    ],
    [
      'a ga without capacity',
      documentOf([{ id: 'A', grade: 'red', kind: 'ga' }]),
      'sections[0].capacity: of a ga section',
    ],
    ['ga rows', documentOf([{ ...section, kind: 'ga', rows: [...rows, { label: '2', seats: [[1, 2]] }] }]), 'one row'],
    [
      'elastic without maximum',
      documentOf([{ ...section, kind: 'elastic' }]),
      'sections[0].maxCapacity: must be an integer',
    ],
    [
      'elastic below its seats',
      documentOf([{ ...section, kind: 'elastic', maxCapacity: 1 }]),
      'maxCapacity: must be an',
    ],
    ['a maximum elsewhere', documentOf([{ ...section, maxCapacity: 9 }]), 'maxCapacity: belongs to elastic'],
    ['soldWhole elsewhere', documentOf([{ ...section, soldWhole: true }]), 'soldWhole: belongs to table'],
    ['an id too long', documentOf([{ ...section, id: 'A'.repeat(62) }]), 'id of more than 64 characters'],
    ['a run without end', documentOf([{ ...section, rows: [{ label: '1', seats: [[1, 1e15]] }] }]), 'past the limit'],
    ['a hall without end', documentOf([{ id: 'A', grade: 'red', kind: 'ga', capacity: 1_000_001 }]), 'past the limit'],
    [
      'an elastic section without end',
      documentOf([{ ...section, kind: 'elastic', maxCapacity: 2e6 }]),
      'at most 1000000',
    ],
  ]
  for (const [name, document, problem] of wrong)
    test(name, () => {
      expect(problemsOf(document).join('\n')).toContain(problem)
    })

  test('created seats must find their names free', () => {
    const venue = importVenue(documentOf([{ ...section, kind: 'elastic', maxCapacity: 5 }]))
    const [first] = venue.sections
    const seats = [{ ...first!.rows[0]!.seats[0]!, seatId: 'A-E-2' }]
    const other = { ...first!, id: 'B', kind: 'seated' as const, maxCapacity: undefined, capacity: 1 }
    const taken = { ...venue, sections: [first, { ...other, rows: [{ id: '1', label: '1', seats }] }] }
    expect(validateVenue(taken)).toEqual(['section A: a created seat could not be named A-E-2'])
  })

  test('the list of problems is bounded', () => {
    const rows = Array.from({ length: 500 }, () => ({}))
    const problems = problemsOf(documentOf([{ ...section, rows }]))
    expect(problems).toHaveLength(51)
    expect(problems.at(-1)).toMatch(/^and \d+ more$/)
  })
})

describe('whatever is given: a venue, or INVALID with its problems', () => {
  const keys = [
    'id',
    'label',
    'kind',
    'grade',
    'x',
    'y',
    'capacity',
    'maxCapacity',
    'rows',
    'seats',
    'position',
    'focalPoint',
  ]
  const values = fc.oneof(
    fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }),
    fc.constantFrom('A', 'red', '1', 'ga', 'elastic', 'table', 'seated', 1, 2, 0, -1, 1e300, [[1, 2]], [1, 2], true),
  )
  const { part } = fc.letrec<{ part: unknown; list: unknown; object: unknown }>((tie) => ({
    part: fc.oneof({ maxDepth: 5, depthSize: 'medium' }, values, tie('list'), tie('object')),
    list: fc.array(tie('part'), { maxLength: 4 }),
    object: fc.dictionary(fc.constantFrom(...keys), tie('part'), { maxKeys: 6 }),
  }))

  test('anything', () => {
    fc.assert(
      fc.property(values, (document) => {
        expect(Array.isArray(problemsOf(document))).toBe(true)
      }),
      { numRuns: 1_000, seed: 11 },
    )
  })

  test('a document with anything in its places', () => {
    fc.assert(
      fc.property(part, part, part, (sections, grades, rows) => {
        problemsOf(documentOf([], { sections, grades }))
        problemsOf(documentOf([{ id: 'A', grade: 'red', rows }]))
        expect(validateVenue({ venueId: 'v', name: 'v', currency: 'KRW', grades, sections }).length).toBeGreaterThan(0)
      }),
      { numRuns: 2_000, seed: 12 },
    )
  })

  test('the real ballpark with one thing in it changed', () => {
    const sections = (readJamsil().sections as Json[]).slice(0, 3)
    const grades = readJamsil().grades
    fc.assert(
      fc.property(fc.constantFrom(0, 1, 2), fc.constantFrom(...keys), values, (i, key, value) => {
        const changed = sections.map((section, at) => (at === i ? { ...section, [key]: value } : section))
        const document = { id: 'v', name: 'v', currency: 'KRW', grades, sections: changed }
        if (problemsOf(document).length > 0) return
        const venue = importVenue(document)
        expect(validateVenue(venue)).toEqual([])
        expect(createSeatMap(venue).capacity).toBe(venueCapacity(venue))
      }),
      { numRuns: 500, seed: 13 },
    )
  })
})
