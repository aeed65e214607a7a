import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { importVenue } from '../../catalogue/import-venue.ts'
import { codeAt, packCodes, type SeatCode } from '../occupancy.ts'
import type { AllocationRequest } from './allocation.ts'
import { createAllocator } from './allocator.ts'
import { allocateOn, answer, type DrawnSection, drawMap, namesOf } from './map-drawing.test-support.ts'

const score = (...p: Parameters<typeof allocateOn>) => {
  const result = allocateOn(...p)
  if (!result.ok) throw new Error(`refused, largest fit ${result.largestFit}`)
  return result.value.score
}

test('A1: one seat nearest to the focal point, of two equally near the lower', () => {
  expect(answer(['..........'], 1)).toBe('A5 rung 1')
})

test('A2 A3: two and three seats around the focal point', () => {
  expect(answer(['..........'], 2)).toBe('A5,A6 rung 1')
  expect(answer(['..........'], 3)).toBe('A4,A5,A6 rung 1')
})

test('A4: nine of ten leave an orphan and are not refused for it', () => {
  expect(answer(['..........'], 9)).toBe('A1,A2,A3,A4,A5,A6,A7,A8,A9 rung 2')
  expect(score(drawMap(['..........']), { quantity: 9 })).toMatchObject({ rung: 2, orphans: 1 })
})

test('A5 A6: ten take the whole row; eleven are refused with the largest fit', () => {
  expect(answer(['..........'], 10)).toBe('A1,A2,A3,A4,A5,A6,A7,A8,A9,A10 rung 1')
  expect(answer(['..........'], 11)).toBe('none, largest 10')
})

test('A7: a single seat may leave an orphan', () => {
  expect(answer(['xxx..xxxxx'], 1)).toBe('A5 rung 2')
  expect(score(drawMap(['xxx..xxxxx']), { quantity: 1 })).toMatchObject({ orphans: 1 })
})

test('A8: an exact fit beats a nearer orphan', () => {
  expect(answer(['xxx...x..x'], 2)).toBe('A8,A9 rung 1')
})

test('A9: where every pair leaves an orphan the nearer one is given', () => {
  expect(answer(['xxx...xxxx'], 2)).toBe('A5,A6 rung 2')
})

test('A10 A11: the side without orphan; a single seat that was there before is no orphan', () => {
  expect(answer(['....x.....'], 3)).toBe('A6,A7,A8 rung 1')
  expect(answer(['x.x.......'], 2)).toBe('A4,A5 rung 1')
})

test('A12 A13: never across an aisle', () => {
  expect(answer(['..│......│..'], 3)).toBe('A3,A4,A5 rung 1')
  expect(answer(['..│..'], { quantity: 3, together: 'adjacent' })).toBe('none, largest 2')
})

test('A14 A15: distance beats an exact fit; a blocked seat is a wall', () => {
  expect(answer(['..xxxxxx..', '..........'], 2)).toBe('B5,B6 rung 1')
  expect(answer(['....#.....'], 4)).toBe('A1,A2,A3,A4 rung 1')
})

test('A16: nearest goes by distance, yield by bands of distance', () => {
  expect(answer(['xxxxxx....', '..........'], 4)).toBe('B4,B5,B6,B7 rung 1')
  expect(answer(['xxxxxx....', '..........'], 4, 'yield')).toBe('A7,A8,A9,A10 rung 1')
})

test('A19: an impossible quantity is QUANTITY_INVALID and changes nothing', () => {
  const map = drawMap(['...'])
  const quantities: unknown[] = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 501, '2', null, undefined, [2], 2n]
  for (const quantity of quantities)
    expect(() => allocateOn(map, { quantity } as AllocationRequest), String(quantity)).toThrow(
      expect.objectContaining({ code: 'QUANTITY_INVALID', details: { limit: 500 } }),
    )
  expect(answer(['...'], 3)).toBe('A1,A2,A3 rung 1')
})

