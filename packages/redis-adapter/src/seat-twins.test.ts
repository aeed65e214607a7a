import assert from 'node:assert/strict'
import { createMemorySeatInventory } from '@b-ticketing/core/memory'
import type { HoldRecord, Part, SeatCommand, SeatInventory, SeatReply, SectionState } from '@b-ticketing/core/ports'
import { test } from 'vitest'
import { createDice } from './dice.test-support.ts'
import { describeRedis, type TestRedis, type TestSpace, testSpace } from './redis.test-support.ts'
import { createRedisSeatInventory } from './seat-inventory.ts'
import { createSectionedSeatInventory } from './sectioned-inventory.ts'

const scheduleId = 'game-1'
const sections = ['A', 'B', 'C']
const seatsOf = { A: 9, B: 5, C: 30 } as const
const price = { value: 1, currency: 'KRW' }

/**
 * One crowd in front of two stores: whatever is done to one is done to the other, and both must answer the same. Versions
 * differ, since the memory store frees what is due everywhere and not where it looks: each store is told its own.
 */
class Twins {
  readonly dice
  readonly space
  readonly stores: readonly [SeatInventory, SeatInventory]
  readonly holds: [HoldRecord, HoldRecord][] = []
  readonly asked: [SeatCommand, SeatCommand][] = []
  readonly isStrict: boolean
  serial = 0
  grown = 0
  recordVersion = 100

  constructor(
    redis: TestRedis,
    seed: number,
    create: (space: TestSpace) => SeatInventory,
    /** A request is one visitor's, as it is in truth. */
    isStrict: boolean,
  ) {
    this.isStrict = isStrict
    this.dice = createDice(seed)
    this.space = testSpace(redis)
    this.stores = [createMemorySeatInventory({ runtime: this.space }), create(this.space)]
  }

  pick<T>(from: readonly T[]): T {
    return from[this.dice(from.length)] as T
  }

  parts(): readonly Part[] {
    return sections
      .filter(() => this.dice(2) === 0)
      .map((section) => {
        const count = seatsOf[section as 'A'] + (section === 'C' ? this.grown : 0)
        const from = this.dice(count + 1)
        return { section, seats: Array.from({ length: 1 + this.dice(3) }, (_, i) => from + i) }
      })
  }

  command(): [SeatCommand, SeatCommand] {
    const operationId = `op-${this.serial++}`
    const [ours, theirs] = this.holds.length > 0 ? this.pick(this.holds) : [null, null]
    const dice = this.dice(100)
    const named = (at: HoldRecord) => ({ holdId: at.holdId, version: at.version, holder: at.holder })
    const both = (make: (at: HoldRecord) => SeatCommand): [SeatCommand, SeatCommand] => [make(ours!), make(theirs!)]
    if (dice < 4 && this.asked.length > 0) return this.pick(this.asked)
    if (dice < 40 || ours === null) {
      const parts = this.parts()
      const take = {
        ...({ do: 'take', operationId, holdId: `h-${this.serial}`, holder: `v-${this.dice(6)}`, price } as const),
        ...{ epoch: `e-${this.dice(2)}`, ttlMs: this.pick([50, 500, 5_000]), quota: this.pick([4, 8]) },
        ...{
          parts: parts.length > 0 ? parts : [{ section: 'A', seats: [this.dice(9)] }],
          fingerprint: `f${this.dice(3)}`,
        },
        ...{ notAfter: this.space.now() + this.pick([0, 100, 100_000]), ...(this.dice(2) && { memo: 'm é' }) },
      }
      if (ours === null || this.dice(4) > 0) return [take, take]
      return both(({ holdId, version, holder }) => ({ ...take, holder, replaces: { holdId, version } }))
    }
    if (dice < 55) return both((at) => ({ do: 'release', operationId, ...named(at) }))
    if (dice < 65) {
      const terms = { ttlMs: this.pick([100, 2_000]), notAfter: this.space.now() + 50_000 }
      return both((at) => ({ do: 'extend', operationId, ...named(at), ...terms }))
    }
    const payer = this.dice(6)
    const requestId = `pay-${payer + 6 * this.dice(2)}`
    const leaseMs = this.dice(800)
    const requestOf = ({ holder }: HoldRecord) => `pay-${Number(holder.slice(2)) + 6 * (this.serial % 2)}`
    if (dice < 75) {
      return both((at) => ({
        do: 'pin',
        operationId,
        ...named(at),
        requestId: this.isStrict ? requestOf(at) : requestId,
        leaseMs,
      }))
    }
    let command: SeatCommand = { do: 'unpin', operationId, requestId }
    if (dice < 95 && dice >= 80) {
      const state = this.pick(['PAYING', 'COMPLETED', 'AVAILABLE', 'AVAILABLE', 'BLOCKED'] as const)
      const free = state === 'BLOCKED' || (state === 'AVAILABLE' && this.dice(2) === 0)
      const recordVersion = this.dice(5) ? ++this.recordVersion : this.recordVersion - this.dice(20)
      const part = { section: this.pick(sections), seats: [this.dice(5), 5 + this.dice(5)] }
      const holder = free || state === 'AVAILABLE' ? null : `v-${this.isStrict ? payer : this.dice(6)}`
      command = { do: 'project', operationId, part, state, owner: free ? null : requestId, holder, recordVersion }
    } else if (dice === 95) {
      command = { do: 'grow', operationId, section: 'C', from: 30 + this.grown, count: 2 }
      this.grown += 2
    } else if (dice === 96) command = { do: 'reset', operationId, epoch: 'e-0' }
    else if (dice > 96 && this.asked.length > 0) {
      // Answers about the record's words are not asked for again: with a shard a section they stand with the section.
      const asked = this.pick(this.asked)[0]
      const { operationId: one } = asked
      command = { do: 'recall', operationId: asked.do === 'project' || asked.do === 'grow' ? operationId : one }
    }
    return [command, command]
  }

