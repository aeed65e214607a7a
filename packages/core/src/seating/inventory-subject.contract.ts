import assert from 'node:assert/strict'
import type { Subject } from '../shared/contract.ts'
import type { Id, Ms } from '../shared/types.ts'
import type { HoldRecord } from './hold.ts'
import { applyDelta, codeAt, countCodes, type MapSnapshot } from './occupancy.ts'
import type { SeatCommand, SeatInventory, SeatReply } from './seat-inventory.port.ts'
import type { SectionState } from './seat-source.port.ts'

export interface SeatInventorySubject extends Subject<SeatInventory> {
  /** The store loses all its data, as a restart without persistence does. */
  lose(): void | Promise<void>
}

/** What the cases of the kit are written with. Everything happens in one schedule of its own. */
export interface Bench {
  readonly inventory: SeatInventory
  now(): Ms
  advance(ms: Ms): Promise<void>
  lose(): Promise<void>
  install(incarnation: number, ...sections: readonly SectionState[]): Promise<readonly ('installed' | 'present')[]>
  /** One command in a call of its own. */
  run(command: Given): Promise<SeatReply>
  runAll(...commands: readonly Given[]): Promise<readonly SeatReply[]>
  /** @throws unless it is answered with a hold. */
  hold(command: Given): Promise<HoldRecord>
  snapshot(): Promise<MapSnapshot>
  /** Codes of a section as digits: `0012`. */
  codes(section?: Id): Promise<string>
  holdsOf(holder: Id): Promise<readonly HoldRecord[]>
}

type Given = SeatCommand extends infer C
  ? C extends SeatCommand
    ? Omit<C, 'operationId'> & { operationId?: Id }
    : never
  : never

export const scheduleId = 'game-1'
export const ttlMs = 300_000
export const never = 9_000_000_000_000
export const price = { value: 10_000, currency: 'KRW' } as const

export const sectionState = (section: Id, count: number, more: Partial<SectionState> = {}): SectionState => ({
  section,
  count,
  created: [],
  blocked: [],
  claims: [],
  holds: [],
  ...more,
})

let serial = 0
const fresh = (name: string): Id => `${name}-${++serial}`

type TakeOptions = Partial<Omit<Extract<SeatCommand, { do: 'take' }>, 'do' | 'parts' | 'holder'>>

/** `seats`: of section A, or by section. */
export function take(
  holder: Id,
  seats: readonly number[] | Readonly<Record<Id, readonly number[]>>,
  more: TakeOptions = {},
) {
  const bySection: Readonly<Record<Id, readonly number[]>> = Array.isArray(seats) ? { A: seats } : (seats as never)
  const parts = Object.entries(bySection).map(([section, list]) => ({ section, seats: list }))
  const holdId = fresh('hold')
  const common = { holdId, holder, epoch: 'epoch-1', parts, ttlMs, notAfter: never, quota: 100, price }
  return { do: 'take', ...common, ...more } as const
}

export const release = ({ holdId, version, holder }: HoldRecord, more: { holder?: Id; version?: number } = {}) =>
  ({ do: 'release', holdId, version, holder, ...more }) as const

export const extend = (
  { holdId, version, holder }: HoldRecord,
  more: { ttlMs?: Ms; notAfter?: Ms; holder?: Id } = {},
) => ({ do: 'extend', holdId, version, holder, ttlMs, notAfter: never, ...more }) as const

export const pin = (
  { holdId, version, holder }: HoldRecord,
  requestId: Id,
  more: { leaseMs?: Ms; holder?: Id; version?: number } = {},
) => ({ do: 'pin', holdId, version, holder, requestId, leaseMs: 30_000, ...more }) as const

export const project = (
  state: 'PAYING' | 'COMPLETED' | 'AVAILABLE' | 'BLOCKED',
  p: { seats: readonly number[]; owner?: Id | null; holder?: Id | null; version: number; section?: Id },
) =>
  ({
    do: 'project',
    part: { section: p.section ?? 'A', seats: p.seats },
    state,
    owner: p.owner ?? null,
    holder: p.holder ?? null,
    recordVersion: p.version,
  }) as const

export function benchOf(subject: SeatInventorySubject): Bench {
  const inventory = subject.port
  const runAll = async (...commands: readonly Given[]) => {
    const named = commands.map((command) => ({ operationId: fresh('op'), ...command }) as SeatCommand)
    return (await inventory.commit({ scheduleId, commands: named })).replies
  }
  const run = async (command: Given) => (await runAll(command))[0]!
  const sections = new Set<Id>()
  const snapshot = async (): Promise<MapSnapshot> => {
    const map = await inventory.read({ scheduleId, sections: [...sections] })
    assert.ok(map.is === 'snapshot', `a read without since was answered ${map.is}`)
    return map
  }
  return {
    inventory,
    now: subject.now,
    advance: async (ms) => subject.advance(ms),
    lose: async () => subject.lose(),
    install: (incarnation, ...states) => {
      for (const { section } of states) sections.add(section)
      return inventory.install({ scheduleId, incarnation, sections: states })
    },
    run,
    runAll,
    hold: async (command) => {
      const reply = await run(command)
      assert.ok(reply.is === 'hold', `expected a hold, got ${JSON.stringify(reply)}`)
      return reply.hold
    },
    snapshot,
    codes: async (section = 'A') => {
      const packed = (await snapshot()).sections.find((known) => known.section === section)
      assert.ok(packed, `section ${section} is not in the snapshot`)
      assert.equal(packed.codes.length, Math.ceil(packed.count / 4), 'packed length')
      return Array.from({ length: packed.count }, (_, seat) => codeAt(packed.codes, seat)).join('')
    },
    holdsOf: async (holder) => {
      const found = await inventory.holds({ scheduleId, keys: [{ holder }] })
      assert.ok(found !== 'missing')
      return found[0]!
    },
  }
}

/** I14: every seat of every section is in exactly one state. */
export function assertBalanced(map: MapSnapshot, capacity: number): void {
  let total = 0
  for (const { count, codes } of map.sections) total += countCodes(codes, count).reduce((a, b) => a + b)
  assert.equal(total, capacity)
}

/** snapshot(k) + delta = snapshot, exactly. */
export async function assertDelta(bench: Bench, before: MapSnapshot): Promise<void> {
  const sections = before.sections.map(({ section }) => section)
  const delta = await bench.inventory.read({ scheduleId, sections, since: before.version })
  assert.ok(delta.is === 'delta', `since ${before.version} was answered by a ${delta.is}`)
  assert.equal(delta.from, before.version)
  const versions = delta.changes.map(({ version }) => version)
  assert.deepEqual(
    versions,
    versions.toSorted((a, b) => a - b),
    'changes come in order',
  )
  assert.deepEqual({ ...applyDelta(before, delta), storeTime: bench.now() }, await bench.snapshot())
}
