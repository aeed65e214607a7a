import { codeAt } from '@b-ticketing/core'
import type { HoldRecord, Id, SeatCommand, SeatInventory, SeatReply } from '@b-ticketing/core/ports'
import { expect, test } from 'vitest'
import { describeRedis, type TestRedis, type TestSpace, testSpace } from './redis.test-support.ts'
import { createScriptRunner, type ScriptRunner } from './script.ts'
import { createSectionedSeatInventory } from './sectioned-inventory.ts'

const scheduleId = 'game-1'
const sections = ['A', 'B']
const ttlMs = 60_000
const never = 9_000_000_000_000
let serial = 0

/** A process that ends after so many calls: the next one is not sent, or its answer is never heard. */
function dying(scripts: ScriptRunner, calls: number, sends: boolean): ScriptRunner & { died(): boolean } {
  let left = calls
  let isDead = false
  const run = async (call: () => Promise<unknown>): Promise<unknown> => {
    if (left-- > 0) return call()
    const isLast = !isDead
    isDead = true
    if (sends && isLast) await call()
    throw new Error('killed')
  }
  return {
    run: (script, p) => run(() => scripts.run(script, p)),
    runBinary: (script, p) => run(() => scripts.runBinary(script, p)),
    died: () => isDead,
  }
}

