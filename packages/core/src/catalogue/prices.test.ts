import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isTicketingError } from '../shared/errors.ts'
import { importVenue } from './import-venue.ts'
import { mergePrices } from './prices.ts'

const venueWith = (grades: readonly unknown[]) =>
  importVenue({ id: 'v', grades, sections: [{ id: 'A', grade: 'red', rows: [{ label: '1', seats: [[1, 2]] }] }] })

const venue = venueWith([{ id: 'red', price: 10 }, { id: 'blue', price: 0 }, { id: 'constructor' }])

const problemsOf = (given: unknown, of = venue): readonly string[] => {
  try {
    mergePrices(of, given)
  } catch (error) {
    if (!isTicketingError(error)) throw error
    return error.details.problems as string[]
  }
  return []
}

test('a given price wins, a missing one is the grade own', () => {
  expect(mergePrices(venue, { constructor: 7, red: 11 })).toEqual({ red: 11, blue: 0, constructor: 7 })
})

test('every grade has a price, every price a grade', () => {
  expect(problemsOf({})).toEqual(['constructor: has no price'])
  expect(problemsOf({ constructor: 1, gold: 5 })).toEqual(['gold: is not a grade of the venue'])
})

test('a price is an integer of minor units', () => {
  for (const value of [-1, 1.5, Number.NaN, 2 ** 53, 1e13, '5', null, {}, [1], true])
    expect(problemsOf({ constructor: 1, red: value }), String(value)).toHaveLength(1)
  for (const given of [null, 5, 'red', [1]]) expect(problemsOf(given)).toHaveLength(1)
})

test('a grade may be called what it likes', () => {
  const odd = venueWith([
    { id: 'red', price: 10 },
    { id: '__proto__', price: 3 },
  ])
  expect(Object.entries(mergePrices(odd, {}))).toEqual([
    ['red', 10],
    ['__proto__', 3],
  ])
})

test('whatever is given: prices for every grade, or problems', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.anything(), fc.dictionary(fc.constantFrom('red', 'blue', 'constructor'), fc.anything())),
      (given) => {
        if (problemsOf(given).length === 0)
          expect(Object.keys(mergePrices(venue, given)).sort()).toEqual(['blue', 'constructor', 'red'])
      },
    ),
    { numRuns: 1_000, seed: 5 },
  )
})
