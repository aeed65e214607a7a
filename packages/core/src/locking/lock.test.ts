import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isId } from '../shared/ids.ts'
import { admitsFence, fencingNumber, lockBackoffMs, maxFenceEpoch, shardKey, shardOf } from './lock.ts'

test('a fencing number is a safe integer over the whole range, ordered by epoch, then counter', () => {
  expect(fencingNumber(1, 1)).toBe(2 ** 32 + 1)
  expect(Number.isSafeInteger(fencingNumber(maxFenceEpoch, 2 ** 32 - 1))).toBe(true)
  expect(fencingNumber(2, 1)).toBeGreaterThan(fencingNumber(1, 2 ** 32 - 1))
})

test.each([
  [0, 1],
  [maxFenceEpoch + 1, 1],
  [1, 0],
  [1, 2 ** 32],
  [1.5, 1],
  [Number.NaN, 1],
])('epoch %s with counter %s is a fault', (epoch, counter) => {
  expect(() => fencingNumber(epoch, counter)).toThrow(expect.objectContaining({ code: 'STORE_FAULT' }))
})

test('I8: the target refuses a lower number, and what is none', () => {
  expect([admitsFence(null, 7), admitsFence(7, 7), admitsFence(7, 8)]).toEqual([true, true, true])
  expect([admitsFence(7, 6), admitsFence(7, Number.NaN), admitsFence(null, -1)]).toEqual([false, false, false])
})

test('every pause is longer than the one before it, whatever the dice', () => {
  const dice = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(fc.nat(15), dice, dice, (attempt, one, two) => {
      expect(lockBackoffMs(attempt + 1, two)).toBeGreaterThanOrEqual(lockBackoffMs(attempt, one))
      expect(lockBackoffMs(attempt, one)).toBeGreaterThan(0)
    }),
  )
  expect([0, 1, 2, 3, 4].map((attempt) => lockBackoffMs(attempt, 0))).toEqual([50, 100, 200, 400, 800])
})

test('any name maps to one of the shards, always the same', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 65_536 }),
      (name, shards) => {
        const shard = shardOf(name, shards)
        expect(shard).toBe(shardOf(name, shards))
        expect(shard >= 0 && shard < shards && isId(shardKey(shard))).toBe(true)
      },
    ),
  )
})

test('names spread evenly over 64 shards', () => {
  const counts = new Array<number>(64).fill(0)
  for (let i = 0; i < 64_000; i++) counts[shardOf(`sale:game-1:group:${i}`, 64)]!++
  expect(Math.min(...counts)).toBeGreaterThan(900)
  expect(Math.max(...counts)).toBeLessThan(1_100)
})