function signal() {
  let resolve = () => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/** A process that stops before one of its calls, until it is let go. */
function stalling(scripts: ScriptRunner, calls: number) {
  let left = calls
  const [stopped, goes] = [signal(), signal()]
  const run = async (call: () => Promise<unknown>): Promise<unknown> => {
    if (left-- === 0) {
      stopped.resolve()
      await goes.promise
    }
    return call()
  }
  const runner: ScriptRunner = {
    run: (script, p) => run(() => scripts.run(script, p)),
    runBinary: (script, p) => run(() => scripts.runBinary(script, p)),
  }
  return { runner, stopped: stopped.promise, go: goes.resolve }
}

interface Scene {
  readonly space: TestSpace
  readonly healthy: SeatInventory
  /** The command, done by a process that may die of it. */
  readonly command: SeatCommand
  /** What the holder has before. */
  readonly before: HoldRecord | null
}

const take = (holder: Id, seats: Readonly<Record<Id, readonly number[]>>, more: object = {}) =>
  ({
    ...{
      do: 'take',
      operationId: `op-${++serial}`,
      holdId: `hold-${serial}`,
      holder,
      epoch: 'e',
      ttlMs,
      notAfter: never,
    },
    ...{ quota: 8, price: { value: 1, currency: 'KRW' } },
    parts: Object.entries(seats).map(([section, list]) => ({ section, seats: list })),
    ...more,
  }) as Extract<SeatCommand, { do: 'take' }>

const commit = async (inventory: SeatInventory, command: SeatCommand): Promise<SeatReply> =>
  (await inventory.commit({ scheduleId, commands: [command] })).replies[0]!

const holdOf = (reply: SeatReply): HoldRecord => {
  if (reply.is !== 'hold') throw new Error(`expected a hold, got ${JSON.stringify(reply)}`)
  return reply.hold
}

const codes = async (inventory: SeatInventory): Promise<string> => {
  const map = await inventory.read({ scheduleId, sections })
  if (map.is !== 'snapshot') throw new Error(map.is)
  return map.sections
    .map(({ codes: packed }) => [...packed].map((byte) => byte.toString(4).padStart(4, '0')).join(''))
    .join(' ')
}

const free = '00000000 00000000'

const holdsOf = async (inventory: SeatInventory, holder: Id): Promise<readonly HoldRecord[]> => {
  const found = await inventory.holds({ scheduleId, keys: [{ holder }] })
  if (found === 'missing') throw new Error(found)
  return found[0]!
}

async function open(redis: TestRedis): Promise<{ space: TestSpace; healthy: SeatInventory }> {
  const space = testSpace(redis)
  const healthy = createSectionedSeatInventory(space)
  const state = (section: Id) => ({ section, count: 8, created: [], blocked: [], claims: [], holds: [] })
  await healthy.install({ scheduleId, incarnation: 1, sections: sections.map(state) })
  return { space, healthy }
}

const named = ({ holdId, version, holder }: HoldRecord) => ({ operationId: `op-${++serial}`, holdId, version, holder })

const both = { A: [1, 2], B: [3] }

/** Each gives the command that is cut off, over two shards. */
const scenes: Readonly<Record<string, (held: HoldRecord) => SeatCommand>> = {
  take: () => take('ann', { A: [5], B: [5, 6] }),
  swap: ({ holdId, version }) => take('ann', { A: [2, 3], B: [3, 4] }, { replaces: { holdId, version }, quota: 4 }),
  release: (held) => ({ do: 'release', ...named(held) }),
  extend: (held) => ({ do: 'extend', ...named(held), ttlMs, notAfter: never }),
  pin: (held) => ({ do: 'pin', ...named(held), requestId: 'pay-1', leaseMs: 1_000 }),
}

/** A hold that is listed and can be paid has all its seats. */
async function assertWhole(healthy: SeatInventory): Promise<void> {
  const map = await healthy.read({ scheduleId, sections })
  if (map.is !== 'snapshot') throw new Error(map.is)
  for (const hold of await holdsOf(healthy, 'ann')) {
    for (const { section, seats } of hold.requestId === null ? hold.parts : []) {
      const { codes: packed } = map.sections.find((one) => one.section === section)!
      expect(seats.map((seat) => codeAt(packed, seat))).toEqual(seats.map(() => 1))
    }
  }
}

/** Whatever became of it: a hold that is listed is whole or cannot be paid, and in the end nothing is left. */
async function assertBounded(scene: Scene): Promise<void> {
  const { healthy, space, before } = scene
  if (before) {
    expect((await commit(healthy, take('bob', { A: [0], B: [0] }))).is).toBe('hold')
    space.advance(before.expiresAt - space.now())
    await assertWhole(healthy)
  }
  for (const hold of await holdsOf(healthy, 'ann')) {
    if (hold.requestId !== null) continue
    const requestId = `check-${hold.holdId}`
    const reply = await commit(healthy, { do: 'pin', ...named(hold), requestId, leaseMs: 1_000 })
    if (reply.is !== 'hold') continue
    for (const { section, seats } of hold.parts) {
      const owners = await healthy.owners({ scheduleId, section })
      if (owners === 'missing') throw new Error(owners)
      expect(owners.filter((owner) => owner.requestId === requestId).map(({ seat }) => seat)).toEqual(seats)
    }
  }
  space.advance(3 * ttlMs + 1)
  const { stalePins } = await healthy.reap({ scheduleId, limit: 100 })
  for (const requestId of stalePins) await commit(healthy, { do: 'unpin', operationId: `un-${requestId}`, requestId })
  expect((await healthy.reap({ scheduleId, limit: 100 })).stalePins).toEqual([])
  expect(await codes(healthy)).toBe(free)
  expect(await holdsOf(healthy, 'ann')).toEqual([])
  const all = [0, 1, 2, 3, 4, 5, 6, 7]
  expect((await commit(healthy, take('ann', { A: all, B: all }, { quota: 16 }))).is).toBe('hold')
}

await describeRedis(
  'a hold over two shards',
  (redis) => {
    for (const [name, command] of Object.entries(scenes)) {
      for (const sends of [false, true]) {
        const how = sends ? 'after any of its calls, the answer lost' : 'before any of its calls'
        const play = async (cut: number) => {
          const { space, healthy } = await open(redis)
          const before = holdOf(await commit(healthy, take('ann', both, { quota: 8 })))
          space.advance(1_000)
          const scripts = dying(createScriptRunner(space), cut, sends)
          const asked = command(before)
          const reply = await commit(createSectionedSeatInventory({ ...space, scripts }), asked).catch(() => null)
          return { scene: { space, healthy, command: asked, before }, died: scripts.died(), reply }
        }

        test(`H15: ${name}, killed ${how}: never half a hold, nothing for ever`, async () => {
          let cut = 0
          for (; ; cut++) {
            const { scene, died } = await play(cut)
            await assertBounded(scene)
            await scene.space.forget()
            if (!died) break
          }
          expect(cut).toBeGreaterThan(3)
        }, 60_000)

        test(`H12: ${name}, killed ${how}: asked again, it is done once`, async () => {
          const whole = await play(1_000)
          const expected = await codes(whole.scene.healthy)
          await whole.scene.space.forget()
          for (let cut = 0; ; cut++) {
            const { scene, died } = await play(cut)
            const reply = await commit(scene.healthy, scene.command)
            expect(reply.is).toBe(whole.reply?.is)
            expect(await codes(scene.healthy)).toBe(expected)
            if (reply.is === 'hold') expect(await holdsOf(scene.healthy, 'ann')).toContainEqual(reply.hold)
            await assertBounded({ ...scene, before: null })
            await scene.space.forget()
            if (!died) break
          }
        }, 60_000)
      }
    }

    test('H15: a process that was refused, and lets go late, takes nothing from who tried again', async () => {
      for (let at = 0; ; at++) {
        const { space, healthy } = await open(redis)
        const other = holdOf(await commit(healthy, take('bob', { B: [3] })))
        const { runner, stopped, go } = stalling(createScriptRunner(space), at)
        const asked = take('ann', both)
        const slow = commit(createSectionedSeatInventory({ ...space, scripts: runner }), asked)
        const isOver = await Promise.race([stopped.then(() => false), slow.then(() => true)])
        expect(await commit(healthy, { do: 'release', ...named(other) })).toEqual({ is: 'done' })
        const again = await commit(healthy, asked)
        go()
        const replies = [await slow, again]
        await assertWhole(healthy)
        const held = await holdsOf(healthy, 'ann')
        expect(held.length).toBe(replies.some(({ is }) => is === 'hold') ? 1 : 0)
        expect((await codes(healthy)).replaceAll(/[0 ]/g, '')).toHaveLength(held.length * 3)
        await space.forget()
        if (isOver) break
        expect(at).toBeLessThan(20)
      }
    }, 60_000)

    test('H14: a swap that was cut off gives way to the next, and takes nothing from it when it ends', async () => {
      for (let cut = 0; ; cut++) {
        const { space, healthy } = await open(redis)
        const { holdId, version, expiresAt } = holdOf(await commit(healthy, take('ann', both)))
        space.advance(1_000)
        const scripts = dying(createScriptRunner(space), cut, true)
        const replaces = { holdId, version }
        const first = take('ann', { A: [2, 3], B: [3, 4] }, { replaces })
        await commit(createSectionedSeatInventory({ ...space, scripts }), first).catch(() => null)
        space.advance(1_000)
        const second = await commit(healthy, take('ann', { A: [1, 2], B: [3, 5] }, { replaces }))
        for (const deadline of [expiresAt, expiresAt + 1_000]) {
          space.advance(deadline - space.now())
          await assertWhole(healthy)
          if (second.is === 'hold') expect(await holdsOf(healthy, 'ann')).toEqual([second.hold])
        }
        space.advance(ttlMs)
        expect(await codes(healthy)).toBe(free)
        await space.forget()
        if (!scripts.died()) break
      }
    }, 60_000)

    test('H10: a process that was overtaken, and goes on after the seats went to somebody else, changes nothing', async () => {
      for (let at = 0; ; at++) {
        const { space, healthy } = await open(redis)
        const { runner, stopped, go } = stalling(createScriptRunner(space), at)
        const asked = take('ann', both)
        const slow = commit(createSectionedSeatInventory({ ...space, scripts: runner }), asked)
        const isOver = await Promise.race([stopped.then(() => false), slow.then(() => true)])
        const hold = holdOf(await commit(healthy, asked))
        expect(await commit(healthy, { do: 'release', ...named(hold) })).toEqual({ is: 'done' })
        const next = holdOf(await commit(healthy, take('bob', both)))
        const before = await codes(healthy)
        go()
        await slow
        expect(await codes(healthy)).toBe(before)
        expect(await holdsOf(healthy, 'bob')).toEqual([next])
        expect(await holdsOf(healthy, 'ann')).toEqual([])
        await space.forget()
        if (isOver) break
        expect(at).toBeLessThan(20)
      }
    }, 60_000)

    test('H4: two holds of the same two shards at once, from opposite ends: never both, and who loses leaves nothing', async () => {
      const { space, healthy } = await open(redis)
      const others = [0, 1].map(() => createSectionedSeatInventory(space))
      for (let round = 0; round < 60; round++) {
        const replies = await Promise.all([
          commit(others[0]!, take('ann', { A: [1], B: [1] })),
          commit(others[1]!, take('bob', { B: [1], A: [1] })),
        ])
        const won = replies.filter(({ is }) => is === 'hold')
        expect(won.length).toBeLessThanOrEqual(1)
        expect((await codes(healthy)).replaceAll(/[0 ]/g, '')).toHaveLength(2 * won.length)
        expect((await holdsOf(healthy, 'ann')).length + (await holdsOf(healthy, 'bob')).length).toBe(won.length)
        if (won[0]) expect(await commit(healthy, { do: 'release', ...named(holdOf(won[0])) })).toEqual({ is: 'done' })
      }
      expect(await codes(healthy)).toBe(free)
      await space.forget()
    }, 60_000)

    test('H9: the quota of a visitor counts over all shards', async () => {
      const { space, healthy } = await open(redis)
      const others = Array.from({ length: 8 }, () => createSectionedSeatInventory(space))
      const replies = await Promise.all(
        others.map((store, i) => commit(store, take('ann', { [sections[i % 2]!]: [i] }, { quota: 3 }))),
      )
      expect(replies.filter(({ is }) => is === 'hold')).toHaveLength(3)
      expect((await codes(healthy)).replaceAll(/[0 ]/g, '')).toHaveLength(3)
      await space.forget()
    })

    test('H13: a shard that is lost makes the map missing, until it is loaded again: nothing that is held is free', async () => {
      for (const shard of ['part/A', 'map', ...Array.from({ length: 16 }, (_, home) => `home/${home}`)]) {
        const { space, healthy } = await open(redis)
        const hold = holdOf(await commit(healthy, take('ann', both)))
        for (const key of space.keys.seatShard(scheduleId, shard)) await space.call('unlink', key)
        for (const holder of ['ann', 'bob', 'cat', 'dan', 'eve', 'fay', 'gus', 'hal', 'ida', 'jon', 'kim', 'leo']) {
          const reply = await commit(healthy, take(holder, { A: [1] }))
          expect(['taken', 'missing', 'hold']).toContain(reply.is)
          if (reply.is === 'hold') throw new Error(`${shard}: a seat that is held was given away`)
        }
        await healthy.holds({ scheduleId, keys: [{ holdId: hold.holdId }] })
        const read = await healthy.read({ scheduleId, sections })
        expect(read.is).toBe('missing')
        const states = sections.map((section) => ({
          ...{ section, count: 8, created: [], blocked: [], claims: [], holds: [hold] },
        }))
        await healthy.install({ scheduleId, incarnation: 2, sections: states })
        expect(await codes(healthy), shard).toBe('01100000 10000000')
        expect(
          (await commit(healthy, { do: 'pin', ...named(hold), requestId: 'pay-1', leaseMs: 1_000 })).is,
          shard,
        ).toBe('hold')
        await space.forget()
      }
    }, 60_000)
  },
  ['single', 'cluster'],
)
