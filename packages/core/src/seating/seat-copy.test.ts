import fc from 'fast-check'
import { expect, test } from 'vitest'
import { importVenue } from '../catalogue/import-venue.ts'
import { codeAt, type PackedSection, packCodes, type SeatChange, type SeatCode } from './occupancy.ts'
import { createSeatCopy } from './seat-copy.ts'
import type { SeatNews } from './seat-inventory.port.ts'

const { sections } = importVenue({
  venueId: 'v',
  currency: 'KRW',
  grades: [{ id: 'g', label: 'G', price: 1 }],
  sections: ['A', 'B'].map((id) => ({ id, grade: 'g', rows: [{ id: '1', label: '1', seats: [[1, 6]] }] })),
})

/** What the allocator would see. */
function mirror() {
  const codes = new Map<string, SeatCode>()
  return {
    codes,
    apply: ({ section, seat, code }: Pick<SeatChange, 'section' | 'seat' | 'code'>) =>
      void codes.set(`${section}${seat}`, code),
    replace: ({ section, count, codes: packed }: Pick<PackedSection, 'section' | 'count' | 'codes'>) => {
      for (let seat = 0; seat < count; seat++) codes.set(`${section}${seat}`, codeAt(packed, seat))
    },
  }
}

const first = 2 ** 32

interface Step {
  readonly section: 'A' | 'B'
  readonly seat: number
  readonly code: SeatCode
}

/** A store's history: the whole after each call, and the news of each call. */
function history(calls: readonly (readonly Step[])[]) {
  const truth = { A: Array<SeatCode>(6).fill(0), B: Array<SeatCode>(6).fill(0) }
  const at = { A: first, B: first }
  let version = first
  const packed = (): PackedSection[] =>
    (['A', 'B'] as const).map((section) => ({
      section,
      count: 6,
      codes: packCodes(truth[section]),
      version: at[section],
    }))
  const start = { is: 'snapshot', version, storeTime: 0, sections: packed() } as const
  const told = calls.map((steps) => {
    const from = version
    const changes = steps.map(({ section, seat, code }): SeatChange => {
      truth[section][seat] = code
      at[section] = ++version
      return { section, seat, code, version, origin: 'USER' }
    })
    return { news: { from, version, changes } satisfies SeatNews, fresh: packed() }
  })
  return { start, told, end: { version, sections: packed() } }
}

const step = fc.record({
  section: fc.constantFrom('A', 'B' as const),
  seat: fc.nat(5),
  code: fc.constantFrom<SeatCode[]>(0, 1, 2, 3),
})
const calls = fc.array(fc.array(step, { maxLength: 4 }), { minLength: 1, maxLength: 12 })

test('in whatever order the calls are answered, the index ends as the store is, and so does the copy once it has read', () => {
  fc.assert(
    fc.property(calls, fc.array(fc.nat()), fc.array(fc.boolean()), (steps, order, freshened) => {
      const { start, told, end } = history(steps)
      const index = mirror()
      const copy = createSeatCopy({ sections, index })
      copy.read(start)
      const shuffled = told.toSorted((a, b) => (order[told.indexOf(a)] ?? 0) - (order[told.indexOf(b)] ?? 0))
      for (const [i, { news, fresh }] of shuffled.entries()) {
        copy.learn(news)
        if (freshened[i] && copy.behind()) copy.freshen(fresh)
      }
      for (const { section, count, codes } of end.sections)
        for (let seat = 0; seat < count; seat++) expect(index.codes.get(`${section}${seat}`)).toBe(codeAt(codes, seat))
      const since = copy.version()
      const changes = told.flatMap(({ news }) => news.changes).filter(({ version }) => version > since)
      copy.read({ is: 'delta', from: since, version: end.version, storeTime: 1, changes })
      expect(copy.behind()).toBe(false)
      expect(copy.snapshot()).toEqual({ is: 'snapshot', storeTime: 1, ...end })
      for (const { section, count, codes } of end.sections)
        for (let seat = 0; seat < count; seat++) expect(index.codes.get(`${section}${seat}`)).toBe(codeAt(codes, seat))
    }),
    { seed: 7, numRuns: 400 },
  )
})

test('a copy told in order is never behind, and its deltas are those of the store', () => {
  fc.assert(
    fc.property(calls, (steps) => {
      const { start, told, end } = history(steps)
      const copy = createSeatCopy({ sections, index: mirror() })
      copy.read(start)
      for (const { news } of told) {
        copy.learn(news)
        copy.learn(news)
        expect(copy.behind()).toBe(false)
      }
      expect(copy.snapshot().sections).toEqual(end.sections)
      const changes = told.flatMap(({ news }) => news.changes)
      expect(copy.delta(start.version)).toEqual({
        is: 'delta',
        from: start.version,
        version: end.version,
        storeTime: 0,
        changes,
      })
      expect(copy.delta(end.version + 1)).toBeNull()
      expect(copy.delta(start.version - 1)).toBeNull()
    }),
    { seed: 8, numRuns: 200 },
  )
})

test('a marked seat is not free until its mark is taken away, and the map never shows marks', () => {
  const index = mirror()
  const copy = createSeatCopy({ sections, index })
  copy.read(history([]).start)
  const before = copy.snapshot()
  const parts = [{ section: 'A', seats: [1, 2] }]
  const [one, two] = [copy.mark(parts), copy.mark(parts)]
  expect([index.codes.get('A1'), index.codes.get('A3')]).toEqual([1, 0])
  expect(copy.withoutMarks(() => index.codes.get('A1'))).toBe(0)
  expect(index.codes.get('A1')).toBe(1)
  one()
  one()
  expect([index.codes.get('A1'), copy.marked()]).toEqual([1, true])
  two()
  expect([index.codes.get('A1'), copy.marked()]).toEqual([0, false])
  expect(copy.snapshot()).toEqual(before)
})

test('an older snapshot changes nothing, a newer incarnation replaces all', () => {
  const { start, told } = history([[{ section: 'A', seat: 0, code: 1 }]])
  const copy = createSeatCopy({ sections, index: mirror() })
  copy.read(start)
  copy.learn(told[0]!.news)
  copy.read(start)
  expect(copy.code('A', 0)).toBe(1)
  copy.read({ ...start, version: 2 * first })
  expect([copy.code('A', 0), copy.version(), copy.delta(first)]).toEqual([0, 2 * first, null])
})
