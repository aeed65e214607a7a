import { expect, test } from 'vitest'
import { manualRuntime } from '../shared/contract.ts'
import { createMemoryRecord } from '../shared/record.memory.ts'
import { answerStoreContract } from './answer-store.contract.ts'
import { createMemoryAnswerStore } from './answer-store.memory.ts'
import type { AnswerStore, KeptAnswer } from './answer-store.port.ts'

const subjectOf = (broken: (port: AnswerStore) => AnswerStore) => () => {
  const { now, advance } = manualRuntime()
  return { port: broken(createMemoryAnswerStore({ record: createMemoryRecord() })), now, advance }
}

for (const { name, run } of answerStoreContract(subjectOf((port) => port))) test(name, run)

/** Each of these is a mistake that an adapter may make; the kit must notice. */
const broken: Record<string, (port: AnswerStore) => AnswerStore> = {
  'the last answer stays': (port) => {
    const last = new Map<string, KeptAnswer>()
    return {
      find: async ({ key }) => last.get(key) ?? null,
      keep: async ({ key, ...answer }) => {
        await port.keep({ key, ...answer })
        last.set(key, answer)
        return answer
      },
    }
  },
  'keys that do not differ by case': (port) => ({
    find: ({ key }) => port.find({ key: key.toLowerCase() }),
    keep: (p) => port.keep({ ...p, key: p.key.toLowerCase() }),
  }),
  'answers that are cut': (port) => ({
    ...port,
    keep: (p) => port.keep({ ...p, answer: p.answer.slice(0, 65_535) }),
  }),
  'an answer of one’s own instead of the first': (port) => ({
    ...port,
    keep: async ({ key, ...mine }) => {
      await port.keep({ key, ...mine })
      return mine
    },
  }),
}

for (const [name, breakIt] of Object.entries(broken))
  test(`teeth: the kit fails ${name}`, async () => {
    const outcomes = await Promise.allSettled(answerStoreContract(subjectOf(breakIt)).map(({ run }) => run()))
    expect(outcomes.some((outcome) => outcome.status === 'rejected')).toBe(true)
  })
