import { expect, test } from 'vitest'
import { arrivals } from './arrivals.ts'
import { character } from './character.ts'
import { createRandom } from './random.ts'

const crowd = (seed: number) => arrivals({ fans: 10_000, rate: 1_000, random: createRandom(seed) })

test('the same seed is the same crowd, another seed another one', () => {
  expect(crowd(3)).toEqual(crowd(3))
  expect(crowd(3)).not.toEqual(crowd(4))
  const fans = (seed: number) => {
    const random = createRandom(seed)
    return Array.from({ length: 50 }, (_, nth) => character({ random, nth, fans: 50 }))
  }
  expect(fans(3)).toEqual(fans(3))
  expect(fans(3)).not.toEqual(fans(4))
})

test('half of the crowd stands there at the opening and pours in at the given rate', () => {
  const instants = crowd(1)
  expect(instants).toHaveLength(10_000)
  expect([...instants].sort((a, b) => a - b)).toEqual(instants)
  expect(instants[0]).toBeGreaterThanOrEqual(0)
  const inBurst = instants.filter((at) => at < 5_000).length
  expect(inBurst).toBeGreaterThan(5_000)
  expect(inBurst).toBeLessThan(7_000)
})

test('the rest falls off by half-lives, and ends', () => {
  const late = crowd(1).filter((at) => at >= 5_000)
  const during = (from: number, to: number) => late.filter((at) => at >= from && at < to).length
  const ratio = during(17_500, 30_000) / during(5_000, 17_500)
  expect(ratio).toBeGreaterThan(0.45)
  expect(ratio).toBeLessThan(0.55)
  expect(late.at(-1)).toBeLessThanOrEqual(37_500)
})

test('cards that take long are carried by early fans only; every kind of card is there', () => {
  const random = createRandom(5)
  const fans = Array.from({ length: 10_000 }, (_, nth) => character({ random, nth, fans: 10_000 }))
  const long = ['tok_timeout', 'tok_charged_then_timeout', 'tok_late']
  expect(fans.slice(1_250).filter(({ card }) => long.includes(card))).toEqual([])
  expect(new Set(fans.map(({ card }) => card)).size).toBe(7)
  expect(new Set(fans.map(({ party }) => party))).toEqual(new Set([1, 2, 3, 4]))
  expect(new Set(fans.map(({ does }) => does)).size).toBe(5)
})
