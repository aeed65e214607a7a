import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isTicketingError } from '../shared/errors.ts'
import { mergeSettings } from './sale-settings.ts'
import { defaultSettings } from './schedule.ts'

const invalid = (patch: unknown): readonly string[] => {
  try {
    mergeSettings(defaultSettings, patch)
  } catch (error) {
    if (!isTicketingError(error)) throw error
    expect(error.code).toBe('INVALID')
    return error.details.problems as string[]
  }
  return []
}

test('the defaults are those of the product', () => {
  expect(mergeSettings(defaultSettings, {})).toEqual(defaultSettings)
  expect([defaultSettings.groupSize, defaultSettings.passTtlSeconds, defaultSettings.holdTtlSeconds]).toEqual([
    120, 600, 300,
  ])
})

test('named settings are taken, others stay', () => {
  expect(mergeSettings(defaultSettings, { groupSize: 1, capacity: 0, graceSeconds: undefined })).toEqual({
    ...defaultSettings,
    groupSize: 1,
    capacity: 0,
  })
})

test('null is unlimited where that makes sense', () => {
  expect(mergeSettings(defaultSettings, { ratePerMinute: null, capacity: null, beacon: null })).toMatchObject({
    ratePerMinute: null,
    capacity: null,
    beacon: null,
  })
  for (const key of Object.keys(defaultSettings).filter(
    (key) => !['ratePerMinute', 'capacity', 'beacon'].includes(key),
  ))
    expect(invalid({ [key]: null })).toHaveLength(1)
})

test('bounds', () => {
  for (const [key, least, most] of [
    ['groupSize', 1, 10_000],
    ['ratePerMinute', 0, 10_000_000],
    ['capacity', 0, 10_000_000],
    ['passTtlSeconds', 1, 86_400],
    ['holdTtlSeconds', 1, 86_400],
    ['maxSeatsPerVisitor', 1, 1_000],
    ['claimWindowSeconds', 1, 86_400],
    ['graceSeconds', 0, 86_400],
    ['partialGroupSeconds', 0, 86_400],
  ] as const) {
    for (const value of [least, most]) expect(mergeSettings(defaultSettings, { [key]: value })[key]).toBe(value)
    for (const value of [least - 1, most + 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60, '5', [5], {}, true])
      expect(invalid({ [key]: value }), `${key} = ${String(value)}`).toHaveLength(1)
  }
  for (const value of ['FIFO', '', 1, null]) expect(invalid({ policy: value })).toHaveLength(1)
  for (const value of ['', 'x'.repeat(257), 7]) expect(invalid({ beacon: value })).toHaveLength(1)
})

test('every wrong setting is named, an unknown one too', () => {
  expect(invalid({ groupSize: 0, groupsize: 5, policy: 'lottery' })).toEqual([
    'groupSize: must be an integer from 1 to 10000',
    'groupsize: is not a setting',
    'policy: must be fifo or draw',
  ])
  expect(invalid(JSON.parse('{"__proto__": 1, "constructor": 2}'))).toHaveLength(2)
})

test('whatever is given: settings within bounds, or INVALID with its problems', () => {
  const named = fc.dictionary(fc.constantFrom(...Object.keys(defaultSettings)), fc.anything())
  fc.assert(
    fc.property(fc.oneof(named, fc.anything()), (patch) => {
      const problems = invalid(patch)
      if (problems.length > 0) return
      const merged = mergeSettings(defaultSettings, patch)
      expect(Object.keys(merged).sort()).toEqual(Object.keys(defaultSettings).sort())
      expect(invalid(merged)).toEqual([])
    }),
    { numRuns: 2_000, seed: 7 },
  )
})
