import { expect, test } from 'vitest'
import { manualRuntime } from '../shared/contract.ts'
import { seatInventoryContract } from './seat-inventory.contract.ts'
import { createMemorySeatInventory } from './seat-inventory.memory.ts'
import type { SeatCommand, SeatInventory } from './seat-inventory.port.ts'

const subjectOf = (broken: (port: SeatInventory) => SeatInventory) => () => {
  const runtime = manualRuntime()
  const inventory = createMemorySeatInventory({ runtime })
  return { port: broken(inventory), now: runtime.now, advance: runtime.advance, lose: inventory.lose }
}

for (const { name, run } of seatInventoryContract(subjectOf((port) => port))) test(name, run)

const altering =
  (alter: (command: SeatCommand) => SeatCommand) =>
  (port: SeatInventory): SeatInventory => ({
    ...port,
    commit: (p) => port.commit({ ...p, commands: p.commands.map(alter) }),
  })

/** Each of these takes one guard away; the kit must notice. */
const broken: Readonly<Record<string, (port: SeatInventory) => SeatInventory>> = {
  'operations that are forgotten': altering((command) => ({ ...command, operationId: `${Math.random()}` })),
  'a quota nobody counts': altering((c) => (c.do === 'take' ? { ...c, quota: 1_000 } : c)),
  'projections without versions': altering((c) =>
    c.do === 'project' ? { ...c, recordVersion: Number.MAX_SAFE_INTEGER } : c,
  ),
  'a hold that outlives its pass': altering((c) => (c.do === 'take' ? { ...c, notAfter: Number.MAX_SAFE_INTEGER } : c)),
  'installations that forget the claims': (port) => ({
    ...port,
    install: (p) => port.install({ ...p, sections: p.sections.map((section) => ({ ...section, claims: [] })) }),
  }),
  'a reaper without bounds': (port) => ({ ...port, reap: (p) => port.reap({ ...p, limit: 1_000 }) }),
}

for (const [guard, without] of Object.entries(broken))
  test(`the kit notices ${guard}`, async () => {
    const outcomes = await Promise.allSettled(seatInventoryContract(subjectOf(without)).map(({ run }) => run()))
    expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0)
  })