test('A19: parts that do not add up and impossible accessible counts are invalid quantities', () => {
  const map = drawMap(['...'])
  const bad: unknown[] = [
    { quantity: 2, parts: [{ grade: 'g0', quantity: 1 }] },
    { quantity: 2, parts: [] },
    {
      quantity: 2,
      parts: [
        { grade: 'g0', quantity: 2 },
        { grade: 'g1', quantity: 0 },
      ],
    },
    {
      quantity: 2,
      parts: [
        { grade: 'g0', quantity: 3 },
        { grade: 'g1', quantity: -1 },
      ],
    },
    { quantity: 2, accessible: -1 },
    { quantity: 2, accessible: 0.5 },
    { quantity: 2, accessible: '1' },
    { quantity: 2, accessible: 3 },
  ]
  for (const request of bad)
    expect(() => allocateOn(map, request as AllocationRequest), JSON.stringify(request)).toThrow(
      expect.objectContaining({ code: 'QUANTITY_INVALID' }),
    )
})

test('anything else malformed is INVALID, an unknown section NOT_FOUND', () => {
  const map = drawMap(['...'])
  const bad: readonly [string, unknown][] = [
    ['INVALID', null],
    ['INVALID', 7],
    ['INVALID', { quantity: 1, together: 'near' }],
    ['INVALID', { quantity: 1, section: 7 }],
    ['INVALID', { quantity: 1, grade: '' }],
    ['INVALID', { quantity: 1, grade: null }],
    ['INVALID', { quantity: 1, channels: 'vip' }],
    ['INVALID', { quantity: 1, channels: [7] }],
    ['INVALID', { quantity: 1, parts: 'all' }],
    ['INVALID', { quantity: 1, parts: [null] }],
    ['NOT_FOUND', { quantity: 1, section: 'T' }],
    ['NOT_FOUND', { quantity: 1, preferredSection: 'constructor' }],
  ]
  for (const [code, request] of bad)
    expect(() => allocateOn(map, request as AllocationRequest), JSON.stringify(request)).toThrow(
      expect.objectContaining({ code }),
    )
  expect(() => allocateOn(map, { quantity: 1 }, 'best' as 'yield')).toThrow(
    expect.objectContaining({ code: 'INVALID' }),
  )
  expect(answer(['...'], { quantity: 1, grade: 'g7' })).toBe('none, largest 0')
})

test('A20: two pairs in one row beat three and one, which is given only without two pairs', () => {
  expect(answer(['..x..'], 4)).toBe('A1,A2,A4,A5 rung 3')
  expect(answer(['...x..x.x'], 4)).toBe('A2,A3,A5,A6 rung 3')
  expect(answer(['...x.'], 4)).toBe('A1,A2,A3,A5 rung 3')
  expect(answer(['..│..'], 4)).toBe('A1,A2,A3,A4 rung 3')
})

test('A21: one row split, then stacked in neighbouring rows, then pairs anywhere in the section', () => {
  expect(answer(['..xxx', '..xxx'], 4)).toBe('A1,A2,B1,B2 rung 4')
  expect(answer(['..xxx', '..xxx', '..x..'], 4)).toBe('C1,C2,C4,C5 rung 3')
  expect(answer(['..xxx', 'xxxxx', '..xxx', '.xxxx'], 4)).toBe('A1,A2,C1,C2 rung 5')
  expect(answer(['..xxx', 'xxx..', '..xxx', '..xxx'], 4)).toBe('C1,C2,D1,D2 rung 4')
})

test('A22: a wanted section is a wall, a preferred one a wish', () => {
  const map = { A: ['xx'], B: ['..'] }
  expect(answer(map, { quantity: 2, section: 'A' })).toBe('none, largest 0')
  expect(answer(map, { quantity: 2, preferredSection: 'A' })).toBe('B-A1,B-A2 rung 1')
  expect(score(drawMap(map), { quantity: 2, preferredSection: 'A' })).toMatchObject({ sectionChanges: 1 })
  expect(answer({ A: ['....'], B: ['....'] }, { quantity: 2, preferredSection: 'B' })).toBe('B-A1,B-A2 rung 1')
  expect(answer({ A: ['..'], B: ['...'] }, { quantity: 2, preferredSection: 'B' })).toBe('A-A1,A-A2 rung 1')
  expect(answer({ A: ['.'], B: ['.'] }, 2)).toBe('A-A1,B-A1 rung 6')
})

