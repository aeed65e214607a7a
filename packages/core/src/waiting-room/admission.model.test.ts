import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'vitest'
import { defaultSettings, type SaleSettings, type ScheduleRecord } from '../catalogue/schedule.ts'
import { manualRuntime } from '../shared/contract.ts'
import { createMemoryAdmissionQueue } from './admission-queue.memory.ts'
import { balanced, type LineDocument } from './line.ts'

// The oracle: every visitor is one entry of a plain array, every rule is read off the rule book one visitor at a time.
type State = 'waiting' | 'offered' | 'active' | 'lapsed' | 'late' | 'done' | 'expired' | 'left'
interface Person {
  state: State
  group: number
  offeredAt: number
  until: number
}

class Oracle {
  readonly people: Person[] = []
  readonly admissions: number[] = []
  readonly groups: { since: number; size: number; count: number }[] = []
  passed = 0
  stock: number
  stockAt: number
  settings: SaleSettings
  open = true

  constructor(settings: SaleSettings, now: number) {
    this.settings = settings
    this.stock = this.full() * 60_000
    this.stockAt = now
  }

  full(): number {
    const { ratePerMinute: rate, groupSize } = this.settings
    return rate === null ? 0 : Math.min(rate, Math.max(groupSize, Math.ceil(rate / 60)))
  }

  grow(now: number): void {
    this.stock = Math.min(this.full() * 60_000, this.stock + (now - this.stockAt) * (this.settings.ratePerMinute ?? 0))
    this.stockAt = now
  }

  set(change: Partial<SaleSettings>, now: number): void {
    this.grow(now)
    const wasUnlimited = this.settings.ratePerMinute === null
    if (change.groupSize !== undefined && change.groupSize !== this.settings.groupSize) {
      const last = this.groups.at(-1)
      if (last) last.size = last.count
    }
    this.settings = { ...this.settings, ...change }
    const full = this.full() * 60_000
    this.stock = wasUnlimited ? full : Math.min(full, this.stock)
  }

  count(state: State): number {
    return this.people.filter((person) => person.state === state).length
  }

  mayAdmit(now: number): boolean {
    this.grow(now)
    const { capacity, ratePerMinute: rate } = this.settings
    if (capacity !== null && this.count('offered') + this.count('active') >= capacity) return false
    const second = Math.floor(now / 1_000)
    const recent = this.admissions.filter((at) => Math.floor(at / 1_000) >= second - 60).length
    return rate === null || (this.stock >= 60_000 && recent < rate)
  }

  spend(now: number): void {
    this.admissions.push(now)
    if (this.settings.ratePerMinute !== null) this.stock -= 60_000
  }

  offer(person: Person, now: number): void {
    person.state = 'offered'
    person.offeredAt = now
    this.spend(now)
  }

  end(now: number): void {
    const window = this.settings.claimWindowSeconds * 1_000
    const grace = this.settings.graceSeconds * 1_000
    for (const person of this.people) {
      if (person.state === 'active' && now >= person.until) person.state = 'expired'
      if (person.state === 'offered' && now >= person.offeredAt + window) person.state = 'lapsed'
      if (person.state === 'lapsed' && now >= person.offeredAt + window + grace) person.state = 'expired'
    }
  }

  tick(now: number): void {
    this.end(now)
    if (!this.open) return
    for (const person of this.people) {
      if (person.state === 'late' && this.mayAdmit(now)) this.offer(person, now)
    }
    while (this.passed < this.people.length && this.count('late') === 0 && this.mayAdmit(now)) {
      const person = this.people[this.passed] as Person
      const group = this.groups[person.group] as { since: number; size: number; count: number }
      const opens = this.passed === 0 || this.people[this.passed - 1]?.group !== person.group
      const partial = group.count < group.size
      if (opens && partial && now < group.since + this.settings.partialGroupSeconds * 1_000) return
      this.passed++
      if (person.state === 'waiting') this.offer(person, now)
    }
  }

