import fc from 'fast-check'
import { expect, test } from 'vitest'
import { manualRuntime } from './contract.ts'
import { base64url, hmacSha256, sameBytes, sha256Hex } from './crypto.ts'
import { demandCount } from './demand.ts'
import { busy, errorCodes, isTicketingError, TicketingError } from './errors.ts'
import { demandId, isId, newId } from './ids.ts'
import { accepted, refused } from './outcome.ts'
import { createMemoryRecord, defineTable } from './record.memory.ts'

test.each(['a', 'A-9_z', '0', 'x'.repeat(64), '__proto__'])('%j is an id', (id) => {
  expect(isId(id)).toBe(true)
  expect(demandId(id, 'id')).toBe(id)
})

test.each(['', ' ', 'a b', 'a\n', '\na', 'ä', 'a.b', 'a/b', 'x'.repeat(65), 7, null, undefined, {}, ['a'], Number.NaN])(
  '%j is no id',
  (value) => {
    expect(isId(value)).toBe(false)
    expect(() => demandId(value, 'seatId')).toThrow(expect.objectContaining({ code: 'INVALID' }))
  },
)

test('new ids are ids of 22 characters, all different', () => {
  const runtime = manualRuntime()
  const ids = Array.from({ length: 1_000 }, () => newId(runtime))
  expect(ids.every((id) => isId(id) && id.length === 22)).toBe(true)
  expect(new Set(ids).size).toBe(1_000)
})

test('base64url is what Node says', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(base64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
    }),
  )
})

test('counts are integers in a range', () => {
  expect([demandCount(1, 'n'), demandCount(0, 'n', { min: 0 }), demandCount(5, 'n', { max: 5 })]).toEqual([1, 0, 5])
  for (const bad of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, '1', null, undefined]) {
    expect(() => demandCount(bad, 'n')).toThrow(expect.objectContaining({ code: 'INVALID' }))
  }
  expect(() => demandCount(6, 'n', { max: 5 })).toThrow('n must be an integer from 1 to 5')
})

test('an outcome is a value or a reason', () => {
  expect(accepted(7)).toEqual({ ok: true, value: 7 })
  expect(refused({ reason: 'SEAT_TAKEN', taken: ['a'] })).toEqual({ ok: false, reason: 'SEAT_TAKEN', taken: ['a'] })
})

test('an error has a stable code, details to show and a cause to keep', () => {
  const cause = new Error('socket')
  const error = busy('later', 500, cause)
  expect(error).toMatchObject({ code: 'BUSY', retryInMs: 500, details: {}, cause })
  expect('cause' in new TicketingError('INVALID', 'no')).toBe(false)
  expect('retryInMs' in new TicketingError('INVALID', 'no')).toBe(false)
  expect([isTicketingError(error), isTicketingError(cause), isTicketingError({ code: 'BUSY' })]).toEqual([
    true,
    false,
    false,
  ])
  expect(new Set(errorCodes).size).toBe(errorCodes.length)
})

test('hashes are the known ones', () => {
  expect(sha256Hex('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  expect(Buffer.from(hmacSha256('key', 'The quick brown fox jumps over the lazy dog')).toString('hex')).toBe(
    'f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8',
  )
  const bytes = Uint8Array.of(1, 2, 3)
  expect([sameBytes(bytes, Uint8Array.of(1, 2, 3)), sameBytes(bytes, Uint8Array.of(1, 2, 4))]).toEqual([true, false])
  expect(sameBytes(bytes, Uint8Array.of(1, 2))).toBe(false)
})

test('the record’s tables are shared by name, its versions grow', () => {
  const record = createMemoryRecord()
  record.table(defineTable<number>('seats')).set('a', 1)
  expect(record.table(defineTable<number>('seats')).get('a')).toBe(1)
  expect(record.table(defineTable<number>('other')).size).toBe(0)
  expect(createMemoryRecord().table(defineTable<number>('seats')).size).toBe(0)
  expect(record.nextVersion()).toBeLessThan(record.nextVersion())
})
