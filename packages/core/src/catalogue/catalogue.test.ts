import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { manualRuntime } from '../shared/contract.ts'
import { sha256Hex } from '../shared/crypto.ts'
import { busy, isTicketingError } from '../shared/errors.ts'
import { createMemoryRecord } from '../shared/record.memory.ts'
import { generateBallpark } from './ballpark.ts'
import { createMemoryCatalogue } from './catalogue.memory.ts'
import type { Catalogue } from './catalogue.port.ts'
import { createSchedules } from './catalogue.ts'
import { canJump, saleStates } from './sale-state.ts'
import { defaultSettings } from './schedule.ts'

const venue = generateBallpark({ seats: 40, sections: 4 })

/** Processes that share one record; each counts what it asks of it. */
function world() {
  const runtime = manualRuntime()
  const record = createMemoryRecord()
  const store = createMemoryCatalogue({ record, runtime })
  const process = (wrap: (catalogue: Catalogue) => Catalogue = (catalogue) => catalogue) => {
    const asked: string[] = []
    const counted = new Proxy(wrap(store), {
      get: (target, name: keyof Catalogue) => {
        asked.push(name)
        return target[name]
      },
    })
    const { schedules, records } = createSchedules({ catalogue: counted, runtime })
    return { schedules: { ...schedules, ...records }, asked }
  }
  return { runtime, record, store, process }
}

async function oneSale(more: object = {}) {
  const at = world()
  const { schedules, asked } = at.process()
  const created = await schedules.create({ scheduleId: 'game-1', venue, ...more })
  return { ...at, schedules, asked, created }
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no error',
    (error: unknown) => (isTicketingError(error) ? error.code : error),
  )

describe('create', () => {
  test('fills in what is not said', async () => {
    const { created } = await oneSale()
    expect(created).toMatchObject({
      scheduleId: 'game-1',
      venueId: 'ballpark-40',
      name: 'game-1',
      currency: 'KRW',
      startsAt: null,
      opensAt: null,
      state: 'scheduled',
      settings: defaultSettings,
      version: 1,
      ceiling: 0,
      incarnation: 1,
    })
    expect(created.prices).toMatchObject({ premium: 60_000, outfield: 9_000 })
    expect(created.epoch).toMatch(/^[A-Za-z0-9_-]{22}$/)
  })

  test('takes what is said, and the prices of the schedule before those of the grades', async () => {
    const { created } = await oneSale({
      name: '개막전',
      state: 'open',
      startsAt: 5,
      opensAt: 3,
      prices: { premium: 1 },
      settings: { groupSize: 7, capacity: null },
    })
    expect(created).toMatchObject({ name: '개막전', state: 'open', startsAt: 5, opensAt: 3 })
    expect(created.settings).toEqual({ ...defaultSettings, groupSize: 7, capacity: null })
    expect([created.prices.premium, created.prices.infield]).toEqual([1, 25_000])
  })

  test('commits to the secret of its draw', async () => {
    const { created } = await oneSale()
    expect(created.draw!.commitment).toBe(sha256Hex(created.draw!.secret))
    expect(created.draw!.secret).toHaveLength(43)
  })

  test('a second one of the same id is refused, an equal venue is not', async () => {
    const { schedules } = await oneSale()
    expect(await codeOf(schedules.create({ scheduleId: 'game-1', venue }))).toBe('EXISTS')
    expect((await schedules.create({ scheduleId: 'game-2', venueId: venue.venueId })).venueId).toBe(venue.venueId)
    expect((await schedules.create({ scheduleId: 'game-3', venue })).version).toBe(1)
    const other = generateBallpark({ seats: 41, venueId: venue.venueId })
    expect(await codeOf(schedules.create({ scheduleId: 'game-4', venue: other }))).toBe('EXISTS')
    expect(await codeOf(schedules.get({ scheduleId: 'game-4' }))).toBe('NOT_FOUND')
  })

  test('of many at once one succeeds', async () => {
    const { process } = world()
    const codes = await Promise.all(
      Array.from({ length: 20 }, () => codeOf(process().schedules.create({ scheduleId: 'game-1', venue }))),
    )
    expect(codes.filter((code) => code === 'no error')).toHaveLength(1)
    expect(codes.filter((code) => code === 'EXISTS')).toHaveLength(19)
  })

  test('who is refused because another process was faster knows of the schedule at once', async () => {
    const { process } = world()
    const [one, other] = [process(), process()]
    expect(await codeOf(other.schedules.get({ scheduleId: 'game-1' }))).toBe('NOT_FOUND')
    await one.schedules.create({ scheduleId: 'game-1', venue })
    expect(await codeOf(other.schedules.create({ scheduleId: 'game-1', venue }))).toBe('EXISTS')
    expect((await other.schedules.get({ scheduleId: 'game-1' })).scheduleId).toBe('game-1')
  })

  test('refuses what is wrong and puts nothing, not even the venue', async () => {
    const { process, store } = world()
    const { schedules } = process()
    const wrong: object[] = [
      { scheduleId: 'a b' },
      { scheduleId: undefined },
      { venue: undefined },
      { venue: { ...venue, sections: [] } },
      { venueId: 'another' },
      { name: '' },
      { name: 7 },
      { state: 'OPEN' },
      { startsAt: 'tomorrow' },
      { opensAt: -1 },
      { opensAt: 1e300 },
      { prices: { gold: 1 } },
      { prices: { premium: 1.5 } },
      { settings: { groupSize: 0 } },
      { settings: { speed: 9 } },
      { by: 'some body' },
      { price: {} },
    ]
    for (const change of wrong)
      expect(await codeOf(schedules.create({ scheduleId: 'game-1', venue, ...change })), JSON.stringify(change)).toBe(
        'INVALID',
      )
    expect(await codeOf(schedules.create({ scheduleId: 'game-1', venueId: 'unknown' }))).toBe('NOT_FOUND')
    expect(await store.audit({})).toEqual({ items: [], next: null })
    expect(await store.venue({ venueId: venue.venueId })).toBeNull()
  })
})

