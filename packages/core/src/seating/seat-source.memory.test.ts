import { expect, test } from 'vitest'
import { createMemoryCatalogue } from '../catalogue/catalogue.memory.ts'
import { auditRows } from '../shared/audit.memory.ts'
import { manualRuntime } from '../shared/contract.ts'
import { createMemoryRecord } from '../shared/record.memory.ts'
import { type SeatSourceSubject, seatSourceContract } from './seat-source.contract.ts'
import { createMemorySeatSource } from './seat-source.memory.ts'
import type { SeatSource } from './seat-source.port.ts'
import { claims, holdRows, seatKey } from './seating-tables.memory.ts'

function subject(broken: (port: SeatSource) => SeatSource = (port) => port) {
  const runtime = manualRuntime()
  const record = createMemoryRecord()
  const catalogue = createMemoryCatalogue({ record, runtime })
  const made: SeatSourceSubject = {
    port: broken(createMemorySeatSource({ record, runtime })),
    now: runtime.now,
    advance: runtime.advance,
    putSchedule: async ({ venue, schedule, epoch }) => {
      await catalogue.putVenue({ venue, by: 'test' })
      await catalogue.putSchedule({ schedule, epoch, draw: null, by: 'test' })
    },
    audit: async () => [...record.table(auditRows).values()],
    putClaim: async (claim) => {
      record.table(claims).set(seatKey(claim.scheduleId, claim.section, claim.seat), claim)
    },
  }
  return { ...made, record }
}

for (const { name, run } of seatSourceContract(() => subject())) test(name, run)

const broken: Readonly<Record<string, (port: SeatSource) => SeatSource>> = {
  'creators that are not recognised': (port) => ({
    ...port,
    createSeats: (p) => port.createSeats({ ...p, operationId: `${Math.random()}` }),
  }),
  'holds that come back': (port) => ({
    ...port,
    saveHolds: (p) => port.saveHolds({ changes: p.changes.filter(({ is }) => is === 'held') }),
  }),
  'claims that are not loaded': (port) => ({
    ...port,
    load: async (p) => (await port.load(p)).map((state) => ({ ...state, claims: [] })),
  }),
}

for (const [guard, without] of Object.entries(broken))
  test(`the kit notices ${guard}`, async () => {
    const outcomes = await Promise.allSettled(seatSourceContract(() => subject(without)).map(({ run }) => run()))
    expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0)
  })

test('rows of holds that ended long ago are cleared away', async () => {
  const { port, record, advance } = subject()
  await port.saveHolds({ changes: [{ is: 'ended', scheduleId: 'game-1', holdId: 'h-1', version: 1 }] })
  advance(3_599_999)
  await port.saveHolds({ changes: [] })
  expect(record.table(holdRows).size).toBe(1)
  advance(60_001)
  await port.saveHolds({ changes: [] })
  expect(record.table(holdRows).size).toBe(0)
})
