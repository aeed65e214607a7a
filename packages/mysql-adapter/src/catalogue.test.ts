import { defaultSettings } from '@b-ticketing/core'
import { catalogueContract } from '@b-ticketing/core/conformance'
import type { Catalogue, Schedule } from '@b-ticketing/core/ports'
import { expect, test } from 'vitest'
import { catalogueSubject } from './catalogue.test-support.ts'
import { createMysqlCatalogue } from './catalogue.ts'
import { describeSql } from './mysql.test-support.ts'

const schedule: Schedule = {
  ...{ scheduleId: 'game-1', venueId: 'v-1', name: '개막전', currency: 'KRW', startsAt: null, opensAt: null },
  ...{ prices: { red: 10_000 }, state: 'open', settings: defaultSettings },
}

const put = (catalogue: Catalogue) => catalogue.putSchedule({ schedule, epoch: 'epoch-1', draw: null, by: 'test' })

const record = async (catalogue: Catalogue) => (await catalogue.schedules({ ids: ['game-1'] })).items[0]!

/** As the line does it: from the newest record there is, until it wins. */
async function raise(catalogue: Catalogue, by: number): Promise<number> {
  for (;;) {
    const { version, ceiling } = await record(catalogue)
    const set = { ceiling: ceiling + by }
    const raised = await catalogue.change({ scheduleId: 'game-1', from: version, set, by: 'loop' })
    if (raised !== 'stale') return raised.ceiling
  }
}

await describeSql('catalogue', (server) => {
  const subject = async () => catalogueSubject(await server.openDatabase())

  for (const { name, run } of catalogueContract(subject)) test(name, run)

  test('W18: processes that raise the ceiling at once never get the same block', async () => {
    await using database = await server.openDatabase()
    const catalogues = [database, database.beside(), database.beside()].map(createMysqlCatalogue)
    await put(catalogues[0]!)
    const ceilings = await Promise.all(Array.from({ length: 24 }, (_, i) => raise(catalogues[i % 3]!, 100)))
    expect(ceilings.sort((a, b) => a - b)).toEqual(Array.from({ length: 24 }, (_, i) => (i + 1) * 100))
  })

  test('a change whose reply was lost answers what it made, and is audited once', async () => {
    await using database = await server.openDatabase()
    await put(createMysqlCatalogue(database))
    const losing = database.losing()
    const catalogue = createMysqlCatalogue(losing)
    const changes = [
      { state: 'paused' },
      { epoch: 'epoch-2', draw: null, ceiling: 0 },
      { settings: { beacon: 'x' } },
    ] as const
    for (const [i, set] of changes.entries()) {
      losing.lose()
      const changed = await catalogue.change({ scheduleId: 'game-1', from: i + 1, set, by: 'ann' })
      expect(changed).toEqual(await record(catalogue))
      expect(changed).toMatchObject(set)
    }
    const actions = (await database.audit()).map(({ action }) => action)
    expect(actions).toEqual(['schedule-created', 'state', 'epoch', 'settings'])
  })

  test('a change whose reply was lost and that another has overtaken is BUSY', async () => {
    await using database = await server.openDatabase()
    const other = createMysqlCatalogue(database)
    await put(other)
    const losing = database.losing()
    const client = {
      ...losing.client,
      // Whoever reads again comes after the other.
      read: async <T>(run: Parameters<typeof losing.client.read<T>>[0]) => {
        await other.change({ scheduleId: 'game-1', from: 2, set: { state: 'ended' }, by: 'bob' })
        return losing.client.read(run)
      },
    }
    losing.lose()
    const change = createMysqlCatalogue({ ...losing, client }).change({
      scheduleId: 'game-1',
      from: 1,
      set: { ceiling: 9 },
      by: 'ann',
    })
    await expect(change).rejects.toMatchObject({ code: 'BUSY' })
    expect(await record(other)).toMatchObject({ state: 'ended', ceiling: 9, version: 3 })
  })

  test('a venue whose reply was lost is the same when it is put again', async () => {
    await using database = await server.openDatabase()
    const losing = database.losing()
    const venue = { ...{ venueId: 'v-1', name: '구장', currency: 'KRW', grades: [], sections: [] } }
    losing.lose()
    expect(await createMysqlCatalogue(losing).putVenue({ venue, by: 'ann' })).toBe('same')
    expect(await database.audit()).toHaveLength(1)
  })
})
