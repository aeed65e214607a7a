import { demandId } from '../shared/ids.ts'
import { defineTable, type MemoryRecord } from '../shared/record.memory.ts'
import type { AnswerStore, KeptAnswer } from './answer-store.port.ts'

/** By key. */
const keptAnswers = defineTable<KeptAnswer>('answer')

export function createMemoryAnswerStore({ record }: { readonly record: MemoryRecord }): AnswerStore {
  const rows = record.table(keptAnswers)
  return {
    find: async ({ key }) => rows.get(demandId(key, 'key')) ?? null,
    keep: async ({ key, fingerprint, answer }) => {
      demandId(key, 'key')
      demandId(fingerprint, 'fingerprint')
      const first = rows.get(key) ?? { fingerprint, answer }
      rows.set(key, first)
      return first
    },
  }
}
