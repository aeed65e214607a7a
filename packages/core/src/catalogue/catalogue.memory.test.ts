import { expect, test } from 'vitest'
import { auditRows } from '../shared/audit.memory.ts'
import { manualRuntime } from '../shared/contract.ts'
import { createMemoryRecord } from '../shared/record.memory.ts'
import { catalogueContract } from './catalogue.contract.ts'
import { createMemoryCatalogue, schedules } from './catalogue.memory.ts'
import type { Catalogue } from './catalogue.port.ts'

type Guard = (port: Catalogue, record: ReturnType<typeof createMemoryRecord>) => Catalogue

const subjectOf = (broken: Guard) => () => {
  const runtime = manualRuntime()
  const record = createMemoryRecord()
  return {
    port: broken(createMemoryCatalogue({ record, runtime }), record),
    now: runtime.now,
    advance: runtime.advance,
    stored: async (scheduleId: string) => {
      const row = record.table(schedules).get(scheduleId)
      return row ? { version: row.version, state: row.state, ceiling: row.ceiling } : null
    },
  }
}

for (const { name, run } of catalogueContract(subjectOf((port) => port))) test(name, run)

/** Each of these takes one guard away; the kit must notice. */
const broken: Record<string, Guard> = {
  'a change that does not compare versions': (port, record) => ({
    ...port,
    change: (p) => port.change({ ...p, from: record.table(schedules).get(p.scheduleId)?.version ?? p.from }),
  }),
  'a read before a write': (port, record) => ({
    ...port,
    putSchedule: async (p) => {
      const known = record.table(schedules).has(p.schedule.scheduleId)
      await Promise.resolve()
      if (known) return 'exists'
      record.table(schedules).delete(p.schedule.scheduleId)
      return port.putSchedule(p)
    },
  }),
  'a change without its audit row': (port, record) => ({
    ...port,
    change: async (p) => {
      const reply = await port.change(p)
      record.table(auditRows).delete(String(record.table(auditRows).size))
      return reply
    },
  }),
  'a draw whose making is not kept': (port) => ({
    ...port,
    schedules: async (p) => {
      const { items, next } = await port.schedules(p)
      return {
        items: items.map((row) => ({ ...row, draw: row.draw && { ...row.draw, made: undefined } }) as never),
        next,
      }
    },
  }),
  'a life of the line that is not kept': (port) => ({
    ...port,
    change: ({ set: { lineIncarnation: _, ...set }, ...p }) => port.change({ ...p, set }),
  }),
  'a list without pages': (port, record) => ({
    ...port,
    schedules: async () => ({ items: [...record.table(schedules).values()], next: null }),
  }),
}

for (const [name, guard] of Object.entries(broken))
  test(`teeth: the kit fails ${name}`, async () => {
    const outcomes = await Promise.allSettled(catalogueContract(subjectOf(guard)).map(({ run }) => run()))
    expect(outcomes.some((outcome) => outcome.status === 'rejected')).toBe(true)
  })
