import { expect, test } from 'vitest'
import { TicketingError } from '../shared/errors.ts'
import { createSeatBooks } from './seat-books.ts'
import type { HoldChange, SeatSource } from './seat-source.port.ts'
import { ballpark, scheduleId } from './seating.test-support.ts'
import { holdRows } from './seating-tables.memory.ts'

const held = (holdId: string): HoldChange => ({
  is: 'held',
  hold: {
    ...{ holdId, version: 1, scheduleId, holder: 'ann', parts: [{ section: 'A', seats: [0] }] },
    ...{ price: { value: 1, currency: 'KRW' }, createdAt: 0, expiresAt: 10 ** 15, epoch: 'e1', requestId: null },
  },
})

/** Writes three holds in one turn to a record that refuses every call with `h-2` in it. */
async function written(code: 'STORE_FAULT' | 'BUSY') {
  const house = await ballpark()
  const calls: number[] = []
  const saveHolds: SeatSource['saveHolds'] = async (p) => {
    calls.push(p.changes.length)
    const refuses = p.changes.some((change) => change.is === 'held' && change.hold.holdId === 'h-2')
    if (refuses) throw new TicketingError(code, 'refused')
    return house.source.saveHolds(p)
  }
  const lost: string[] = []
  const observer = { log: () => {}, gauge: () => {}, count: (name: string) => void lost.push(name) }
  const books = createSeatBooks({ ...house, source: { ...house.source, saveHolds }, observer })
  for (const id of ['h-1', 'h-2', 'h-3']) books.writeBehind(held(id))
  await books.close()
  return { calls, lost, saved: [...house.record.table(holdRows).keys()].sort() }
}

test('a hold that the record refuses takes none of its batch down, and it alone is counted', async () => {
  expect(await written('STORE_FAULT')).toEqual({
    calls: [3, 3, 1, 1, 1],
    lost: ['hold_write_behind_lost'],
    saved: ['h-1', 'h-3'],
  })
})

test('a record that cannot answer is not asked once more for each hold', async () => {
  const { calls, lost, saved } = await written('BUSY')
  expect([calls, lost.length, saved]).toEqual([[3, 3], 3, []])
})