describe('venues', () => {
  test('are put once and read for ever from a copy', async () => {
    const { process } = world()
    const { schedules, asked } = process()
    expect(await schedules.putVenue({ venue })).toEqual(venue)
    expect(await schedules.venue({ venueId: venue.venueId })).toEqual(venue)
    expect(await schedules.venue({ venueId: venue.venueId })).toEqual(venue)
    expect(asked.filter((name) => name === 'venue')).toHaveLength(1)
    expect(await codeOf(schedules.venue({ venueId: 'unknown' }))).toBe('NOT_FOUND')
  })

  test('keep no field that a venue does not have', async () => {
    const { schedules } = world().process()
    await schedules.putVenue({ venue: { ...venue, note: 'x' } as typeof venue })
    expect(await schedules.venue({ venueId: venue.venueId })).not.toHaveProperty('note')
  })

  test('what is wrong is said', async () => {
    const { schedules } = world().process()
    const refused = schedules.putVenue({ venue: { ...venue, name: '' } })
    await expect(refused).rejects.toMatchObject({
      code: 'INVALID',
      details: { problems: ['name: must be a text of 1 to 200 characters'] },
    })
  })

  test('a schedule leads to its seat map', async () => {
    const { schedules } = await oneSale()
    expect((await schedules.seatMap({ scheduleId: 'game-1' })).capacity).toBe(40)
    expect(await codeOf(schedules.seatMap({ scheduleId: 'game-2' }))).toBe('NOT_FOUND')
  })
})