test('A23: accessible seats are avoided unless asked for', () => {
  expect(answer(['a..xx'], 2)).toBe('A2,A3 rung 2')
  expect(answer(['a.a.a'], 2)).toBe('A2,A4 rung 3')
})

test('A24: accessible seats are used only after the whole ladder failed without them', () => {
  expect(answer(['aa.'], 2)).toBe('A2,A3 rung 2')
  expect(answer({ A: ['aa'], B: ['.x.'] }, 2)).toBe('B-A1,B-A3 rung 3')
  expect(answer({ A: ['aa'], B: { rows: ['xx'], kind: 'elastic', maxCapacity: 4 } }, 2)).toBe(' + 2 new in B rung 7')
  expect(answer({ A: ['aa'], B: ['.xx'] }, 2)).toBe('A-A1,A-A2 rung 1')
  expect(answer(['aac.x'], 4)).toBe('A1,A2,A3,A4 rung 1')
})

test('A25: accessible=1 with n=3 is a window that holds at least one, and not more than needed', () => {
  expect(answer(['.....a'], { quantity: 3, accessible: 1 })).toBe('A4,A5,A6 rung 1')
  expect(answer(['..aa..a...'], { quantity: 3, accessible: 1 })).toBe('A4,A5,A6 rung 1')
  expect(answer(['...'], { quantity: 2, accessible: 1 })).toBe('none, largest 0')
})

test('a companion seat is given only beside an accessible one', () => {
  expect(answer(['cc'], 1)).toBe('none, largest 0')
  expect(answer(['xca'], { quantity: 2, accessible: 1 })).toBe('A2,A3 rung 1')
  expect(answer(['c.a'], { quantity: 2, accessible: 1 })).toBe('A2,A3 rung 2')
  expect(answer(['cxa'], { quantity: 2, accessible: 1 })).toBe('none, largest 1')
})

test('A26: only the wanted grade is given, and other grades still count as free for orphans', () => {
  expect(answer(['1122'], { quantity: 2, grade: 'g2' })).toBe('A3,A4 rung 1')
  expect(answer(['1222'], { quantity: 2, grade: 'g2' })).toBe('A3,A4 rung 1')
  expect(answer(['1111'], { quantity: 2, grade: 'g2' })).toBe('none, largest 0')
})

test('A27: seats of a channel are walls for the public and seats for its holder', () => {
  expect(answer(['vv..'], 3)).toBe('none, largest 2')
  expect(answer(['vv..'], { quantity: 3, channels: ['vip'] })).toBe('A1,A2,A3 rung 2')
  expect(answer(['.v'], 1)).toBe('A1 rung 1')
  expect(answer(['.v'], { quantity: 1, channels: ['vip', 'unknown'] })).toBe('A1 rung 2')
})

const renamed = (taken: string, rows: readonly string[], labels?: readonly string[]) => {
  const { sections, states } = drawMap(rows.map(() => taken))
  const renamedRows = sections[0]!.rows.map((row, rank) => ({
    ...row,
    id: rows[rank]!,
    label: rows[rank]!,
    seats: row.seats.map((seat, i) => {
      const label = labels?.[i] ?? seat.label
      return { ...seat, label, seatId: `${rows[rank]}-${label}` }
    }),
  }))
  return { sections: [{ ...sections[0]!, rows: renamedRows }], states }
}

const pairOn = (map: ReturnType<typeof renamed>, together: 'adjacent' | 'any' = 'any') => {
  const result = allocateOn(map, { quantity: 2, together })
  return result.ok ? namesOf(map.sections, result.value) : []
}

test('A29: in a row labelled 5,3,1,2,4,6 adjacency is physical', () => {
  const labels = ['5', '3', '1', '2', '4', '6']
  expect(pairOn(renamed('..xxxx', ['A'], labels))).toEqual(['A-5', 'A-3'])
  expect(pairOn(renamed('xxxx..', ['A'], labels))).toEqual(['A-4', 'A-6'])
  expect(pairOn(renamed('......', ['A'], labels))).toEqual(['A-1', 'A-2'])
  expect(pairOn(renamed('.xx.xx', ['A'], labels), 'adjacent')).toEqual([])
})

