import assert from 'node:assert/strict'
import { changeLogLimit } from './change-log.ts'
import { type HoldRecord, incarnationOf, incarnationSpan } from './hold.ts'
import {
  assertBalanced,
  assertDelta,
  type Bench,
  pin,
  price,
  project,
  release,
  scheduleId,
  sectionState,
  take,
  ttlMs,
} from './inventory-subject.contract.ts'
import { applyDelta } from './occupancy.ts'

type Case = (bench: Bench) => Promise<void>

const saved = (b: Bench, holdId: string, seats: readonly number[], more: Partial<HoldRecord> = {}): HoldRecord => ({
  holdId,
  version: incarnationSpan + 77,
  scheduleId,
  holder: 'ann',
  parts: [{ section: 'A', seats }],
  price,
  createdAt: b.now() - 1_000,
  expiresAt: b.now() + 5_000,
  epoch: 'epoch-1',
  requestId: null,
  ...more,
})

const claim = (seat: number, state: 'PAYING' | 'COMPLETED', recordVersion: number, holder = 'bob') =>
  ({ scheduleId, section: 'A', seat, requestId: `pay-${seat}`, holder, state, recordVersion }) as const

/** The map, its deltas, expiry, growth and installation: H13, A34, I14. */
export const mapCases: Readonly<Record<string, Case>> = {
  'missing is never free: nothing is answered of a section that is not installed': async (b) => {
    const sections = ['A', 'B']
    assert.deepEqual(await b.inventory.read({ scheduleId, sections }), { is: 'missing', sections })
    assert.deepEqual(await b.run(take('ann', [0])), { is: 'missing', sections: ['A'] })
    const gone = { do: 'release', holdId: 'h', version: 1, holder: 'ann' } as const
    assert.equal((await b.run(gone)).is, 'missing')
    assert.equal(await b.inventory.holds({ scheduleId, keys: [{ holder: 'ann' }] }), 'missing')
    assert.equal(await b.inventory.owners({ scheduleId, section: 'A' }), 'missing')
    await b.install(1, sectionState('A', 4))
    assert.deepEqual(await b.inventory.read({ scheduleId, sections }), { is: 'missing', sections: ['B'] })
    assert.deepEqual(await b.run(take('ann', { A: [0], B: [1] })), { is: 'missing', sections: ['B'] })
    assert.deepEqual(await b.run({ do: 'grow', section: 'B', from: 0, count: 1 }), { is: 'missing', sections: ['B'] })
    assert.deepEqual(await b.run(project('BLOCKED', { section: 'B', seats: [0], version: 1 })), {
      is: 'missing',
      sections: ['B'],
    })
    assert.deepEqual(await b.inventory.read({ scheduleId: 'other', sections: ['A'] }), {
      is: 'missing',
      sections: ['A'],
    })
    assert.equal(await b.codes(), '0000')
  },

  'a section is installed once': async (b) => {
    assert.deepEqual(await b.install(1, sectionState('A', 4)), ['installed'])
    await b.hold(take('ann', [0]))
    assert.deepEqual(await b.install(1, sectionState('A', 4), sectionState('B', 4)), ['present', 'installed'])
    assert.equal(await b.codes(), '1000')
    assert.equal(incarnationOf((await b.snapshot()).version), 1)
  },

  'of two loaders the second takes nothing away: what is present stays, an older one is late': async (b) => {
    await b.install(2, sectionState('A', 4))
    const hold = await b.hold(take('ann', [0]))
    assert.deepEqual(await b.install(1, sectionState('A', 4), sectionState('B', 4)), ['present', 'present'])
    assert.equal(await b.codes().catch(() => 'missing'), 'missing', 'B was not installed by a late loader')
    assert.deepEqual(await b.install(3, sectionState('A', 4), sectionState('B', 4)), ['present', 'installed'])
    assert.equal(await b.codes('A'), '1000')
    assert.deepEqual(await b.holdsOf('ann'), [hold])
    assert.deepEqual(await b.run(release(hold)), { is: 'done' })
    await b.hold(take('ann', [0, 1, 2, 3], { quota: 4 }))
    assert.equal(incarnationOf((await b.snapshot()).version), 3)
  },

  'H13: after a loss claims, blocks and holds are back, and nothing from before matches': async (b) => {
    await b.install(1, sectionState('A', 8))
    const before = await b.hold(take('eve', [7]))
    const version = (await b.snapshot()).version
    await b.lose()
    assert.deepEqual(await b.run(release(before)), { is: 'missing', sections: [] })
    const holds = [
      saved(b, 'h-live', [4, 5]),
      saved(b, 'h-due', [6], { expiresAt: b.now() }),
      saved(b, 'h-lost', [1, 3]),
      saved(b, 'h-blocked', [2]),
    ]
    const claims = [claim(0, 'COMPLETED', 10), claim(1, 'PAYING', 11)]
    await b.install(2, sectionState('A', 8, { claims, holds, blocked: [{ seat: 2, recordVersion: 12 }] }))
    assert.equal(await b.codes(), '21301100')
    assert.deepEqual(await b.holdsOf('ann'), [holds[0]])
    const map = await b.snapshot()
    assert.equal(incarnationOf(map.version), 2)
    const since = await b.inventory.read({ scheduleId, sections: ['A'], since: version })
    assert.equal(since.is, 'snapshot', 'a version of another incarnation gets the whole')
    assert.deepEqual(await b.run(release(before)), { is: 'stale' })
    assert.deepEqual(await b.run(take('bob', [7, 6], { quota: 3 })), { is: 'quota', owned: 2 })
    await b.run(project('AVAILABLE', { seats: [0], owner: 'pay-0', version: 10 }))
    assert.equal((await b.codes())[0], '2', 'the record’s versions were restored')
    await b.advance(5_000)
    assert.equal(await b.codes(), '21300000')
    await b.run({ do: 'unpin', requestId: 'pay-1' })
    assert.equal(await b.codes(), '20300000')
  },

  'H13: a hold over two sections comes back whole': async (b) => {
    const parts = [
      { section: 'A', seats: [1] },
      { section: 'B', seats: [2] },
    ]
    const hold = saved(b, 'h-two', [], { parts })
    await b.install(2, sectionState('A', 4, { holds: [hold] }), sectionState('B', 4, { holds: [hold] }))
    assert.equal((await b.codes('A')) + (await b.codes('B')), '01000010')
    assert.deepEqual(await b.holdsOf('ann'), [hold])
    await b.run(release(hold))
    assert.equal((await b.codes('A')) + (await b.codes('B')), '00000000')
  },

  'snapshot + delta = snapshot, over every kind of change': async (b) => {
    await b.install(1, sectionState('A', 9), sectionState('B', 5))
    const start = await b.snapshot()
    await assertDelta(b, start)
    const hold = await b.hold(take('ann', { A: [0, 8], B: [4] }))
    const other = await b.hold(take('bob', [1, 2]))
    await assertDelta(b, start)
    const middle = await b.snapshot()
    await b.run(release(hold))
    await b.run(pin(other, 'pay-1'))
    await b.run(project('COMPLETED', { seats: [1, 2], owner: 'pay-1', holder: 'bob', version: 3 }))
    await b.run(project('BLOCKED', { section: 'B', seats: [0], version: 4 }))
    await b.run({ do: 'grow', section: 'B', from: 5, count: 4 })
    await b.hold(take('cat', { B: [8] }))
    await b.advance(ttlMs)
    await assertDelta(b, start)
    await assertDelta(b, middle)
    assertBalanced(await b.snapshot(), 18)
  },

  'a delta of some sections has the changes of those': async (b) => {
    await b.install(1, sectionState('A', 4), sectionState('B', 4))
    const { version } = await b.snapshot()
    await b.hold(take('ann', { A: [0], B: [1] }))
    const delta = await b.inventory.read({ scheduleId, sections: ['B'], since: version })
    assert.ok(delta.is === 'delta')
    assert.deepEqual(
      delta.changes.map(({ section, seat, code, origin }) => [section, seat, code, origin]),
      [['B', 1, 1, 'USER']],
    )
  },

  'a version never handed out gets the whole': async (b) => {
    await b.install(1, sectionState('A', 4))
    const { version } = await b.snapshot()
    for (const since of [0, 1, version + 1, 5 * incarnationSpan, -1, Number.NaN, Number.MAX_SAFE_INTEGER]) {
      const read = await b.inventory.read({ scheduleId, sections: ['A'], since })
      assert.equal(read.is, 'snapshot', `since ${since}`)
    }
  },

  'the delta log reaches back over 4 096 changes and no further': async (b) => {
    await b.install(1, sectionState('A', 256))
    const seats = Array.from({ length: 256 }, (_, i) => i)
    const flip = async () => {
      const hold = await b.hold(take('ann', seats, { quota: 256 }))
      await b.run(release(hold))
    }
    const start = await b.snapshot()
    for (let i = 0; i < changeLogLimit / 512; i++) await flip()
    await assertDelta(b, start)
    await b.hold(take('ann', [0]))
    const read = await b.inventory.read({ scheduleId, sections: ['A'], since: start.version })
    assert.equal(read.is, 'snapshot')
  },

  'every change names its cause and is told once by the call that made it': async (b) => {
    await b.install(1, sectionState('A', 6))
    let { version } = await b.snapshot()
    const causes: string[] = []
    const call = async (command: Parameters<Bench['run']>[0]) => {
      const commands = [{ operationId: `cause-${causes.length}`, ...command } as never]
      const news = await b.inventory.commit({ scheduleId, commands })
      assert.equal(news.from, version)
      assert.ok(news.version >= version)
      version = news.version
      causes.push(news.changes.map(({ seat, code, origin }) => `${seat}${code}${origin}`).join())
      return news.replies[0]!
    }
    const first = await call(take('ann', [0]))
    assert.ok(first.is === 'hold')
    await call(release(first.hold))
    await call(take('ann', [1], { ttlMs: 10 }))
    await b.advance(10)
    const second = await call(take('ann', [2]))
    assert.ok(second.is === 'hold')
    await call(pin(second.hold, 'pay-1'))
    await call(project('COMPLETED', { seats: [2], owner: 'pay-1', holder: 'ann', version: 1 }))
    await call(project('BLOCKED', { seats: [3], version: 2 }))
    await call({ do: 'unpin', requestId: 'pay-1' })
    assert.deepEqual(causes, ['01USER', '00USER', '11USER', '10EXPIRY,21USER', '', '22PAYMENT', '33ADMIN', ''])
  },

  'the state after the batch comes with its replies': async (b) => {
    await b.install(1, sectionState('A', 4), sectionState('B', 4), sectionState('C', 4))
    const commands = [take('ann', { A: [0], B: [1] }), take('bob', { A: [0] })].map((command, i) => ({
      ...command,
      operationId: `f-${i}`,
    }))
    const { fresh } = await b.inventory.commit({ scheduleId, commands })
    const whole = await b.snapshot()
    assert.deepEqual(
      fresh.toSorted((x, y) => (x.section < y.section ? -1 : 1)),
      whole.sections.slice(0, 2),
    )
    fresh[0]!.codes.fill(255)
    assert.deepEqual(await b.snapshot(), whole, 'what is handed out is a copy')
  },

  'reaping is bounded and tells what it freed': async (b) => {
    await b.install(1, sectionState('A', 8))
    for (let seat = 0; seat < 5; seat++) await b.hold(take(`v-${seat}`, [seat], { ttlMs: 1_000 + seat }))
    await b.hold(take('late', [5]))
    assert.deepEqual((await b.inventory.reap({ scheduleId, limit: 2 })).changes, [])
    await b.advance(1_004)
    const freed: number[] = []
    for (let round = 0, more = true; more; round++) {
      assert.ok(round < 5, 'reaping comes to an end')
      const reaped = await b.inventory.reap({ scheduleId, limit: 2 })
      assert.ok(reaped.changes.length <= 2)
      for (const { seat, code, origin } of reaped.changes) {
        assert.deepEqual([code, origin], [0, 'EXPIRY'])
        freed.push(seat)
      }
      more = reaped.more
    }
    assert.deepEqual(freed, [0, 1, 2, 3, 4])
    assert.equal(await b.codes(), '00000100')
    assert.deepEqual((await b.inventory.reap({ scheduleId: 'unknown', limit: 2 })).changes, [])
  },

  'A34: growing is repeatable and never touches what exists': async (b) => {
    await b.install(1, sectionState('A', 2))
    await b.hold(take('ann', [1]))
    const grow = (from: number, count: number) => b.run({ do: 'grow', section: 'A', from, count })
    await grow(2, 3)
    assert.equal(await b.codes(), '01000')
    await b.hold(take('bob', [4]))
    for (const [from, count] of [
      [2, 3],
      [2, 1],
      [4, 1],
    ] as const)
      await grow(from, count)
    assert.equal(await b.codes(), '01001')
    // Seats that were created by somebody whose own `grow` never arrived exist as well.
    await grow(7, 1)
    assert.equal(await b.codes(), '01001000')
  },

  'random histories: snapshot + deltas = snapshot, and the books balance': async (b) => {
    await b.install(1, sectionState('A', 13), sectionState('B', 6))
    const random = numbers(7)
    const holds: HoldRecord[] = []
    let told = await b.snapshot()
    let capacity = 19
    for (let step = 1; step <= 400; step++) {
      const dice = random(10)
      const hold = holds[random(holds.length || 1)]
      const seat = random(13)
      if (dice < 5) {
        const parts = { A: [seat], B: [random(6)] }
        const reply = await b.run(take(`v-${random(9)}`, parts, { ttlMs: 1 + random(3_000) }))
        if (reply.is === 'hold') holds.push(reply.hold)
      } else if (dice === 5 && hold) await b.run(release(hold))
      else if (dice === 6 && hold) await b.run(pin(hold, `pay-${step}`))
      else if (dice === 7)
        await b.run(project('COMPLETED', { seats: [seat], owner: `r-${seat}`, holder: 'z', version: step }))
      else if (dice === 8) await b.run(project('AVAILABLE', { seats: [seat], owner: `r-${seat}`, version: step }))
      else if (step % 40 === 0) {
        await b.run({ do: 'grow', section: 'B', from: capacity - 13, count: 1 })
        capacity++
      }
      if (random(3) === 0) await b.advance(random(1_500))
      if (step % 10 > 0) continue
      const delta = await b.inventory.read({ scheduleId, sections: ['A', 'B'], since: told.version })
      assert.ok(delta.is === 'delta')
      const next = applyDelta(told, delta)
      assert.ok(next)
      told = next
      assert.deepEqual({ ...told, storeTime: b.now() }, await b.snapshot())
      assertBalanced(told, capacity)
    }
  },
}

/** Small numbers, the same every time. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return (state >>> 8) % below
  }
}
