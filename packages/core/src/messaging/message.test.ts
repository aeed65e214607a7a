import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32 } from '../shared/crc32.ts'
import { isId } from '../shared/ids.ts'
import { followSeq } from './change.ts'
import { fromCloudEvent, toCloudEvent } from './cloud-event.ts'
import { deadLetterId } from './dead-letter.ts'
import { laneOf } from './lane.ts'
import { type Message, parseMessage } from './message.ts'
import { parsePaymentMessage, paymentMessage } from './payment-message.ts'

const sent = paymentMessage({
  topic: 'payment-completed',
  at: 1_800_000_000_123,
  requestId: 'request-1',
  reservationId: 'reservation-1',
  scheduleId: 'game-1',
})

const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,22}$/)
const anyMessage = fc.record({
  topic: fc.constantFrom('payment-requested', 'payment-completed'),
  at: fc.nat(2_000_000_000_000),
  requestId: id,
  reservationId: id,
  scheduleId: id,
})

test.each([
  ['', 0x00000000],
  ['a', 0xe8b7be43],
  ['123456789', 0xcbf43926],
  ['The quick brown fox jumps over the lazy dog', 0x414fa339],
])('crc32 of %j is the known one', (text, crc) => {
  expect(crc32(text)).toBe(crc)
})

test('crc32 reads UTF-8', () => {
  expect(crc32('결제')).toBe(crc32(Buffer.from('결제', 'utf8').toString('utf8')))
  expect(crc32('é')).not.toBe(crc32('e'))
})

test('a lane is crc32 mod 64', () => {
  expect([laneOf('123456789'), laneOf('a')]).toEqual([0xcbf43926 % 64, 0xe8b7be43 % 64])
})

test('the event id of a payment follows from its request and its topic', () => {
  expect(sent.eventId).toBe('request-1-payment-completed')
  expect(paymentMessage({ ...sent.data, topic: 'payment-completed', at: 1 } as never).eventId).toBe(sent.eventId)
  expect(sent.key).toBe('request-1')
})

test('a message survives the wire', () => {
  fc.assert(
    fc.property(anyMessage, (p) => {
      const message = paymentMessage(p as Parameters<typeof paymentMessage>[0])
      expect(fromCloudEvent(toCloudEvent(message))).toEqual({ ok: true, value: message })
      expect(parsePaymentMessage(message)).toMatchObject({ ok: true, value: { requestId: p.requestId } })
    }),
  )
})

test('its headers are CloudEvents attributes', () => {
  expect(toCloudEvent(sent)).toEqual({
    key: 'request-1',
    value: JSON.stringify(sent),
    headers: {
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: 'request-1-payment-completed',
      ce_source: '/b-ticketing/payments',
      ce_type: 'b-ticketing.payment-completed.v1',
      ce_subject: 'request-1',
      ce_time: '2027-01-15T08:00:00.123Z',
    },
  })
})

test.each([
  ['no value', { key: 'a', value: null }],
  ['no JSON', { key: 'a', value: '{' }],
  ['a list', { key: 'a', value: '[]' }],
  ['too long', { key: 'a', value: `"${'x'.repeat(70_000)}"` }],
  ['another key', { key: 'request-2', value: JSON.stringify(sent) }],
  ['another id', { key: 'request-1', value: JSON.stringify(sent), headers: { ce_id: 'other' } }],
])('an event of %s is a typed problem', (_, event) => {
  expect(fromCloudEvent(event)).toMatchObject({ ok: false, reason: 'MESSAGE_INVALID' })
})

test('headers may be missing, as a plain producer leaves them', () => {
  expect(fromCloudEvent({ key: null, value: JSON.stringify(sent) })).toEqual({ ok: true, value: sent })
})

test('each broken field is named, its value is not', () => {
  const secret = 'fan@example.com'
  const broken = { eventId: secret, topic: secret, key: secret, schema: 0, at: Number.NaN, data: secret }
  const parsed = parseMessage(broken)
  expect(parsed).toMatchObject({ ok: false, reason: 'MESSAGE_INVALID' })
  if (parsed.ok) return
  expect(parsed.problems).toHaveLength(6)
  expect(JSON.stringify(parsed)).not.toContain(secret)
})

test('whatever comes in, parsing answers', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const parsed = parseMessage(value)
      if (!parsed.ok) expect(parsed.problems.length).toBeGreaterThan(0)
    }),
  )
  for (const value of [undefined, null, 7, 'x', [], () => 1]) expect(parseMessage(value).ok).toBe(false)
  fc.assert(
    fc.property(fc.string(), (value) => {
      expect(fromCloudEvent({ key: null, value }).ok).toBe(false)
    }),
  )
})

test('what is not part of the envelope is left out', () => {
  expect(parseMessage({ ...sent, extra: 1 })).toEqual({ ok: true, value: sent })
})

const withData = (data: Record<string, unknown>, change: Partial<Message> = {}): Message => ({
  ...sent,
  data: { ...sent.data, ...data },
  ...change,
})

test.each([
  ['a missing id', withData({ scheduleId: undefined })],
  ['an id of another type', withData({ scheduleId: 7 })],
  ['a mail address', withData({ email: 'fan@example.com' })],
  ['a nested object', withData({ buyer: { name: 'A' } })],
  ['another booking’s key', withData({}, { key: 'request-2' })],
  ['an unknown schema', withData({}, { schema: 2 })],
])('payment data with %s is refused', (_, message) => {
  expect(parsePaymentMessage(message)).toMatchObject({ ok: false, reason: 'MESSAGE_INVALID' })
})

test('payment data may carry further ids', () => {
  expect(parsePaymentMessage(withData({ holdId: 'hold-1' })).ok).toBe(true)
})

test('a letter’s id depends on the event and the place', () => {
  const ids = [
    deadLetterId({ source: 'g1', eventId: 'e1' }),
    deadLetterId({ source: 'g2', eventId: 'e1' }),
    deadLetterId({ source: 'g1', eventId: 'e2' }),
  ]
  expect(new Set(ids).size).toBe(3)
  expect(ids.every(isId)).toBe(true)
  expect(deadLetterId({ source: 'g1', eventId: 'e1' })).toBe(ids[0])
})

test('a reader follows seq', () => {
  expect([followSeq(null, 7), followSeq(7, 8), followSeq(7, 9), followSeq(7, 7), followSeq(7, 3)]).toEqual([
    'next',
    'next',
    'gap',
    'old',
    'old',
  ])
})
