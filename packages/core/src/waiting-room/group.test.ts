import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { boundsOf, boundsOfGroup, type GroupSegment, groupOf, withGroupSize } from './group.ts'

test('the group is ceil(n / size)', () => {
  const segments = withGroupSize([], 0, 120)
  assert.deepEqual(
    [1, 120, 121, 240, 241].map((n) => groupOf(segments, n)),
    [1, 1, 2, 2, 3],
  )
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 10_000_000 }), (size, n) => {
      assert.equal(groupOf(withGroupSize([], 0, size), n), Math.ceil(n / size))
    }),
  )
})

test('W3: over any changes of size (1–10 000) no group exceeds the size it was issued with, and groups follow one another', () => {
  const size = fc.oneof(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 10_000 }))
  const change = fc.record({ size, issued: fc.integer({ min: 0, max: 400 }) })
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
      let segments: readonly GroupSegment[] = []
      let tail = 0
      const sizes: number[] = []
      for (const { size, issued } of changes) {
        segments = withGroupSize(segments, tail, size)
        for (let i = 0; i < issued; i++) sizes[++tail] = size
      }
      const counts = new Map<number, number>()
      for (let n = 1; n <= tail; n++) {
        const group = groupOf(segments, n)
        assert.ok(group === (counts.size || 1) || group === counts.size + 1, 'a group was skipped')
        counts.set(group, (counts.get(group) ?? 0) + 1)
        assert.ok(counts.get(group)! <= sizes[n]!, 'a group exceeds its size')
        const bounds = boundsOf(segments, n)
        assert.ok(bounds.first <= n && n <= bounds.last)
        assert.deepEqual(boundsOfGroup(segments, group), bounds)
      }
    }),
    { seed: 3 },
  )
})

test('a number that was issued never changes its group', () => {
  const before = withGroupSize(withGroupSize([], 0, 5), 7, 3)
  const after = withGroupSize(before, 12, 9)
  for (let n = 1; n <= 12; n++) assert.equal(groupOf(after, n), groupOf(before, n))
})

test('the same size again, and a size nobody was given a number of, leave no trace', () => {
  const segments = withGroupSize([], 0, 5)
  assert.deepEqual(withGroupSize(segments, 7, 5), segments)
  assert.deepEqual(withGroupSize(withGroupSize(segments, 7, 9), 7, 5), segments)
})

test('a group that cannot exist has no bounds', () => {
  const segments = withGroupSize(withGroupSize([], 0, 5), 7, 3)
  for (const group of [0, -1, 1.5, Number.NaN]) assert.equal(boundsOfGroup(segments, group), null)
})
