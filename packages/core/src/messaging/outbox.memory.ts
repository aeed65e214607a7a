import { demandCount } from '../shared/demand.ts'
import { demandId, newId } from '../shared/ids.ts'
import { defineTable, type MemoryRecord } from '../shared/record.memory.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Ms } from '../shared/types.ts'
import { laneOf } from './lane.ts'
import type { Message } from './message.ts'
import type { Outbox, OutboxRow } from './outbox.port.ts'

export interface StoredOutboxRow extends OutboxRow {
  readonly lane: number
}

/** Rows not published yet, by event id, oldest first. A published row is gone: the history of the record keeps the fact. */
export const outboxRows = defineTable<StoredOutboxRow>('outbox')

const outboxLeases = defineTable<{ readonly token: Id; readonly until: Ms }>('outbox-lease')
const outboxSequence = defineTable<number>('outbox-sequence')

/** Writes the rows in the caller's own synchronous stretch: the transaction of their cause. A known event id is kept once. */
export function appendOutbox(record: MemoryRecord, messages: readonly Message[]): void {
  const rows = record.table(outboxRows)
  const sequence = record.table(outboxSequence)
  for (const message of messages) {
    if (rows.has(message.eventId)) continue
    const seq = (sequence.get('last') ?? 0) + 1
    sequence.set('last', seq)
    rows.set(message.eventId, { seq, lane: laneOf(message.key), message })
  }
}

export function createMemoryOutbox(p: {
  readonly record: MemoryRecord
  readonly runtime: Pick<Runtime, 'now' | 'random'>
}): Outbox {
  const rows = p.record.table(outboxRows)
  const leases = p.record.table(outboxLeases)

  const isLeased = (lane: number): boolean => (leases.get(String(lane))?.until ?? 0) > p.runtime.now()

  return {
    async lease({ relay, lanes, leaseMs, limit }) {
      demandId(relay, 'relay')
      demandCount(lanes, 'lanes')
      demandCount(leaseMs, 'leaseMs')
      demandCount(limit, 'limit')
      const found = new Map<number, OutboxRow[]>()
      let count = 0
      for (const { seq, lane, message } of rows.values()) {
        if (count >= limit) break
        const line = found.get(lane)
        if (!line && (found.size >= lanes || isLeased(lane))) continue
        if (line) line.push({ seq, message })
        else found.set(lane, [{ seq, message }])
        count++
      }
      return [...found].map(([lane, oldest]) => {
        const token = newId(p.runtime)
        leases.set(String(lane), { token, until: p.runtime.now() + leaseMs })
        return { lane, token, rows: oldest }
      })
    },

    async mark({ published }) {
      for (const { lane, token, eventIds } of published) {
        if (leases.get(String(lane))?.token !== token) continue
        leases.delete(String(lane))
        for (const eventId of eventIds) if (rows.get(eventId)?.lane === lane) rows.delete(eventId)
      }
    },
  }
}
