import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import {
  commitmentOf,
  type DrawDisclosure,
  drawKey,
  drawnNumbers,
  numberOfRank,
  rankOfNumber,
  verifyDraw,
} from './draw.ts'

const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1)
const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)

test('a draw is a permutation of 1..n, computable per rank and back', () => {
  const size = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 700 }))
  fc.assert(
    fc.property(size, fc.string(), (n, secret) => {
      const draw = { policy: 'draw', n, beacon: null, key: drawKey({ secret, epoch: 'e', n, beacon: null }) } as const
      const numbers = upTo(n).map((rank) => numberOfRank(draw, rank))
      assert.deepEqual(sorted(numbers), upTo(n))
      assert.deepEqual(
        numbers.map((number) => rankOfNumber(draw, number)),
        upTo(n),
      )
      assert.equal(numberOfRank(draw, n + 1), n + 1)
    }),
    { numRuns: 40, seed: 7 },
  )
})

test('every position is about as likely for every rank', () => {
  const n = 8
  const draws = 2_000
  const counts = Array.from({ length: n }, () => new Array<number>(n).fill(0))
  for (let i = 0; i < draws; i++) {
    const numbers = drawnNumbers({ epoch: `e${i}`, n, beacon: null, secret: 's' })
    for (const [rank, number] of numbers.entries()) counts[rank]![number - 1]!++
  }
  const expected = draws / n
  const chi = counts.flat().reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  // 49 degrees of freedom: 85.4 is the 0.1 % point.
  assert.ok(chi < 85.4, `chi² ${chi}`)
})

test('verifyDraw: what is not the disclosure of a draw is INVALID', () => {
  const disclosure = { policy: 'draw', commitment: 'c', n: 1, beacon: null, secret: 's', epoch: 'e' }
  const wrong: readonly unknown[] = [
    ...[undefined, null, 7, {}, { disclosure }, { disclosure: null, numbers: [] }],
    ...[{ policy: 'x' }, { secret: 7 }, { n: '1' }, { beacon: {} }, { epoch: null }, { commitment: undefined }].map(
      (over) => ({ disclosure: { ...disclosure, ...over }, numbers: [1] }),
    ),
  ]
  for (const given of wrong)
    assert.throws(() => verifyDraw(given as never), { name: 'TicketingError', code: 'INVALID' }, JSON.stringify(given))
})

test('secret, epoch, n and beacon each make another draw', () => {
  const base = { epoch: 'e', n: 30, beacon: 'b', secret: 's' }
  const first = drawnNumbers(base).join()
  for (const other of [{ secret: 't' }, { epoch: 'f' }, { beacon: null }, { beacon: 'c' }])
    assert.notEqual(drawnNumbers({ ...base, ...other }).join(), first)
  assert.notEqual(drawKey({ ...base, n: 31 }), drawKey(base))
})

test('verifyDraw recomputes every position', () => {
  const secret = 'the secret'
  const made = { epoch: 'e', n: 25, beacon: 'b', secret }
  const disclosure: DrawDisclosure = { ...made, policy: 'draw', commitment: commitmentOf(secret) }
  const numbers = drawnNumbers(made)
  assert.deepEqual(verifyDraw({ disclosure, numbers }), { ok: true })
  for (let i = 0; i < 24; i += 5) {
    const swapped = numbers.with(i, numbers[i + 1]!).with(i + 1, numbers[i]!)
    assert.deepEqual(verifyDraw({ disclosure, numbers: swapped }), { ok: false, reason: 'position' })
  }
  const refused = (over: Partial<DrawDisclosure>) => verifyDraw({ disclosure: { ...disclosure, ...over }, numbers })
  assert.deepEqual(refused({ secret: 'another' }), { ok: false, reason: 'commitment' })
  assert.deepEqual(refused({ secret: null }), { ok: false, reason: 'not-made' })
  assert.deepEqual(refused({ n: 24 }), { ok: false, reason: 'count' })
  assert.deepEqual(refused({ beacon: null }), { ok: false, reason: 'position' })
  assert.deepEqual(verifyDraw({ disclosure: { ...disclosure, policy: 'fifo', secret: null }, numbers: upTo(25) }), {
    ok: true,
  })
})
