import assert from 'node:assert/strict'
import { type Audited, bindCases, type ContractCase, type Subject, type SubjectFactory } from '../shared/contract.ts'
import type { Id } from '../shared/types.ts'
import type { DeadLetter, DeadLetters } from './dead-letters.port.ts'

export interface DeadLettersSubject extends Subject<DeadLetters>, Audited {}

const letter = (id: Id, reason = 'unreadable'): Omit<DeadLetter, 'at' | 'replayedAt'> => ({
  id,
  source: 'payment-service-group',
  reason,
  message: {
    eventId: `event-${id}`,
    topic: 'payment-requested',
    key: 'request-1',
    schema: 1,
    at: 1_800_000_000_000,
    data: { requestId: 'request-1', nested: { list: [1, null, 'ä'] } },
  },
})

async function all(port: DeadLetters): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  let after: string | null = null
  do {
    const page: Awaited<ReturnType<DeadLetters['list']>> = await port.list(after === null ? {} : { after })
    assert.ok(page.items.length <= 100, 'a page has at most 100 letters')
    letters.push(...page.items)
    after = page.next
  } while (after !== null)
  return letters
}

/** What every DeadLetters does. */
export const deadLettersContract = (factory: SubjectFactory<DeadLettersSubject>): readonly ContractCase[] =>
  bindCases('DeadLetters', factory, {
    'the factory gives an empty store': async ({ port }) => {
      assert.deepEqual(await port.list({}), { items: [], next: null })
    },

    'keeps a letter as it came, with the store’s time': async ({ port, now }) => {
      const at = now()
      await port.park({ letters: [letter('a')] })
      assert.deepEqual(await all(port), [{ ...letter('a'), at, replayedAt: null }])
    },

    'keeps a webhook’s body': async ({ port }) => {
      const message = { topic: 'webhook', data: { type: 'charge.succeeded', odd: [true] } } as const
      await port.park({ letters: [{ id: 'hook', source: 'webhook', reason: 'unknown payment', message }] })
      assert.deepEqual((await all(port))[0]?.message, message)
    },

    'keeps a record that is no message, byte by byte': async ({ port }) => {
      const bytes = Buffer.from([0, 255, 254, 0xed, 0xa0, 0x80, 39, 92, 10]).toString('base64')
      const unreadable = { topic: 'unreadable', from: 'payment-completed' } as const
      const messages = [
        { ...unreadable, key: bytes, value: Buffer.alloc(65_536, 7).toString('base64') },
        { ...unreadable, key: null, value: null },
      ]
      const letters = messages.map((message, i) => ({
        id: `odd-${i}`,
        source: 'a-group',
        reason: 'no envelope',
        message,
      }))
      await port.park({ letters })
      assert.deepEqual(
        (await all(port)).map(({ message }) => message),
        messages,
      )
    },

    'parks the same id once': async (subject) => {
      const { port } = subject
      const at = subject.now()
      await port.park({ letters: [letter('a', 'first'), letter('a', 'second')] })
      await subject.advance(1_000)
      await Promise.all(Array.from({ length: 10 }, () => port.park({ letters: [letter('a', 'again')] })))
      assert.deepEqual(await all(port), [{ ...letter('a', 'first'), at, replayedAt: null }])
    },

    'lists newest last, in pages': async (subject) => {
      const ids = Array.from({ length: 250 }, (_, i) => `letter-${i}`)
      for (let i = 0; i < ids.length; i += 50) {
        await subject.port.park({ letters: ids.slice(i, i + 50).map((id) => letter(id)) })
        await subject.advance(1)
      }
      assert.deepEqual(
        (await all(subject.port)).map(({ id }) => id),
        ids,
      )
    },

    'a page that is exactly full is the last one': async ({ port }) => {
      await port.park({ letters: Array.from({ length: 100 }, (_, i) => letter(`letter-${i}`)) })
      const page = await port.list({})
      assert.equal(page.items.length, 100)
      assert.equal(page.next, null)
    },

    'finds one by id': async ({ port }) => {
      await port.park({ letters: [letter('a'), letter('b')] })
      const page = await port.list({ id: 'b' })
      assert.deepEqual([page.items.map(({ id }) => id), page.next], [['b'], null])
      assert.deepEqual(await port.list({ id: 'c' }), { items: [], next: null })
    },

    'is replayed once, also by parallel callers': async (subject) => {
      await subject.port.park({ letters: [letter('a'), letter('b')] })
      await subject.advance(500)
      const at = subject.now()
      const replies = await Promise.all(
        Array.from({ length: 10 }, () => subject.port.replayed({ id: 'a', by: 'operator' })),
      )
      assert.equal(replies.filter(Boolean).length, 1)
      assert.equal(await subject.port.replayed({ id: 'a', by: 'operator' }), false)
      assert.deepEqual(
        (await all(subject.port)).map(({ replayedAt }) => replayedAt),
        [at, null],
      )
    },

    'a replay is audited once, by the time of the store': async (subject) => {
      const { port } = subject
      await port.park({ letters: [letter('a')] })
      await subject.advance(500)
      await Promise.all(['ann', 'bob', 'eve'].map((by) => port.replayed({ id: 'a', by })))
      await port.replayed({ id: 'nobody', by: 'ann' })
      const [row, ...rest] = await subject.audit()
      assert.deepEqual([row?.action, row?.subject, row?.at], ['dead-letter-replayed', 'a', subject.now()])
      assert.ok(['ann', 'bob', 'eve'].includes(row!.by))
      assert.deepEqual(rest, [])
    },

    'an unknown letter cannot be replayed': async ({ port }) => {
      assert.equal(await port.replayed({ id: 'nobody', by: 'operator' }), false)
    },

    'a letter that fails again after its replay is open again': async ({ port }) => {
      await port.park({ letters: [letter('a')] })
      await port.replayed({ id: 'a', by: 'operator' })
      await port.park({ letters: [letter('a')] })
      assert.deepEqual(
        (await all(port)).map(({ replayedAt }) => replayedAt),
        [null],
      )
      assert.equal(await port.replayed({ id: 'a', by: 'operator' }), true)
    },

    'bad input is INVALID and changes nothing': async ({ port }) => {
      await assert.rejects(port.park({ letters: [letter('good'), letter('not an id')] }), { code: 'INVALID' })
      await assert.rejects(port.replayed({ id: 'good', by: 'not an id' }), { code: 'INVALID' })
      await assert.rejects(port.list({ after: 'not a cursor' }), { code: 'INVALID' })
      assert.deepEqual(await all(port), [])
    },
  })