describe('get', () => {
  test('reads of one turn travel as one, repeats within 500 ms not at all', async () => {
    const { process, runtime, schedules: first } = await oneSale()
    await first.create({ scheduleId: 'game-2', venue })
    const { schedules, asked } = process()
    const ids = Array.from({ length: 90 }, (_, i) => `game-${(i % 2) + 1}`)
    const records = await Promise.all(ids.map((scheduleId) => schedules.get({ scheduleId })))
    expect(records.map((record) => record.scheduleId)).toEqual(ids)
    await schedules.get({ scheduleId: 'game-1' })
    expect(asked).toEqual(['schedules'])
    runtime.advance(499)
    await schedules.get({ scheduleId: 'game-1' })
    expect(asked).toHaveLength(1)
    runtime.advance(1)
    await schedules.get({ scheduleId: 'game-1' })
    expect(asked).toHaveLength(2)
  })

  test('a change made elsewhere is seen within 1 s, one made here at once', async () => {
    const { process, runtime, schedules: a } = await oneSale()
    const { schedules: b } = process()
    expect((await b.get({ scheduleId: 'game-1' })).state).toBe('scheduled')
    await a.setState({ scheduleId: 'game-1', state: 'prequeue' })
    expect((await a.get({ scheduleId: 'game-1' })).state).toBe('prequeue')
    runtime.advance(1_000)
    expect((await b.get({ scheduleId: 'game-1' })).state).toBe('prequeue')
  })

  test('unknown ids are NOT_FOUND and cost one read in 500 ms, until they exist', async () => {
    const { process, runtime } = world()
    const { schedules, asked } = process()
    for (let i = 0; i < 5; i++) expect(await codeOf(schedules.get({ scheduleId: 'game-1' }))).toBe('NOT_FOUND')
    expect(asked).toHaveLength(1)
    expect(schedules.peek({ scheduleId: 'game-1' })).toBeNull()
    await process().schedules.create({ scheduleId: 'game-1', venue })
    runtime.advance(500)
    expect((await schedules.get({ scheduleId: 'game-1' })).version).toBe(1)
    expect(schedules.peek({ scheduleId: 'game-1' })!.version).toBe(1)
  })

  test('a read that began before a change does not bring the old record back', async () => {
    const { process } = await oneSale()
    let release = () => {}
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    let slow = true
    const { schedules } = process((store) => ({
      ...store,
      schedules: async (p) => {
        const page = await store.schedules(p)
        if (slow) {
          slow = false
          await gate
        }
        return page
      },
    }))
    const reading = schedules.get({ scheduleId: 'game-1' })
    await Promise.resolve()
    await schedules.setState({ scheduleId: 'game-1', state: 'prequeue' })
    release()
    expect((await reading).state).toBe('prequeue')
    expect(schedules.peek({ scheduleId: 'game-1' })!.state).toBe('prequeue')
  })

  test('a store that cannot answer is BUSY, and nothing is made up', async () => {
    const { process, runtime } = await oneSale()
    let down = false
    const { schedules } = process((store) => ({
      ...store,
      schedules: (p) => (down ? Promise.reject(busy('down')) : store.schedules(p)),
    }))
    await schedules.get({ scheduleId: 'game-1' })
    down = true
    runtime.advance(500)
    expect(await codeOf(schedules.get({ scheduleId: 'game-1' }))).toBe('BUSY')
    expect(await codeOf(schedules.live())).toBe('BUSY')
    down = false
    expect((await schedules.get({ scheduleId: 'game-1' })).version).toBe(1)
  })
})

describe('states', () => {
  for (const from of saleStates)
    for (const to of saleStates)
      test(`${from} → ${to}`, async () => {
        const { schedules, created } = await oneSale({ state: from })
        const outcome = codeOf(schedules.setState({ scheduleId: 'game-1', state: to }))
        expect(await outcome).toBe(canJump(from, to) ? 'no error' : 'STATE_JUMP')
        const { items } = await schedules.list()
        expect(items).toEqual([canJump(from, to) ? { ...created, state: to, version: 2 } : created])
      })

  test('the loop opens a sale through its pre-queue, once, whoever else tries', async () => {
    const { process, schedules, store } = await oneSale()
    const opened = await Promise.all(
      [schedules, process().schedules, process().schedules].map((s) => s.open({ scheduleId: 'game-1' })),
    )
    expect(opened.map((record) => record.state)).toEqual(['open', 'open', 'open'])
    const rows = (await store.audit({})).items.filter((row) => row.action === 'state')
    expect(rows.map((row) => [row.by, row.detail])).toEqual([
      ['loop', { from: 'scheduled', state: 'prequeue' }],
      ['loop', { from: 'prequeue', state: 'open' }],
    ])
  })

  test('what is open or past it is left as it is', async () => {
    for (const state of ['open', 'paused', 'draining', 'ended'] as const) {
      const { schedules, created } = await oneSale({ state })
      expect(await schedules.open({ scheduleId: 'game-1' })).toEqual(created)
    }
  })

  test('an operator decides on the newest state, not on a copy', async () => {
    const { process, schedules: a } = await oneSale()
    const { schedules: b } = process()
    await b.get({ scheduleId: 'game-1' })
    await a.setState({ scheduleId: 'game-1', state: 'prequeue' })
    expect((await b.setState({ scheduleId: 'game-1', state: 'open' })).state).toBe('open')
  })
})

