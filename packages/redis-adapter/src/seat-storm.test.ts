import type { HoldRecord, Id, SeatChange, SeatCommand, SeatInventory } from '@b-ticketing/core/ports'
import { expect, test } from 'vitest'
import { createDice } from './dice.test-support.ts'
import { describeRedis, type TestRedis, testSpace } from './redis.test-support.ts'
import { createScriptRunner } from './script.ts'
import { createRedisSeatInventory } from './seat-inventory.ts'
import { createSectionedSeatInventory } from './sectioned-inventory.ts'

const scheduleId = 'game-1'
const sections = ['A', 'B', 'C']
const seats = 200
const price = { value: 1, currency: 'KRW' }

/** A store that now and then loses the call on its way, or its answer. */
function lossy(port: SeatInventory, dice: (sides: number) => number): SeatInventory['commit'] {
  return async (p) => {
    const fate = dice(60)
    if (fate === 0) throw new Error('lost on its way')
    const answer = await port.commit(p)
    if (fate === 1) throw new Error('answer lost')
    return answer
  }
}

/** What was given to whom, told by the answers alone; and every change of a seat, told by the map's own history. */
interface Witness {
  readonly granted: Map<Id, HoldRecord>
  readonly changes: SeatChange[]
}

type Create = typeof createRedisSeatInventory | typeof createSectionedSeatInventory

async function storm(
  redis: TestRedis,
  p: {
    readonly operations: number
    readonly seed: number
    readonly create: Create
    readonly broken?: (port: SeatInventory) => SeatInventory
  },
): Promise<Witness> {
  const dice = createDice(p.seed)
  const space = testSpace(redis)
  const { broken = (port) => port } = p
  const stores = Array.from({ length: 4 }, () =>
    broken(p.create({ keys: space.keys, scripts: createScriptRunner(space) })),
  )
  const first = stores[0] as SeatInventory
  const state = (section: Id) => ({ section, count: seats, created: [], blocked: [], claims: [], holds: [] })
  await first.install({ scheduleId, incarnation: 1, sections: sections.map(state) })
  const witness: Witness = { granted: new Map(), changes: [] }
  let since = (await read(first)).version
  let left = p.operations
  let recordVersion = 0

  /** The same again until it is answered, as the books of seating do; a later try may reach another process. */
  const insist = async (command: SeatCommand) => {
    for (;;) {
      try {
        const store = stores[dice(4)] as SeatInventory
        const { replies } = await lossy(store, dice)({ scheduleId, commands: [command] })
        return replies[0]!
      } catch {
        // Again.
      }
    }
  }

  let reading = Promise.resolve()
  const follow = async (): Promise<void> => {
    const map = await first.read({ scheduleId, sections, since })
    if (map.is !== 'delta') throw new Error(`the history has a hole: ${map.is}`)
    witness.changes.push(...map.changes)
    since = map.version
  }

  const work = async (worker: number): Promise<void> => {
    const mine: HoldRecord[] = []
    while (left-- > 0) {
      const operationId = `op-${left}-${worker}`
      const roll = dice(100)
      if (dice(20) === 0) space.advance(dice(60))
      if (left % 100 === 0) reading = reading.then(follow)
      if (left % 250 === 0) await stores[dice(4)]!.reap({ scheduleId, limit: 8 })
      const hold = mine.shift()
      if (roll < 60 || hold === undefined) {
        const parts = sections
          .filter(() => dice(2) === 0)
          .map((section) => {
            const from = dice(seats - 3)
            return { section, seats: Array.from({ length: 1 + dice(3) }, (_, i) => from + i) }
          })
        const terms = { ttlMs: 50 + dice(400), notAfter: 9e12, quota: 12, price, epoch: 'e' }
        const who = { holdId: `h-${operationId}`, holder: `v-${worker}-${dice(50)}` }
        const reply = await insist({
          do: 'take',
          operationId,
          ...who,
          ...terms,
          parts: parts.length ? parts : [{ section: 'A', seats: [dice(seats)] }],
        })
        if (reply.is === 'hold') {
          witness.granted.set(reply.hold.holdId, reply.hold)
          mine.push(reply.hold)
        }
        continue
      }
      const { holdId, version, holder } = hold
      const named = { operationId, holdId, version, holder }
      if (roll < 75) await insist({ do: 'release', ...named })
      else if (roll < 82) {
        const reply = await insist({ do: 'extend', ...named, ttlMs: 300, notAfter: 9e12 })
        if (reply.is === 'hold') mine.push(reply.hold)
      } else {
        const requestId = `pay-${operationId}`
        const pinned = await insist({ do: 'pin', ...named, requestId, leaseMs: 500 })
        if (pinned.is !== 'hold') continue
        const project = async (state: 'PAYING' | 'COMPLETED' | 'AVAILABLE') => {
          const at = ++recordVersion
          for (const part of hold.parts) {
            const command = { do: 'project', part, state, owner: requestId, holder, recordVersion: at } as const
            await insist({ ...command, operationId: `${state}-${part.section}-${operationId}` })
          }
        }
        if (roll < 88) await insist({ do: 'unpin', operationId: `unpin-${operationId}`, requestId })
        else {
          await project('PAYING')
          await project('COMPLETED')
          await project('AVAILABLE')
        }
      }
    }
  }

  await Promise.all(Array.from({ length: 64 }, (_, i) => work(i)))
  await reading
  await follow()
  const map = await read(first)
  expect(map.sections.map(({ count }) => count)).toEqual([seats, seats, seats])
  await space.forget()
  return witness
}