  join(now: number): number {
    this.end(now)
    const direct = this.open && this.count('waiting') === 0 && this.count('late') === 0 && this.mayAdmit(now)
    const last = this.groups.at(-1)
    if (!last || last.count >= last.size) this.groups.push({ since: now, size: this.settings.groupSize, count: 0 })
    const group = this.groups.length - 1
    this.groups[group]!.count++
    const until = now + this.settings.passTtlSeconds * 1_000
    this.people.push({ state: direct ? 'active' : 'waiting', group, offeredAt: 0, until })
    if (direct) {
      this.passed = this.people.length
      this.spend(now)
    }
    return this.people.length
  }

  claim(number: number, now: number): string {
    this.end(now)
    const person = this.people[number - 1] as Person
    if (person.state === 'offered') {
      person.state = 'active'
      person.until = now + this.settings.passTtlSeconds * 1_000
    }
    if (person.state === 'lapsed') person.state = 'late'
    return person.state === 'done' ? 'left' : person.state
  }

  leave(number: number, as: 'done' | 'left', now: number): boolean {
    this.end(now)
    const person = this.people[number - 1] as Person
    if (['done', 'left', 'expired'].includes(person.state)) return false
    person.state = person.state === 'active' ? as : 'left'
    return true
  }
}

type Op =
  | { op: 'join'; count: number }
  | { op: 'claim' | 'leave' | 'done'; who: number }
  | { op: 'wait'; ms: number }
  | { op: 'set'; settings: Partial<SaleSettings> }
  | { op: 'pause' | 'claimAll' | 'tick' }

const setting = fc.record(
  {
    capacity: fc.option(fc.integer({ min: 0, max: 12 }), { freq: 4 }),
    ratePerMinute: fc.option(fc.oneof(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 100_000 })), {
      freq: 3,
    }),
    groupSize: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 10_000 })),
    partialGroupSeconds: fc.integer({ min: 0, max: 3 }),
  },
  { requiredKeys: [] },
)

const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ op: fc.constant('join' as const), count: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 6, arbitrary: fc.record({ op: fc.constantFrom('claim', 'leave', 'done'), who: fc.nat(10_000) }) },
  { weight: 6, arbitrary: fc.record({ op: fc.constantFrom('claimAll', 'tick', 'tick', 'tick') }) },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant('wait' as const),
      ms: fc.oneof(fc.integer({ min: 0, max: 1_500 }), fc.constantFrom(250, 500, 1_000, 3_000, 6_000, 20_000, 61_000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('set' as const), settings: setting }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('pause' as const) }) },
)

const base: SaleSettings = {
  ...defaultSettings,
  claimWindowSeconds: 6,
  graceSeconds: 20,
  passTtlSeconds: 30,
  capacity: 5,
  ratePerMinute: 600,
  groupSize: 4,
}

