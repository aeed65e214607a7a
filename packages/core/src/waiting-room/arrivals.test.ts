import { expect, test } from 'vitest'
import { createArrivals } from './arrivals.ts'

const document = (p: { at: number; tail: number; life?: number; epoch?: string }) => ({
  epoch: p.epoch ?? 'e',
  version: (p.life ?? 1) * 2 ** 32 + p.at,
  storeTime: p.at,
  tail: p.tail,
})

test('the pace of the last ten seconds', () => {
  const arrivals = createArrivals()
  expect(arrivals.in10s()).toBe(0)
  for (let at = 0; at <= 20_000; at += 1_000)
    arrivals.seen(document({ at, tail: at < 10_000 ? 0 : (at - 10_000) / 10 }))
  expect(arrivals.in10s()).toBe(1_000)
})

test.each([
  ['a recovery', { life: 2 }],
  ['a new epoch', { epoch: 'f' }],
])('%s is no crowd, however far the tail moves', (_, change) => {
  const arrivals = createArrivals()
  arrivals.seen(document({ at: 0, tail: 0 }))
  arrivals.seen(document({ at: 1_000, tail: 100 }))
  arrivals.seen(document({ at: 2_000, tail: 1_000_000, ...change }))
  expect(arrivals.in10s()).toBe(0)
  arrivals.seen(document({ at: 4_000, tail: 1_000_100, ...change }))
  expect(arrivals.in10s()).toBe(500)
})