async function read(store: SeatInventory) {
  const map = await store.read({ scheduleId, sections })
  if (map.is !== 'snapshot') throw new Error(map.is)
  return map
}

/** The change by which a hold got its `nth` seat, if any. */
type TakenBy = (p: {
  readonly version: number
  readonly nth: number
  readonly at: readonly number[]
}) => number | undefined

/** With one shard the changes of a hold follow its version; else they are the last before it. */
const takenBy: ReadonlyMap<Create, TakenBy> = new Map<Create, TakenBy>([
  [createRedisSeatInventory, ({ version, nth, at }) => at.find((taken) => taken === version + nth)],
  [createSectionedSeatInventory, ({ version, at }) => at.findLast((taken) => taken <= version)],
])

/** Every version tells one thing, a seat is only ever taken while it is free, and each hold got each of its seats. */
function errorsOf({ granted, changes }: Witness, create: Create): string[] {
  const errors: string[] = []
  const codes = new Map<string, number>()
  const takenAt = new Map<string, number[]>()
  let before = 0
  for (const { section, seat, code, version } of changes) {
    if (version <= before) errors.push(`version ${version} after ${before}`)
    before = version
    const key = `${section}/${seat}`
    const was = codes.get(key) ?? 0
    if (code === 1 && was !== 0) errors.push(`${key} taken at ${version} while it was ${was}`)
    if (code === 1) takenAt.set(key, [...(takenAt.get(key) ?? []), version])
    codes.set(key, code)
  }
  const owners = new Map<string, Id>()
  for (const { holdId, version, parts } of granted.values()) {
    let nth = 0
    for (const { section, seats: list } of parts) {
      for (const seat of list) {
        const key = `${section}/${seat}`
        const at = takenBy.get(create)?.({ version, nth: ++nth, at: takenAt.get(key) ?? [] })
        // A repeat after an extension names a later version.
        if (at === undefined) errors.push(`${holdId} never got ${key} at ${version}`)
        const other = owners.get(`${key}@${at}`)
        if (other !== undefined) errors.push(`${key} was given at ${at} to ${other} and to ${holdId}`)
        owners.set(`${key}@${at}`, holdId)
      }
    }
  }
  return errors
}

await describeRedis('a storm over the seats by section', (redis) => {
  const operations = redis.kind === 'single' ? 5_000 : 2_000
  test(`H3 H15 I1 I14: ${operations} random operations, 64 workers on four servers, expiry and lost answers: no seat in two live holds`, async () => {
    const create = createSectionedSeatInventory
    const witness = await storm(redis, { operations, seed: 20_261_122, create })
    expect(errorsOf(witness, create)).toEqual([])
    expect(witness.granted.size).toBeGreaterThan(operations / 20)
    expect(witness.changes.length).toBeGreaterThan(operations / 10)
  }, 120_000)
})

await describeRedis('a storm over the seats', (redis) => {
  const operations = redis.kind === 'single' ? 30_000 : 6_000
  const create = createRedisSeatInventory
  test(`H3 I1 I14: ${operations} random operations, 64 workers on four servers, expiry and lost answers: no seat in two live holds`, async () => {
    const witness = await storm(redis, { operations, seed: 20_261_122, create })
    expect(errorsOf(witness, create)).toEqual([])
    expect(witness.granted.size).toBeGreaterThan(operations / 20)
    expect(witness.changes.length).toBeGreaterThan(operations / 10)
  }, 120_000)

  test('the witness notices a store that gives a seat twice', async () => {
    const generous = (port: SeatInventory): SeatInventory => ({
      ...port,
      commit: async (p) => {
        const answer = await port.commit(p)
        const replies = answer.replies.map((reply, i) => {
          const command = p.commands[i]!
          if (reply.is !== 'taken' || command.do !== 'take') return reply
          const { holdId, holder, parts, epoch } = command
          const times = { createdAt: 1, expiresAt: 2 }
          const hold = {
            holdId,
            version: answer.version,
            scheduleId,
            holder,
            parts,
            price,
            epoch,
            ...times,
            requestId: null,
          }
          return { is: 'hold' as const, repeated: false, hold }
        })
        return { ...answer, replies }
      },
    })
    expect(
      errorsOf(await storm(redis, { operations: 1_000, seed: 1, create, broken: generous }), create).length,
    ).toBeGreaterThan(0)
  })
})
