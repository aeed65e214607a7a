import { createBookingEngine, generateBallpark } from '@b-ticketing/core'
import { inMemoryAdapters } from '@b-ticketing/core/memory'
import type { Id, SeatCommand, SeatInventory } from '@b-ticketing/core/ports'
import { expect, test } from 'vitest'
import { redisAdapters } from './index.ts'
import { describeRedis, type TestRedis, type TestSpace, testSpace } from './redis.test-support.ts'
import { createRedisSeatInventory } from './seat-inventory.ts'
import { createSectionedSeatInventory } from './sectioned-inventory.ts'
import type { ShardBy } from './shard-by.ts'

const scheduleId = 'game-1'
const sections = ['A', 'B']
const day = 24 * 60 * 60_000
const state = (section: Id) => ({ section, count: 8, created: [], blocked: [], claims: [], holds: [] })
const install = (incarnation = 1) => ({ scheduleId, incarnation, sections: sections.map(state) })
let serial = 0
const take = (holder: Id): SeatCommand => ({
  ...{ do: 'take', operationId: `op-${++serial}`, holdId: `hold-${serial}`, holder, epoch: 'e', ttlMs: 300_000 },
  ...{ notAfter: 9_000_000_000_000, quota: 8, price: { value: 1, currency: 'KRW' } },
  parts: sections.map((section) => ({ section, seats: [1] })),
})
const taking = async (inventory: SeatInventory, holder: Id) =>
  (await inventory.commit({ scheduleId, commands: [take(holder)] })).replies[0]!.is

const create = { schedule: createRedisSeatInventory, section: createSectionedSeatInventory }
const orders: readonly (readonly [ShardBy, ShardBy])[] = [
  ['schedule', 'section'],
  ['section', 'schedule'],
]
/** What the way that came second is told. */
const refusal = (first: ShardBy) => ({
  ...{ name: 'TicketingError', code: 'CONFIG_INVALID', details: { scheduleId, shardBy: first } },
  message: expect.stringContaining(`every process needs shardBy: '${first}'`),
})

/** What the message says: seats:{<scheduleId>}* and seats:{<scheduleId>/*}*. */
async function deleteSeats({ keys, call }: TestSpace): Promise<void> {
  const homes = Array.from({ length: 16 }, (_, home) => `home/${home}`)
  const shards = ['map', ...homes, ...sections.map((section) => `part/${section}`)]
  const all = [keys.seats(scheduleId), ...shards.map((shard) => keys.seatShard(scheduleId, shard))]
  for (const key of all.flat()) await call('unlink', key)
}