async function play(first: Partial<SaleSettings>, ops: readonly Op[]): Promise<void> {
  const runtime = manualRuntime({ start: 1_800_000_000_000 })
  const queue = createMemoryAdmissionQueue({ runtime })
  const settings = { ...base, ...first }
  let record = {
    ...{ scheduleId: 's', venueId: 'v', name: 's', currency: 'KRW', startsAt: null, opensAt: null, prices: {} },
    ...{ state: 'open', settings, version: 1, epoch: 'e', ceiling: 0, incarnation: 1, draw: null, lineIncarnation: 1 },
  } as ScheduleRecord
  await queue.configure({ scheduleId: 's', record, recover: true })
  const change = async (set: Partial<ScheduleRecord>) => {
    record = { ...record, ...set, version: record.version + 1 }
    await queue.configure({ scheduleId: 's', record })
  }
  await change({ ceiling: 1_000_000 })
  const oracle = new Oracle(settings, runtime.now())

  const step = async (op: Op): Promise<void> => {
    const now = runtime.now()
    if (op.op === 'wait') return runtime.advance(op.ms)
    if (op.op === 'set') {
      oracle.end(now)
      oracle.set(op.settings, now)
      return change({ settings: { ...record.settings, ...op.settings } })
    }
    if (op.op === 'pause') {
      oracle.end(now)
      oracle.open = !oracle.open
      return change({ state: oracle.open ? 'open' : 'paused' })
    }
    if (op.op === 'join') {
      const from = oracle.people.length
      const joins = Array.from({ length: op.count }, (_, i) => ({ visitor: `v${from + i + 1}`, operationId: 'op' }))
      const replies = await queue.join({ scheduleId: 's', epoch: 'e', joins })
      assert.notEqual(replies, 'RECOVER')
      for (const reply of replies as Exclude<typeof replies, 'RECOVER'>) {
        const number = oracle.join(now)
        assert.deepEqual('number' in reply && reply.number, number)
        assert.equal(reply.is === 'admitted', oracle.people[number - 1]?.state === 'active')
      }
      return
    }
    if (op.op === 'claim' || op.op === 'claimAll') {
      const all = oracle.people.map((_, i) => i + 1)
      const numbers =
        op.op === 'claimAll' ? all.slice(-40) : all.slice('who' in op ? op.who % (all.length || 1) : 0).slice(0, 1)
      const places = numbers.map((number) => ({ number, visitor: `v${number}` }))
      const replies = await queue.claim({ scheduleId: 's', epoch: 'e', mode: 'claim', places })
      const kinds = (replies as Exclude<typeof replies, 'RECOVER'>).map(({ is }) => is)
      assert.deepEqual(
        kinds,
        numbers.map((number) => oracle.claim(number, now)),
      )
      return
    }
    if ((op.op === 'leave' || op.op === 'done') && oracle.people.length > 0) {
      const number = (op.who % oracle.people.length) + 1
      const as = op.op === 'done' ? 'done' : 'left'
      const places = [{ visitor: `v${number}`, place: { number }, as } as const]
      const replies = await queue.leave({ scheduleId: 's', epoch: 'e', places })
      assert.deepEqual(replies, [oracle.leave(number, as, now)])
    }
  }

  let offeredOrActive = 0
  for (const one of ops) {
    await step(one)
    // Some steps are followed by a tick, some by the next step: a record that is not newer only reads.
    const ticks = one.op === 'tick' || ('ms' in one && one.ms % 4 !== 0)
    const read = ticks ? queue.tick({ scheduleId: 's' }) : queue.configure({ scheduleId: 's', record })
    const document = (await read) as LineDocument
    if (ticks) oracle.tick(runtime.now())
    else oracle.end(runtime.now())
    const { counts } = document
    assert.ok(balanced(counts), 'W16')
    assert.ok(document.admittedThrough <= document.tail, 'W6')
    const busy = counts.offered + counts.active
    const { capacity, ratePerMinute } = record.settings
    assert.ok(capacity === null || busy <= Math.max(capacity, offeredOrActive), 'W4')
    offeredOrActive = busy
    assert.equal(document.admittedThrough, oracle.passed, 'W2')
    for (const state of ['waiting', 'offered', 'active', 'lapsed', 'late', 'done', 'expired', 'left'] as const)
      assert.equal(counts[state], oracle.count(state), state)
    if (ratePerMinute !== null && !ops.some((other) => other.op === 'set'))
      rollingMinute(oracle.admissions, ratePerMinute)
  }
}

/** However a minute is laid over the admissions, it holds no more than the rate. */
function rollingMinute(admissions: readonly number[], rate: number): void {
  for (let from = 0, to = 0; to < admissions.length; to++) {
    while ((admissions[to] as number) - (admissions[from] as number) >= 60_000) from++
    assert.ok(to - from + 1 <= rate, 'W6')
  }
}

const ops = fc.array(op, { minLength: 20, maxLength: 220, size: 'max' })

test('W2 W4 W16: the line and a plain array agree after every step', async () => {
  await fc.assert(
    fc.asyncProperty(setting, ops, (settings, list) => play(settings, list)),
    { numRuns: 1_500, seed: 20_261_122 },
  )
}, 60_000)

test('W6: any rolling minute is within the rate, for rates 1–100 000', async () => {
  const rate = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 100_000 }))
  const groupSize = fc.integer({ min: 1, max: 50 })
  const calm = ops.map((list) => list.filter(({ op }) => op !== 'set'))
  await fc.assert(
    fc.asyncProperty(rate, groupSize, calm, (ratePerMinute, size, list) =>
      play({ ratePerMinute, groupSize: size, capacity: null, partialGroupSeconds: 0 }, list),
    ),
    { numRuns: 150, seed: 6 },
  )
}, 60_000)
