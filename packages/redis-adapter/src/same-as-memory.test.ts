import assert from 'node:assert/strict'
import { defaultSettings } from '@b-ticketing/core'
import { manualRuntime } from '@b-ticketing/core/conformance'
import { createMemoryAdmissionQueue } from '@b-ticketing/core/memory'
import type { AdmissionQueue, LineDocument, Place, ScheduleRecord } from '@b-ticketing/core/ports'
import { expect, test } from 'vitest'
import { createRedisAdmissionQueue } from './admission-queue.ts'
import { createDice, type Dice } from './dice.test-support.ts'
import { describeRedis, type TestRedis, type TestSpace, testSpace } from './redis.test-support.ts'

const scheduleId = 'game-1'

/** One crowd in front of two stores: whatever is done to one is done to the other, and both must answer the same. */
class Twins {
  readonly dice: Dice
  readonly journal: string[] = []
  readonly space: TestSpace
  readonly runtime = manualRuntime()
  readonly memory = createMemoryAdmissionQueue({ runtime: this.runtime })
  readonly redis: AdmissionQueue
  record: ScheduleRecord
  /** The newest document that anybody has, and the oldest failover to go back to. */
  known: LineDocument | undefined
  backup: { memory: () => void; redis: () => Promise<void> } | undefined
  asked = 0

  constructor(redis: TestRedis, seed: number) {
    this.dice = createDice(seed)
    this.space = testSpace(redis)
    this.redis = createRedisAdmissionQueue({ scripts: this.space.scripts, keys: this.space.keys })
    const settings = {
      ...defaultSettings,
      ...this.settings(),
      policy: this.dice(2) ? ('draw' as const) : ('fifo' as const),
    }
    const secret = 'the secret of the draw'
    this.record = {
      ...{ scheduleId, venueId: 'venue-1', name: 'game', currency: 'KRW', startsAt: null, opensAt: null, prices: {} },
      ...{ version: 1, epoch: 'epoch-1', ceiling: 0, incarnation: 1, draw: { secret, commitment: 'c' }, settings },
      state: this.dice(2) ? 'prequeue' : 'open',
    }
  }

  pick<T>(from: readonly T[]): T {
    return from[this.dice(from.length)] as T
  }

  settings() {
    return {
      groupSize: this.pick([1, 3, 5, 120]),
      ratePerMinute: this.pick([null, null, 0, 7, 60, 600]),
      capacity: this.pick([null, 0, 2, 5, 20]),
      passTtlSeconds: this.pick([3, 20, 600]),
      claimWindowSeconds: this.pick([1, 5, 90]),
      graceSeconds: this.pick([0, 7, 60]),
      partialGroupSeconds: this.pick([0, 1, 3]),
    }
  }

  async same<T>(what: string, ask: (queue: AdmissionQueue) => Promise<T>): Promise<T> {
    this.journal.push(what)
    this.asked++
    const [ours, theirs] = [await ask(this.redis), await ask(this.memory)]
    assert.deepEqual(ours, theirs, `after:\n${this.journal.slice(-40).join('\n')}`)
    return theirs
  }

  async seen(what: string, ask: (queue: AdmissionQueue) => Promise<LineDocument | 'RECOVER'>): Promise<void> {
    const document = await this.same(what, ask)
    if (document === 'RECOVER') return this.install(this.dice(3) > 0)
    if (document.epoch === this.record.epoch) this.known = document
    // Only the lists of a draw are built later than memory's: now.
    await this.redis.members({ scheduleId, epoch: document.epoch })
  }

  change(set: Partial<ScheduleRecord>): ScheduleRecord {
    this.record = { ...this.record, ...set, version: this.record.version + 1 }
    return this.record
  }

  fixedDraw(n: number): ScheduleRecord['draw'] {
    const { draw, settings } = this.record
    return draw && { made: { policy: settings.policy, n, beacon: settings.beacon }, ...draw }
  }

  async install(withKnown: boolean): Promise<void> {
    const isOpen = this.record.state !== 'prequeue'
    const draw = isOpen ? this.fixedDraw(this.record.ceiling) : this.record.draw
    const record = this.change({ lineIncarnation: (this.record.lineIncarnation ?? 0) + 1, draw })
    const known = withKnown ? this.known : undefined
    await this.seen(`install ${JSON.stringify({ record, known })}`, (queue) =>
      queue.configure({ scheduleId, record, recover: true, ...(known && { known }) }),
    )
  }

  configure(set: Partial<ScheduleRecord>): Promise<void> {
    const record = this.change(set)
    const known = this.dice(4) === 0 ? this.known : undefined
    return this.seen(`configure ${JSON.stringify(set)}`, (queue) =>
      queue.configure({ scheduleId, record, ...(known && { known }) }),
    )
  }

  tick(): Promise<void> {
    return this.seen('tick', (queue) => queue.tick({ scheduleId }))
  }

  number(): number {
    return this.dice((this.known?.tail ?? 0) + 3)
  }

  place(): Place {
    return this.dice(5) === 0 ? { rank: this.number() } : { number: this.number() }
  }

  readonly steps: readonly (() => Promise<unknown>)[] = [
    () => this.join(),
    () => this.join(),
    () => this.join(),
    () => this.tick(),
    () => this.tick(),
    () => this.claim('claim'),
    () => this.claim('claim'),
    () => this.claim('check'),
    () => this.leave(),
    () => this.wait(),
    () => this.wait(),
    () => this.rarely(),
  ]