test('A30: rows go by rank, never by their labels', () => {
  expect(pairOn(renamed('..........', ['10', '2']))).toEqual(['10-5', '10-6'])
  expect(pairOn(renamed('..........', ['2', '10']))).toEqual(['2-5', '2-6'])
})

test('A31: the same seats whatever the order in which they are supplied', () => {
  const map = drawMap({ P: ['..x...|..', '.x....'], Q: ['a.c..x|.1', '.....'] })
  const codeOf = new Map(
    map.sections.flatMap((section, rank) =>
      section.rows.flatMap((row) => row.seats).map((seat, i) => [seat.seatId, codeAt(map.states[rank]!.codes, i)]),
    ),
  )
  const requests: AllocationRequest[] = [
    ...[1, 2, 3, 4, 5, 9].map((quantity) => ({ quantity })),
    { quantity: 2, accessible: 1 },
    {
      quantity: 2,
      parts: [
        { grade: 'g0', quantity: 1 },
        { grade: 'g1', quantity: 1 },
      ],
    },
  ]
  const chosen = ({ sections, states }: typeof map) =>
    requests.map((request) => {
      const result = allocateOn({ sections, states }, request)
      return result.ok ? [...namesOf(sections, result.value)].sort() : result.largestFit
    })
  const expected = chosen(map)
  const random = shuffler(31)
  for (let i = 0; i < 1_000; i++) {
    const sections = map.sections.map((section) => ({
      ...section,
      rows: section.rows.map((row) => ({ ...row, seats: random(row.seats) })),
    }))
    const states = sections.map((section, rank) => {
      const codes = section.rows.flatMap((row) => row.seats.map(({ seatId }) => codeOf.get(seatId)!))
      return { ...map.states[rank]!, codes: packCodes(codes) }
    })
    expect(chosen({ sections, states })).toEqual(expected)
  }
})

function shuffler(seed: number): <T>(list: readonly T[]) => T[] {
  let state = seed
  const below = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
  return (list) => {
    const shuffled = [...list]
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = below(i + 1)
      ;[shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!]
    }
    return shuffled
  }
}

test('A32: general admission gives what is left and never more', () => {
  const ga = (free: number): DrawnSection => ({ kind: 'ga', rows: ['x'.repeat(100 - free) + '.'.repeat(free)] })
  expect(answer({ G: ga(1) }, 2)).toBe('none, largest 1')
  expect(answer({ G: ga(1) }, 1)).toBe('A100 rung 1')
  const { sections, states } = drawMap({ G: ga(100) })
  const allocator = createAllocator(sections)
  allocator.replace(states[0]!)
  let sold = 0
  for (let i = 0; i < 200; i++) {
    const result = allocator.allocate({ request: { quantity: 1 + (i % 3) } })
    if (!result.ok) continue
    for (const { section, seats } of result.value.parts)
      for (const seat of seats) {
        sold++
        allocator.apply({ section, seat, code: 1 })
      }
  }
  expect(sold).toBe(100)
  expect(allocator.allocate({ request: { quantity: 1 } })).toEqual({
    ok: false,
    reason: 'SEATS_UNAVAILABLE',
    largestFit: 0,
  })
})

test('A33: a table is sold whole; a smaller party gets it only where the section says so', () => {
  const table = { kind: 'table', rows: ['........'] } as const
  expect(answer({ T: table }, 3)).toBe('none, largest 0')
  expect(answer({ T: table }, 8)).toBe('A1,A2,A3,A4,A5,A6,A7,A8 rung 1')
  expect(answer({ T: table }, 9)).toBe('none, largest 8')
  expect(answer({ T: { ...table, soldWhole: true } }, 3)).toBe('A1,A2,A3,A4,A5,A6,A7,A8 rung 1')
  expect(answer({ T: { ...table, soldWhole: true, rows: ['x.......'] } }, 3)).toBe('none, largest 0')
  expect(answer({ T: { ...table, rows: ['....', '....'] } }, 8)).toBe('A1,A2,A3,A4,B1,B2,B3,B4 rung 4')
})

