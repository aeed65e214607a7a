import assert from 'node:assert/strict'
import { test } from 'vitest'
import { createTokens } from './token.ts'

const secrets = [
  { kid: 'new', secret: 'a secret of at least thirty-two characters' },
  { kid: 'old', secret: 'another secret of thirty-two characters!' },
]
const tokens = createTokens({ secrets })
const token = tokens.sign({ audience: 'pass', fields: ['game-1', 'e', '7', 'fan'], expiresAt: 1_000 })
const accepts = (value: unknown, by = tokens) => by.verify({ audience: 'pass', token: value, fields: 4 }) !== null

test('a token verifies to exactly what was signed', () => {
  const verified = tokens.verify({ audience: 'pass', token, fields: 4 })
  assert.deepEqual(verified, { fields: ['game-1', 'e', '7', 'fan'], expiresAt: 1_000 })
})

test('W11: every altered character, every cut and every addition is refused', () => {
  const alphabet = 'ABab01-_.~ ='
  for (let at = 0; at < token.length; at++) {
    for (const other of alphabet) {
      if (token[at] !== other)
        assert.ok(!accepts(token.slice(0, at) + other + token.slice(at + 1)), `at ${at}: ${other}`)
    }
    assert.ok(!accepts(token.slice(0, at)))
    assert.ok(!accepts(token.slice(at + 1)))
    assert.ok(!accepts(`${token.slice(0, at)}A${token.slice(at)}`))
  }
  for (const other of [`${token}.`, `.${token}`, `${token} `, `${token}\n`, token.toUpperCase(), `${token}.${token}`])
    assert.ok(!accepts(other))
})

test('W11: other kinds, fields, keys and algorithms are refused', () => {
  const claims = { fields: ['game-1', 'e', '7', 'fan'], expiresAt: 1_000 }
  for (const audience of ['ticket', 'session'] as const) assert.ok(!accepts(tokens.sign({ ...claims, audience })))
  assert.ok(!accepts(tokens.sign({ audience: 'pass', fields: ['game-1', 'e', '7'], expiresAt: 1_000 })))
  assert.ok(!accepts(tokens.sign({ audience: 'pass', fields: ['game-1', 'e', '7', 'fan', 'x'], expiresAt: 1_000 })))
  const stranger = createTokens({ secrets: [{ kid: 'new', secret: 'a secret that somebody else has made up!' }] })
  assert.ok(!accepts(stranger.sign({ ...claims, audience: 'pass' })))
  const unsigned = token.slice(0, token.lastIndexOf('.'))
  const none = 'eyJhbGciOiJub25lIn0.eyJhdWQiOiJwYXNzIn0.'
  for (const other of [
    `${unsigned}.`,
    unsigned,
    `${unsigned}.none`,
    none,
    `${none}x`,
    `pass.none.game-1.e.7.fan.1000.`,
  ])
    assert.ok(!accepts(other))
  for (const kid of ['__proto__', 'constructor', 'old', '', 'toString'])
    assert.ok(!accepts(token.replace('pass.new.', `pass.${kid}.`)))
})

test('W11: what is not a text is refused', () => {
  const odd = [
    undefined,
    null,
    7,
    Number.NaN,
    {},
    [],
    [token],
    true,
    new String(token),
    '',
    '.',
    '.......',
    'x'.repeat(1e6),
  ]
  for (const value of odd) assert.ok(!accepts(value))
})

test('W12: the first secret signs, all verify; without its key a token is nobody’s', () => {
  const [young, old] = secrets as [(typeof secrets)[0], (typeof secrets)[0]]
  const before = createTokens({ secrets: [old] })
  const signed = before.sign({ audience: 'pass', fields: ['game-1', 'e', '7', 'fan'], expiresAt: 1_000 })
  assert.ok(accepts(signed))
  assert.ok(!accepts(token, before))
  assert.ok(!accepts(signed, createTokens({ secrets: [young] })))
})

test('bad secrets are refused at the start, without showing them', () => {
  const long = 'x'.repeat(32)
  const bad = [
    [],
    undefined,
    'secret',
    [{ kid: 'a', secret: 'short-secret' }],
    [{ kid: 'a b', secret: long }],
    [{ kid: 'a', secret: 7 }],
    [null],
    [
      { kid: 'a', secret: long },
      { kid: 'a', secret: long },
    ],
  ]
  for (const secrets of bad) {
    assert.throws(
      () => createTokens({ secrets: secrets as never }),
      (error: { code?: string; message: string }) => {
        assert.equal(error.code, 'CONFIG_INVALID')
        return !error.message.includes('short-secret')
      },
    )
  }
})

test('a field outside the alphabet of ids is never signed', () => {
  for (const field of ['a.b', '', 'a b', 'ä', 'x'.repeat(65)])
    assert.throws(() => tokens.sign({ audience: 'pass', fields: [field], expiresAt: 1 }), { code: 'INVALID' })
  for (const expiresAt of [Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY])
    assert.throws(() => tokens.sign({ audience: 'pass', fields: ['a'], expiresAt }), { code: 'INVALID' })
})