  join(): Promise<unknown> {
    const joins = Array.from({ length: 1 + this.dice(8) }, () => ({
      visitor: `v${this.dice(60)}`,
      operationId: `op${this.dice(4)}`,
      ...(this.dice(5) === 0 && { ticket: this.place() }),
    }))
    const epoch = this.dice(20) ? this.record.epoch : 'another'
    return this.same(`join ${JSON.stringify(joins)}`, (queue) => queue.join({ scheduleId, epoch, joins }))
  }

  claim(mode: 'claim' | 'check'): Promise<unknown> {
    const places = Array.from({ length: 1 + this.dice(5) }, () => {
      const number = this.number()
      return { number, visitor: `v${number}`, until: this.runtime.now() + this.pick([-5, 0, 1_000, 30_000]) }
    })
    const { epoch } = this.record
    return this.same(`${mode} ${JSON.stringify(places)}`, (queue) => queue.claim({ scheduleId, epoch, mode, places }))
  }

  leave(): Promise<unknown> {
    const places = Array.from({ length: 1 + this.dice(3) }, () => ({
      visitor: `v${this.dice(60)}`,
      as: this.pick(['left', 'done'] as const),
      ...(this.dice(2) === 0 && { place: this.place() }),
    }))
    const { epoch } = this.record
    return this.same(`leave ${JSON.stringify(places)}`, (queue) => queue.leave({ scheduleId, epoch, places }))
  }

  async wait(): Promise<void> {
    const ms = this.pick([1, 200, 999, 1_000, 4_000, 20_000, 70_000])
    this.journal.push(`wait ${ms}`)
    this.runtime.advance(ms)
    this.space.advance(ms)
  }

  members(): Promise<unknown> {
    const { epoch } = this.record
    const page = {
      ...(this.dice(2) && { group: this.dice(6) }),
      ...(this.dice(3) === 0 && { after: `${this.number()}` }),
    }
    return this.same(`members ${JSON.stringify(page)}`, (queue) => queue.members({ scheduleId, epoch, ...page }))
  }

  rarely(): Promise<unknown> {
    const { settings, state } = this.record
    const tail = this.known?.tail ?? 0
    switch (this.dice(9)) {
      case 0:
        return this.configure({ settings: { ...settings, ...this.settings() } })
      case 1:
        return this.configure({ ceiling: Math.max(this.record.ceiling, tail) + 5 + this.dice(30) })
      case 2:
        if (state !== 'prequeue') return this.configure({ state: this.pick(['open', 'open', 'paused', 'draining']) })
        return this.configure({ state: 'open', ...(this.dice(5) > 0 && { draw: this.fixedDraw(tail) }) })
      case 3:
        return this.members()
      case 4:
        return this.restart(this.dice(2) === 0)
      case 5:
        return this.backup && this.dice(2) ? this.failover() : this.replicate()
      case 6:
        if (this.dice(3) > 0) return this.members()
        return this.configure({
          epoch: `epoch-${this.record.version}`,
          ceiling: 30,
          draw: this.fresh(),
          state: 'prequeue',
        })
      case 7:
        return this.same('old record', (queue) =>
          queue.configure({ scheduleId, record: { ...this.record, version: 1 } }),
        )
      default:
        return this.configure({ ceiling: Math.max(this.record.ceiling, tail) + 50 })
    }
  }

  fresh(): ScheduleRecord['draw'] {
    const { secret, commitment } = this.record.draw as NonNullable<ScheduleRecord['draw']>
    return { secret, commitment }
  }

  async restart(empty: boolean): Promise<void> {
    this.journal.push(`restart ${empty ? 'empty' : 'with its data'}`)
    this.memory.restart({ empty })
    if (empty) await this.space.forget()
    else await this.anotherRun()
  }

  async anotherRun(): Promise<void> {
    const [line = ''] = this.space.keys.queue(scheduleId)
    if (await this.space.call('exists', line)) await this.space.call('hset', line, 'run', `${this.dice(1_000_000)}`)
  }

  async replicate(): Promise<void> {
    this.journal.push('replicate')
    this.backup = { memory: this.memory.replicate(), redis: await this.copy() }
  }

  /** A copy of the data of this test, and the way back to it. */
  async copy(): Promise<() => Promise<void>> {
    const { connection, prefix, forget } = this.space
    const keys = await connection.command((send) => send('keys', [`${prefix}*`]) as Promise<string[]>)
    const dumps = await Promise.all(keys.map((key) => connection.command((send) => send('dump', [key], true))))
    return async () => {
      await forget()
      for (const [i, key] of keys.entries())
        await connection.command((send) => send('restore', [key, 0, dumps[i] as Buffer]))
    }
  }

  async failover(): Promise<void> {
    this.journal.push('failover')
    this.backup?.memory()
    await this.backup?.redis()
    await this.anotherRun()
    this.backup = undefined
  }
}

await describeRedis(
  'the line in Redis and in memory',
  (redis) => {
    // Some seeds of one's own: SEEDS=1000 FIRST_SEED=1
    const first = Number(process.env.FIRST_SEED ?? 1)
    const seeds = Array.from({ length: Number(process.env.SEEDS ?? 40) }, (_, i) => first + i)

    test.each(seeds)('answer the same, whatever happens (seed %i)', async (seed) => {
      const twins = new Twins(redis, seed)
      try {
        await twins.install(false)
        await twins.configure({ ceiling: 20 })
        for (let i = 0; i < 150; i++) {
          await twins.pick(twins.steps)()
          // The books, and all else that a document shows, after every step.
          if (i % 3 === 0) await twins.tick()
        }
        await twins.members()
      } finally {
        await twins.space.forget()
      }
      expect(twins.asked).toBeGreaterThan(100)
    })
  },
  ['single'],
)