await describeRedis('seats sharded one way', (redis) => {
  for (const [first, second] of orders) {
    test(`by ${first}: who shards by ${second} is refused, until the keys are deleted`, async () => {
      const space = testSpace(redis)
      const [one, other] = [create[first](space), create[second](space)]
      await one.install(install())
      expect(await taking(one, 'ann')).toBe('hold')

      await expect(other.read({ scheduleId, sections })).rejects.toMatchObject(refusal(first))
      await expect(other.install(install(2))).rejects.toMatchObject(refusal(first))
      expect(await taking(other, 'bob')).toBe('missing')
      expect(await other.holds({ scheduleId, keys: [{ holder: 'ann' }] })).toBe('missing')
      expect(await other.reap({ scheduleId, limit: 10 })).toMatchObject({ changes: [], stalePins: [] })

      expect(await taking(one, 'cat')).toBe('taken')
      expect(await one.read({ scheduleId, sections })).toMatchObject({ is: 'snapshot' })
      expect(await one.install(install(3))).toEqual(['present', 'present'])

      await deleteSeats(space)
      expect(await other.install(install(4))).toEqual(['installed', 'installed'])
      expect(await taking(other, 'dan')).toBe('hold')
      await expect(one.read({ scheduleId, sections })).rejects.toMatchObject(refusal(second))
      await space.forget()
    })

    test(`by ${first}, of another record: it does not count`, async () => {
      const space = testSpace(redis)
      const ours = create[first]({ ...space, recordId: 'record-1' })
      const theirs = create[second]({ ...space, recordId: 'record-2' })
      await ours.install(install())
      expect(await theirs.read({ scheduleId, sections })).toMatchObject({ is: 'missing' })
      expect(await theirs.install(install())).toEqual(['installed', 'installed'])
      expect(await taking(theirs, 'ann')).toBe('hold')
      await space.forget()
    })
  }

  test('of many who install both ways at once, one way alone goes on', async () => {
    for (let round = 0; round < 10; round++) {
      const space = testSpace(redis)
      const stores = (['schedule', 'section', 'section', 'schedule'] as const).map((by) => create[by](space))
      const installed = await Promise.allSettled(stores.map((store) => store.install(install())))
      const refused = installed.flatMap(({ status }, i) => (status === 'rejected' ? [i] : []))
      expect([[0, 3].join(), [1, 2].join()]).toContain(refused.join())
      const takes = await Promise.all(stores.map((store, i) => taking(store, `v-${i}`)))
      expect(takes.filter((is) => is === 'hold')).toHaveLength(1)
      await space.forget()
    }
  })

  test('the mark of seats by section lost: their map still keeps others away, and reaping sets it again', async () => {
    const space = testSpace(redis)
    const [bySection, bySchedule] = [create.section(space), create.schedule(space)]
    const [key] = space.keys.seats(scheduleId) as [string]
    await bySection.install(install())
    await space.call('unlink', key)
    await expect(bySchedule.read({ scheduleId, sections })).rejects.toMatchObject(refusal('section'))
    await expect(bySchedule.install(install(2))).rejects.toMatchObject(refusal('section'))
    await bySection.reap({ scheduleId, limit: 10 })
    expect(await space.call('hkeys', key)).toEqual(['by-section'])
    expect(await space.call('pttl', key)).toBeGreaterThan(29 * day)
    await space.forget()
  })

  test('the map of seats by section lost, and not their mark: others are kept away', async () => {
    const space = testSpace(redis)
    const [bySection, bySchedule] = [create.section(space), create.schedule(space)]
    await bySection.install(install())
    for (const key of space.keys.seatShard(scheduleId, 'map')) await space.call('unlink', key)
    await expect(bySchedule.install(install(2))).rejects.toMatchObject(refusal('section'))
    await bySection.install(install(3))
    expect(await taking(bySection, 'ann')).toBe('hold')
    await space.forget()
  })

  test('reaping keeps the mark alive, and finds a sale that is loaded both ways', async () => {
    const space = testSpace(redis)
    const bySection = create.section(space)
    const [key] = space.keys.seats(scheduleId) as [string]
    await bySection.install(install())
    await space.call('pexpire', key, day)
    await bySection.reap({ scheduleId, limit: 10 })
    expect(await space.call('pttl', key)).toBeGreaterThan(29 * day)

    await space.call('unlink', key)
    const { seats } = space.keys
    // A process that does not look, as before this was refused.
    const blind = { seats, seatShard: () => seats('elsewhere') }
    expect(await createRedisSeatInventory({ ...space, keys: blind }).install(install(2))).toContain('installed')
    await expect(bySection.reap({ scheduleId, limit: 10 })).rejects.toMatchObject(refusal('schedule'))
    await space.forget()
  })

  test.each(orders)('two engines on one record, by %s and by %s: the second sells nothing', async (...order) => {
    await withEngines(redis, order, async ([one, other], [seatA, seatB]) => {
      const first = await one.engine.seating.select({ pass: one.pass, seatIds: [seatA], operationId: 'o-1' })
      expect(first.ok).toBe(true)
      for (const seatIds of [[seatA], [seatB]]) {
        const second = other.engine.seating.select({ pass: other.pass, seatIds })
        await expect(second).rejects.toMatchObject({ code: 'CONFIG_INVALID', details: { shardBy: order[0] } })
      }
      await other.engine.tick().catch(() => {})
      const again = await one.engine.seating.select({ pass: one.pass, seatIds: [seatB], operationId: 'o-2' })
      expect(again.ok).toBe(true)
      expect((await one.engine.seating.stats({ scheduleId })).reserved).toBe(2)
    })
  })
})

type Engine = Awaited<ReturnType<typeof createBookingEngine>>
type Pass = Parameters<Engine['seating']['holds']>[0]['pass']
interface Guest {
  readonly engine: Engine
  readonly pass: Pass
}

async function withEngines(
  redis: TestRedis,
  order: readonly [ShardBy, ShardBy],
  play: (guests: readonly [Guest, Guest], seats: readonly [Id, Id]) => Promise<void>,
): Promise<void> {
  const space = testSpace(redis)
  const record = inMemoryAdapters()
  const tokenSecrets = [{ kid: 'test', secret: 'a secret of at least thirty-two characters' }]
  const open = (shardBy: ShardBy): Promise<Engine> => {
    const { doctor: _, ...ours } = redisAdapters(
      { url: redis.url },
      { prefix: space.prefix, timeoutMs: 5_000, shardBy },
    )
    return createBookingEngine({ ...record, ...ours, tokenSecrets })
  }
  const engines = [await open(order[0]), await open(order[1])] as const
  const venue = generateBallpark({ seats: 40, sections: 2 })
  await engines[0].schedules.putVenue({ venue })
  const settings = { ratePerMinute: null, capacity: 100 }
  await engines[0].schedules.create({ scheduleId, venueId: venue.venueId, state: 'open', settings })
  const enter = async (visitor: string): Promise<Pass> => {
    const { ticket } = await engines[0].waitingRoom.join({ scheduleId, visitor })
    for (let i = 0; i < 100; i++) {
      const status = await engines[0].waitingRoom.status({ ticket })
      if (status.state === 'admitted') return status.pass
      await engines[0].tick()
    }
    throw new Error('not admitted')
  }
  const guests = [
    { engine: engines[0], pass: await enter('ann') },
    { engine: engines[1], pass: await enter('bob') },
  ] as const
  await play(guests, venue.sections[0]!.rows[0]!.seats.map(({ seatId }) => seatId) as [Id, Id])
  for (const engine of engines) await engine.close()
  await space.forget()
}