describe('changes', () => {
  test('settings are merged, audited with their new values, and left alone when nothing differs', async () => {
    const { schedules, store } = await oneSale()
    const changed = await schedules.setSettings({
      scheduleId: 'game-1',
      settings: { capacity: 10, groupSize: 120 },
      by: 'ann',
    })
    expect([changed.settings.capacity, changed.version]).toEqual([10, 2])
    expect((await store.audit({})).items.at(-1)).toMatchObject({
      by: 'ann',
      action: 'settings',
      subject: 'game-1',
      detail: { settings: { capacity: 10 } },
    })
    expect((await schedules.setSettings({ scheduleId: 'game-1', settings: { capacity: 10 } })).version).toBe(2)
    expect(await codeOf(schedules.setSettings({ scheduleId: 'game-1', settings: { capacity: -1 } }))).toBe('INVALID')
    expect((await schedules.get({ scheduleId: 'game-1' })).version).toBe(2)
  })

  test('I15: a reset is done once per operation id, however often it is asked for', async () => {
    const { schedules } = await oneSale({ state: 'open' })
    const reset = (operationId?: string) =>
      schedules.reset({ scheduleId: 'game-1', ...(operationId !== undefined && { operationId }) })
    const first = await reset('op-1')
    expect(await Promise.all([reset('op-1'), reset('op-1')])).toEqual([first, first])
    expect((await reset('op-2')).epoch).not.toBe(first.epoch)
    expect((await reset()).epoch).not.toBe((await reset()).epoch)
    expect(await codeOf(reset('no id'))).toBe('INVALID')
  })

  test('W17: reset starts another epoch with another secret; state, settings and incarnation stay', async () => {
    const { schedules, created, store } = await oneSale({ state: 'open' })
    await store.change({ scheduleId: 'game-1', from: 1, set: { ceiling: 500 }, by: 'loop' })
    const reset = await schedules.reset({ scheduleId: 'game-1', by: 'ann' })
    expect(reset).toEqual({ ...created, version: 3, epoch: reset.epoch, draw: reset.draw })
    expect(reset.epoch).not.toBe(created.epoch)
    expect(reset.draw!.secret).not.toBe(created.draw!.secret)
    expect(reset.draw!.commitment).toBe(sha256Hex(reset.draw!.secret))
    const rows = (await store.audit({})).items
    expect(rows.at(-1)).toMatchObject({ by: 'ann', action: 'reset', detail: { epoch: reset.epoch } })
    expect(JSON.stringify(rows)).not.toContain(reset.draw!.secret)
  })

  test('many at once from many processes: every one is applied, none is lost', async () => {
    const { process, store } = await oneSale({ state: 'open' })
    const processes = Array.from({ length: 5 }, () => process().schedules)
    const keys = ['groupSize', 'capacity', 'graceSeconds', 'passTtlSeconds', 'holdTtlSeconds'] as const
    await Promise.all(
      processes.map((schedules, i) => schedules.setSettings({ scheduleId: 'game-1', settings: { [keys[i]!]: 77 } })),
    )
    const [record] = (await store.schedules({})).items
    expect(keys.map((key) => record!.settings[key])).toEqual([77, 77, 77, 77, 77])
    expect(record!.version).toBe(6)
  })

  test('a race that never ends is BUSY, not for ever', async () => {
    const { process } = await oneSale()
    const { schedules } = process((store) => ({ ...store, change: async () => 'stale' }))
    expect(await codeOf(schedules.setState({ scheduleId: 'game-1', state: 'prequeue' }))).toBe('BUSY')
  })

  test('of many that notice one loss, one bumps the incarnation', async () => {
    const { process, schedules } = await oneSale()
    const bumped = await Promise.all(
      Array.from({ length: 6 }, () => process().schedules.bumpIncarnation({ scheduleId: 'game-1', from: 1 })),
    )
    expect(bumped.map((record) => record.incarnation)).toEqual([2, 2, 2, 2, 2, 2])
    expect((await schedules.bumpIncarnation({ scheduleId: 'game-1', from: 2 })).incarnation).toBe(3)
  })
})

