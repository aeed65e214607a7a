import assert from 'node:assert/strict'
import { bindCases, type ContractCase, type Subject, type SubjectFactory } from '../shared/contract.ts'
import type { AnswerStore } from './answer-store.port.ts'

export type AnswerStoreSubject = Subject<AnswerStore>

/** As long as a digest of 256 bits. */
const key = 'k'.repeat(43)
const json = (value: unknown) => ({ fingerprint: 'f'.repeat(43), answer: JSON.stringify(value) })

/** What every AnswerStore does. */
export const answerStoreContract = (factory: SubjectFactory<AnswerStoreSubject>): readonly ContractCase[] =>
  bindCases('AnswerStore', factory, {
    'factory: subjects are isolated and start empty': async ({ port }) => {
      const other = await factory()
      await port.keep({ key, ...json(1) })
      assert.equal(await other.port.find({ key }), null)
      await other.close?.()
    },

    'I15: the first answer stays, whatever comes after it': async ({ port }) => {
      const first = json({ status: 200, body: { state: 'paused' } })
      assert.deepEqual(await port.keep({ key, ...first }), first)
      assert.deepEqual(await port.keep({ key, ...json({ status: 409 }) }), first)
      assert.deepEqual(await port.keep({ key, ...first, fingerprint: 'another' }), first)
      assert.deepEqual(await port.find({ key }), first)
    },

    'I15: of many that come at once one is the first, for all of them': async ({ port }) => {
      const kept = await Promise.all(Array.from({ length: 20 }, (_, i) => port.keep({ key, ...json({ by: i }) })))
      const found = await port.find({ key })
      for (const one of kept) assert.deepEqual(one, found)
    },

    'keys differ by every character and by case': async ({ port }) => {
      const keys = ['key', 'Key', 'keY', 'key_', 'key-', 'k', key, 'K'.repeat(43), 'k'.repeat(64)]
      for (const each of keys) await port.keep({ key: each, ...json(each) })
      for (const each of keys) assert.deepEqual(await port.find({ key: each }), json(each))
      assert.equal(await port.find({ key: 'KEY' }), null)
    },

    'answers come back as they were given, whatever stands in them': async ({ port }) => {
      const odd = ['결제 완료: 금액=42000', '⚾️👨‍👩‍👧', `'"\\\n\u0000\u2028`, '?', ':name', 'ﬀ ', '']
      const answers = [...odd.map(json), json({ status: 202, body: odd }), json(null), json([]), json(1e21)]
      // Space and order of fields too: it is text.
      answers.push({ ...json(0), answer: '{ "b" : 1.0,  "a":2 }' })
      for (const [i, answer] of answers.entries()) await port.keep({ key: `k${i}`, ...answer })
      for (const [i, answer] of answers.entries()) assert.deepEqual(await port.find({ key: `k${i}` }), answer)
    },

    'a megabyte is kept whole': async ({ port }) => {
      const long = json('좌석 '.repeat(150_000))
      assert.deepEqual(await port.keep({ key, ...long }), long)
      assert.deepEqual(await port.find({ key }), long)
    },

    'an answer is there 15 days later': async ({ port, advance }) => {
      await port.keep({ key, ...json('first') })
      await advance(15 * 24 * 60 * 60_000)
      assert.deepEqual(await port.keep({ key, ...json('second') }), json('first'))
      assert.deepEqual(await port.find({ key }), json('first'))
    },

    'bad input is INVALID and keeps nothing': async ({ port }) => {
      for (const bad of ['', 'not an id', `${key} `, 'k'.repeat(65), '키']) {
        await assert.rejects(port.keep({ key: bad, ...json(1) }), { code: 'INVALID' })
        await assert.rejects(port.find({ key: bad }), { code: 'INVALID' })
      }
      await assert.rejects(port.keep({ key, ...json(1), fingerprint: 'f'.repeat(65) }), { code: 'INVALID' })
      assert.equal(await port.find({ key }), null)
    },
  })
