import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  applyDelta,
  codeAt,
  countCodes,
  type MapSnapshot,
  packCodes,
  packedLength,
  type SeatCode,
  withCode,
} from './occupancy.ts'

const code = fc.integer({ min: 0, max: 3 }) as fc.Arbitrary<SeatCode>

test('a packed map gives back what was put in, four seats a byte, least significant first', () => {
  expect([...packCodes([1, 2, 3, 0, 2])]).toEqual([0b00_11_10_01, 0b10])
  fc.assert(
    fc.property(fc.array(code), (list) => {
      const codes = packCodes(list)
      expect(codes.length).toBe(packedLength(list.length))
      expect(list.map((_, seat) => codeAt(codes, seat))).toEqual(list)
    }),
  )
})

test('withCode changes one seat of a copy', () => {
  const before = packCodes([0, 1, 2, 3])
  const after = withCode(before, 1, 0)
  expect([...before]).toEqual([...packCodes([0, 1, 2, 3])])
  expect([...after]).toEqual([...packCodes([0, 0, 2, 3])])
  expect([...withCode(before, 4, 2)]).toEqual([...packCodes([0, 1, 2, 3, 2])])
})

test('countCodes counts seats that exist, not the spare bits of the last byte', () => {
  expect(countCodes(packCodes([0, 1, 1, 2, 3]), 5)).toEqual([1, 2, 1, 1])
})

describe('applyDelta', () => {
  const snapshot: MapSnapshot = {
    is: 'snapshot',
    version: 10,
    storeTime: 1,
    sections: [
      { section: 'A', count: 4, version: 10, codes: packCodes([0, 0, 0, 0]) },
      { section: 'B', count: 2, version: 3, codes: packCodes([1, 1]) },
    ],
  }
  const change = (section: string, seat: number, code: SeatCode, version: number) =>
    ({ section, seat, code, version, origin: 'USER' }) as const

  test('a gap is no snapshot', () => {
    expect(applyDelta(snapshot, { is: 'delta', from: 11, version: 12, storeTime: 2, changes: [] })).toBeNull()
  })

  test('an old delta changes nothing', () => {
    const delta = { is: 'delta', from: 8, version: 9, storeTime: 2, changes: [change('A', 0, 1, 9)] } as const
    expect(applyDelta(snapshot, delta)).toBe(snapshot)
  })

  test('what the snapshot has is passed over, the rest applied in order, created seats appended', () => {
    const changes = [change('A', 0, 2, 10), change('A', 1, 1, 11), change('A', 1, 2, 12), change('B', 4, 1, 12)]
    const after = applyDelta(snapshot, { is: 'delta', from: 9, version: 12, storeTime: 2, changes })
    expect(after).toEqual({
      is: 'snapshot',
      version: 12,
      storeTime: 2,
      sections: [
        { section: 'A', count: 4, version: 12, codes: packCodes([0, 2, 0, 0]) },
        { section: 'B', count: 5, version: 12, codes: packCodes([1, 1, 0, 0, 1]) },
      ],
    })
    expect([...snapshot.sections[0]!.codes]).toEqual([0])
  })
})