test('A34: an elastic section creates seats only up to its most', () => {
  const elastic = (free: number): DrawnSection => ({
    kind: 'elastic',
    maxCapacity: 50,
    rows: ['x'.repeat(48 - free) + '.'.repeat(free)],
  })
  expect(answer({ L: elastic(0) }, 2)).toBe(' + 2 new in L rung 7')
  expect(answer({ L: elastic(0) }, 3)).toBe('none, largest 2')
  expect(answer({ L: elastic(1) }, 3)).toBe('A48 + 2 new in L rung 7')
  expect(answer({ L: elastic(0) }, { quantity: 2, together: 'row' })).toBe('none, largest 0')
})

test('A34: seats that were created are seats like the others', () => {
  const { sections, states } = drawMap({ L: { kind: 'elastic', maxCapacity: 6, rows: ['xx'] } })
  const allocator = createAllocator(sections)
  allocator.replace(states[0]!)
  const create = (quantity: number) => {
    const result = allocator.allocate({ request: { quantity } })
    return result.ok ? (result.value.create ?? result.value.parts) : result.largestFit
  }
  expect(create(3)).toEqual({ section: 'L', count: 3 })
  for (const seat of [2, 3, 4]) allocator.apply({ section: 'L', seat, code: 1 })
  expect(create(2)).toBe(1)
  allocator.apply({ section: 'L', seat: 3, code: 0 })
  allocator.apply({ section: 'L', seat: 4, code: 0 })
  expect(create(2)).toEqual([{ section: 'L', seats: [3, 4] }])
})

test('A35: a mixed party is seated whenever the seats are there', () => {
  const parts = [
    { grade: 'g1', quantity: 2 },
    { grade: 'g2', quantity: 1 },
  ]
  expect(answer(['2112.'], { quantity: 3, parts })).toBe('A1,A2,A3 rung 1')
  expect(answer(['1x1x2'], { quantity: 3, parts })).toBe('A1,A3,A5 rung 3')
  expect(answer(['11x', '2xx'], { quantity: 3, parts })).toBe('A1,A2,B1 rung 4')
  expect(answer({ P: ['11'], Q: ['2'] }, { quantity: 3, parts })).toBe('P-A1,P-A2,Q-A1 rung 6')
  expect(answer({ P: ['11'], Q: ['1'] }, { quantity: 3, parts })).toBe('none, largest 2')
  expect(answer(['1x22'], { quantity: 3, parts })).toBe('none, largest 2')
})

test('A36: the real ballpark, where seat numbers snake and stair openings split the rows', () => {
  const file = new URL('../../../../../examples/server/data/jamsil.json', import.meta.url)
  const { sections } = importVenue(JSON.parse(readFileSync(file, 'utf8')))
  const rank = sections.findIndex(({ id }) => id === '219')
  const block = sections[rank]!
  const freeOnly = (labels: readonly string[], quantity: number, together: 'adjacent' | 'any' = 'adjacent') => {
    const allocator = createAllocator(sections)
    const codes = block.rows.flatMap((row) =>
      row.seats.map(({ label }): SeatCode => (row.label === '4' && labels.includes(label) ? 0 : 2)),
    )
    allocator.replace({ section: '219', count: block.capacity, codes: packCodes(codes) })
    const result = allocator.allocate({ request: { quantity, together } })
    return result.ok ? namesOf(sections, result.value) : result.largestFit
  }
  const row4 = ['34', '35', '36', '37', '10', '11', '12']
  expect(freeOnly(row4, 4)).toEqual(['219-4-34', '219-4-35', '219-4-36', '219-4-37'])
  expect(freeOnly(row4, 5)).toBe(4)
  expect(freeOnly(['37', '10'], 2)).toBe(1)
  expect(freeOnly(['37', '38'], 2)).toBe(1)
  expect(freeOnly(['37', '10'], 2, 'any')).toEqual(['219-4-37', '219-4-10'])
})