  async commit(): Promise<void> {
    const commands = Array.from({ length: 1 + this.dice(6) }, () => this.command())
    const [memory, redis] = await Promise.all(
      this.stores.map((store, i) => store.commit({ scheduleId, commands: commands.map((pair) => pair[i]!) })),
    )
    assert.deepEqual(redis!.replies.map(plain), memory!.replies.map(plain), JSON.stringify(commands, null, 1))
    assert.deepEqual(
      redis!.fresh.map(({ section }) => section).sort(),
      memory!.fresh.map(({ section }) => section).sort(),
    )
    for (const [i, pair] of commands.entries()) {
      this.asked.push(pair)
      const [ours, theirs] = [memory!.replies[i]!, redis!.replies[i]!]
      if (ours.is === 'hold' && theirs.is === 'hold') this.holds.push([ours.hold, theirs.hold])
    }
    if (this.holds.length > 20) this.holds.splice(0, 10)
    assert.ok(redis!.changes.every(({ version }) => version > redis!.from && version <= redis!.version))
  }

  async compare(): Promise<void> {
    const ask = <T>(call: (store: SeatInventory) => Promise<T>) => Promise.all(this.stores.map(call))
    const [a, b] = await ask((store) => store.read({ scheduleId, sections }))
    assert.ok(a!.is === 'snapshot' && b!.is === 'snapshot')
    const codes = (map: typeof a) => map!.is === 'snapshot' && map!.sections.map(({ version: _, ...rest }) => rest)
    assert.deepEqual(codes(b), codes(a))
    for (const section of sections) {
      const [ours, theirs] = await ask((store) => store.owners({ scheduleId, section }))
      assert.deepEqual(theirs, ours)
    }
    const keys = [
      ...Array.from({ length: 6 }, (_, i) => ({ holder: `v-${i}` })),
      ...Array.from({ length: 12 }, (_, i) => ({ requestId: `pay-${i}` })),
    ]
    const [mine, his] = await ask((store) => store.holds({ scheduleId, keys }))
    const sorted = (lists: typeof mine) => {
      assert.ok(lists !== undefined && lists !== 'missing')
      return lists.map((list) =>
        list.map(({ version: _, ...hold }) => hold).sort((x, y) => (x.holdId < y.holdId ? -1 : 1)),
      )
    }
    assert.deepEqual(sorted(his), sorted(mine))
    const [pins, others] = await ask((store) => store.reap({ scheduleId, limit: 1_000 }))
    assert.deepEqual([...others!.stalePins].sort(), [...pins!.stalePins].sort())
  }

  async run(steps: number): Promise<void> {
    const state = (section: string): SectionState => ({
      ...{ section, count: seatsOf[section as 'A'], created: [], holds: [] },
      blocked: section === 'B' ? [{ seat: 4, recordVersion: 3 }] : [],
      claims:
        section === 'A'
          ? [{ scheduleId, section, seat: 8, requestId: 'pay-0', holder: 'v-0', state: 'PAYING', recordVersion: 9 }]
          : [],
    })
    const install = { scheduleId, incarnation: 1, sections: sections.map(state) }
    for (const store of this.stores) await store.install(install)
    for (let step = 0; step < steps; step++) {
      await this.commit()
      if (this.dice(3) === 0) this.space.advance(this.pick([1, 49, 50, 400, 5_000, 60_000]))
      if (this.dice(5) === 0) await this.compare()
    }
    await this.space.forget()
  }
}

/** Without versions, which each store counts by itself. */
function plain(reply: SeatReply): unknown {
  if (reply.is !== 'hold') return reply
  const { version: _, ...hold } = reply.hold
  return { ...reply, hold }
}

const stores = [
  ['the seats of Redis', createRedisSeatInventory],
  ['the seats of Redis by section', createSectionedSeatInventory],
] as const

for (const [name, create] of stores) {
  await describeRedis(`${name} and of memory`, (redis) => {
    const seeds = redis.kind === 'single' ? 12 : 3
    for (let seed = 1; seed <= seeds; seed++) {
      test(
        `are the same after the same history (seed ${seed})`,
        () => new Twins(redis, seed, create, create === createSectionedSeatInventory).run(250),
        60_000,
      )
    }
  })
}
