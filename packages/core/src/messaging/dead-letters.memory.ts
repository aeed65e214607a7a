import { appendAudit } from '../shared/audit.memory.ts'
import { TicketingError } from '../shared/errors.ts'
import { demandId } from '../shared/ids.ts'
import { defineTable, type MemoryRecord } from '../shared/record.memory.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id } from '../shared/types.ts'
import type { DeadLetter, DeadLetters } from './dead-letters.port.ts'

/** By id, oldest first. */
export const deadLetterRows = defineTable<{
  readonly letter: DeadLetter
  readonly seq: number
  readonly replayedBy: Id | null
}>('dead-letter')

const pageSize = 100

export function createMemoryDeadLetters(p: {
  readonly record: MemoryRecord
  readonly runtime: Pick<Runtime, 'now'>
}): DeadLetters {
  const rows = p.record.table(deadLetterRows)

  return {
    async park({ letters }) {
      for (const { id, source } of letters) {
        demandId(id, 'id')
        demandId(source, 'source')
      }
      for (const letter of letters) {
        const row = rows.get(letter.id)
        if (!row) {
          const stored = { ...letter, at: p.runtime.now(), replayedAt: null }
          rows.set(letter.id, { letter: stored, seq: rows.size + 1, replayedBy: null })
        } else if (row.letter.replayedAt !== null) {
          rows.set(letter.id, { ...row, letter: { ...row.letter, replayedAt: null }, replayedBy: null })
        }
      }
    },

    async list({ after, id }) {
      const from = readCursor(after)
      const found = id === undefined ? [...rows.values()] : [rows.get(id) ?? []].flat()
      const rest = found.filter((row) => row.seq > from)
      const page = rest.slice(0, pageSize)
      return {
        items: page.map((row) => row.letter),
        next: rest.length > pageSize ? String(page.at(-1)!.seq) : null,
      }
    },

    async replayed({ id, by }) {
      demandId(by, 'by')
      const row = rows.get(id)
      if (!row || row.letter.replayedAt !== null) return false
      rows.set(id, { ...row, letter: { ...row.letter, replayedAt: p.runtime.now() }, replayedBy: by })
      appendAudit(p.record, p.runtime.now(), { by, action: 'dead-letter-replayed', subject: id, detail: {} })
      return true
    },
  }
}

function readCursor(after: string | undefined): number {
  if (after === undefined) return 0
  if (/^[1-9]\d{0,14}$/.test(after)) return Number(after)
  throw new TicketingError('INVALID', '`after` is not a cursor of this list')
}