describe('live', () => {
  test('names every sale that has not ended, and goes on watching one that ends', async () => {
    const { process, runtime, schedules: a } = await oneSale({ state: 'draining' })
    for (let i = 2; i <= 120; i++) await a.create({ scheduleId: `game-${i}`, venueId: venue.venueId })
    await a.create({ scheduleId: 'old', venueId: venue.venueId, state: 'ended' })
    const { schedules, asked } = process()
    expect(await schedules.live()).toHaveLength(120)
    expect(asked).toEqual(['schedules', 'schedules'])
    await schedules.live()
    expect(asked).toHaveLength(2)
    await a.setState({ scheduleId: 'game-1', state: 'ended' })
    runtime.advance(500)
    const live = await schedules.live()
    expect(live).toHaveLength(120)
    expect(live.find((record) => record.scheduleId === 'game-1')!.state).toBe('ended')
  })
})

describe('lists', () => {
  test('schedules and audit, by pages', async () => {
    const { schedules } = await oneSale()
    for (let i = 0; i < 110; i++) await schedules.create({ scheduleId: `more-${i}`, venueId: venue.venueId })
    const first = await schedules.list()
    const second = await schedules.list({ after: first.next! })
    expect([first.items.length, second.items.length, second.next]).toEqual([100, 11, null])
    const audit = await schedules.audit()
    expect(audit.items[0]).toMatchObject({ by: 'operator', action: 'venue-created' })
    expect((await schedules.audit({ after: audit.next! })).items).toHaveLength(12)
    expect(await codeOf(schedules.list({ after: 'nonsense' }))).toBe('INVALID')
    expect(await codeOf(schedules.audit({ after: '-1' }))).toBe('INVALID')
  })
})

describe('bad input', () => {
  test('of any kind, to any method, is one typed error and changes nothing', async () => {
    const { schedules, store } = await oneSale()
    const before = JSON.stringify([await store.schedules({}), await store.audit({})])
    const methods = ['putVenue', 'venue', 'create', 'get', 'setState', 'setSettings', 'reset'] as const
    const fields = ['scheduleId', 'venueId', 'venue', 'state', 'settings', 'by', 'after', 'extra']
    const values = fc.oneof(fc.anything(), fc.constantFrom('game-2', 'a b', '__proto__', 'constructor'))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...methods),
        fc.oneof(values, fc.dictionary(fc.constantFrom(...fields), values)),
        async (method, given) => {
          const code = await codeOf((schedules[method] as (p: unknown) => Promise<unknown>)(given))
          expect(['INVALID', 'NOT_FOUND']).toContain(code)
        },
      ),
      { numRuns: 1_000, seed: 31 },
    )
    for (const from of [-1, 1.5, Number.NaN, '5'])
      expect(await codeOf(schedules.bumpIncarnation({ scheduleId: 'game-1', from: from as number }))).toBe('INVALID')
    expect(JSON.stringify([await store.schedules({}), await store.audit({})])).toBe(before)
  })

  test('an unknown schedule is NOT_FOUND everywhere', async () => {
    const { schedules } = await oneSale()
    const scheduleId = 'game-9'
    const codes = await Promise.all(
      [
        schedules.get({ scheduleId }),
        schedules.setState({ scheduleId, state: 'open' }),
        schedules.setSettings({ scheduleId, settings: {} }),
        schedules.reset({ scheduleId }),
        schedules.open({ scheduleId }),
        schedules.bumpIncarnation({ scheduleId, from: 1 }),
      ].map(codeOf),
    )
    expect(new Set(codes)).toEqual(new Set(['NOT_FOUND']))
  })
})
