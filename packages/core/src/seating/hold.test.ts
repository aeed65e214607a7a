import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createChangeLog } from './change-log.ts'
import { createDeadlines } from './deadlines.ts'
import {
  afterExpiry,
  extendedDeadline,
  holdDeadline,
  isDue,
  noExpiries,
  partsOf,
  partsSize,
  sameParts,
} from './hold.ts'

test('a hold ends after its ttl or with the pass, whichever comes first', () => {
  expect(holdDeadline({ now: 100, ttlMs: 50, notAfter: 1_000 })).toBe(150)
  expect(holdDeadline({ now: 100, ttlMs: 50, notAfter: 120 })).toBe(120)
  expect([isDue({ expiresAt: 150, requestId: null }, 149), isDue({ expiresAt: 150, requestId: null }, 150)]).toEqual([
    false,
    true,
  ])
  expect(isDue({ expiresAt: 150, requestId: 'pay-1' }, 1_000)).toBe(false)
})

test('H7: an extension never shortens, and never passes created + 3 × ttl or the pass', () => {
  const values = fc.record({
    age: fc.nat(900),
    ttlMs: fc.integer({ min: 1, max: 300 }),
    left: fc.integer({ min: 1, max: 900 }),
    notAfter: fc.nat(2_000),
  })
  fc.assert(
    fc.property(values, ({ age, ttlMs, left, notAfter }) => {
      const hold = { createdAt: 1_000, expiresAt: 1_000 + age + left }
      const now = 1_000 + age
      const until = extendedDeadline(hold, { now, ttlMs, notAfter: 1_000 + notAfter })
      expect(until).toBeGreaterThanOrEqual(hold.expiresAt)
      if (until > hold.expiresAt) {
        expect(until).toBeLessThanOrEqual(hold.createdAt + 3 * ttlMs)
        expect(until).toBeLessThanOrEqual(now + ttlMs)
        expect(until).toBeLessThanOrEqual(1_000 + notAfter)
      }
    }),
    { seed: 3 },
  )
})

test('the fifth expiry in a row pauses for 60 s from its deadline, and the row begins anew', () => {
  let row = noExpiries
  for (let i = 1; i <= 4; i++) row = afterExpiry(row, i)
  expect(row).toEqual({ expiries: 4, pausedUntil: 0 })
  row = afterExpiry(row, 5_000)
  expect(row).toEqual({ expiries: 0, pausedUntil: 65_000 })
  expect(afterExpiry(row, 6_000)).toEqual({ expiries: 1, pausedUntil: 65_000 })
})

test('places become parts in the order of the venue', () => {
  const rank = (section: string) => ['B', 'A'].indexOf(section)
  const parts = partsOf(
    [
      { section: 'A', index: 12 },
      { section: 'B', index: 3 },
      { section: 'A', index: 2 },
    ],
    rank,
  )
  expect(parts).toEqual([
    { section: 'B', seats: [3] },
    { section: 'A', seats: [2, 12] },
  ])
  expect(partsSize(parts)).toBe(3)
  expect(sameParts(parts, structuredClone(parts))).toBe(true)
  expect(sameParts(parts, parts.slice(1))).toBe(false)
  expect(sameParts([{ section: 'A', seats: [1, 2] }], [{ section: 'A', seats: [1] }])).toBe(false)
})

test('deadlines come out in order, each when it has come', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), fc.nat(60), (at, now) => {
      const deadlines = createDeadlines()
      at.forEach((deadline, i) => {
        deadlines.add(deadline, `${deadline}-${i}`)
      })
      const out: number[] = []
      for (let next = deadlines.takeDue(now); next !== null; next = deadlines.takeDue(now))
        out.push(Number(next.split('-')[0]))
      expect(out).toEqual(at.filter((deadline) => deadline <= now).toSorted((a, b) => a - b))
    }),
    { seed: 4 },
  )
})

test('the change log tells all or nothing', () => {
  fc.assert(
    fc.property(fc.nat(60), fc.integer({ min: 1, max: 20 }), fc.nat(70), (changes, limit, since) => {
      const log = createChangeLog(0, limit)
      for (let version = 1; version <= changes; version++)
        log.add({ section: 'A', seat: 0, code: 0, version, origin: 'USER' })
      const versions = log.after(since)?.map(({ version }) => version)
      const lost = Math.max(0, changes - limit)
      const expected = Array.from({ length: Math.max(0, changes - since) }, (_, i) => since + 1 + i)
      expect(versions).toEqual(since < lost ? undefined : expected)
    }),
    { seed: 5 },
  )
})
