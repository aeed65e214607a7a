import assert from 'node:assert/strict'
import type { AuditRow } from '../shared/audit.ts'
import { bindCases, type ContractCase, type Subject, type SubjectFactory } from '../shared/contract.ts'
import { isTicketingError } from '../shared/errors.ts'
import type { Id, Page } from '../shared/types.ts'
import type { Catalogue } from './catalogue.port.ts'
import {
  defaultSettings,
  type SaleChange,
  type SaleDraw,
  type SaleSettings,
  type Schedule,
  type ScheduleRecord,
} from './schedule.ts'
import type { Venue } from './venue.ts'

export interface CatalogueSubject extends Subject<Catalogue> {
  /** Reads the store itself, not through the port. */
  stored(scheduleId: Id): Promise<Pick<ScheduleRecord, 'version' | 'state' | 'ceiling'> | null>
}

const venueOf = (venueId: Id, price = 10_000): Venue => ({
  venueId,
  name: '구장',
  currency: 'KRW',
  grades: [{ id: 'red', label: 'Red', price }],
  sections: [
    {
      id: 'A',
      label: 'A',
      kind: 'seated',
      grade: 'red',
      x: 0.5,
      y: -3,
      capacity: 1,
      focalPoint: { x: 1, y: 0 },
      rows: [{ id: '1', label: '1', seats: [{ seatId: 'A-1-1', label: '1', x: 1, y: 0, position: 1 }] }],
    },
  ],
})

const scheduleOf = (scheduleId: Id): Schedule => ({
  scheduleId,
  venueId: 'v1',
  name: '개막전',
  currency: 'KRW',
  startsAt: 1_800_000_000_000,
  opensAt: null,
  prices: { red: 10_000 },
  state: 'scheduled',
  settings: defaultSettings,
})

const draw = { secret: 'kept-to-ourselves', commitment: 'shown-to-all' }

const put = (catalogue: Catalogue, scheduleId: Id) =>
  catalogue.putSchedule({ schedule: scheduleOf(scheduleId), epoch: 'epoch-1', draw, by: 'ann' })

const change = (catalogue: Catalogue, from: number, set: SaleChange, scheduleId = 'game-1') =>
  catalogue.change({ scheduleId, from, set, by: 'bob' })

async function changed(catalogue: Catalogue, from: number, set: SaleChange): Promise<ScheduleRecord> {
  const record = await change(catalogue, from, set)
  assert.ok(record !== 'stale', `a change from version ${from} was refused`)
  return record
}

async function one(catalogue: Catalogue, scheduleId = 'game-1'): Promise<ScheduleRecord> {
  const { items } = await catalogue.schedules({ ids: [scheduleId] })
  assert.equal(items.length, 1)
  return items[0]!
}

async function all<T>(read: (after?: string) => Promise<Page<T>>): Promise<readonly T[]> {
  const items: T[] = []
  let page = await read()
  for (;;) {
    assert.ok(page.items.length <= 100, 'a page holds at most 100')
    items.push(...page.items)
    if (page.next === null) return items
    page = await read(page.next)
  }
}

const auditOf = (catalogue: Catalogue): Promise<readonly AuditRow[]> =>
  all((after) => catalogue.audit(after === undefined ? {} : { after }))

const count = <T>(items: readonly T[], wanted: T): number => items.filter((item) => item === wanted).length

/** What every Catalogue does. */
export const catalogueContract = (factory: SubjectFactory<CatalogueSubject>): readonly ContractCase[] =>
  bindCases('Catalogue', factory, {
    'the factory gives an empty store': async ({ port, stored }) => {
      assert.deepEqual(await port.schedules({}), { items: [], next: null })
      assert.deepEqual(await port.audit({}), { items: [], next: null })
      assert.equal(await port.venue({ venueId: 'v1' }), null)
      assert.equal(await stored('game-1'), null)
    },

    'the factory gives a clock that moves as told': async (subject) => {
      const before = subject.now()
      await subject.advance(1_234)
      assert.equal(subject.now() - before, 1_234)
    },

    'keeps a venue as it was put': async ({ port }) => {
      const venue = venueOf('v1')
      assert.equal(await port.putVenue({ venue, by: 'ann' }), 'created')
      assert.deepEqual(await port.venue({ venueId: 'v1' }), venueOf('v1'))
      ;(venue.sections as unknown[]).length = 0
      assert.deepEqual(await port.venue({ venueId: 'v1' }), venueOf('v1'), 'the store has data of its own')
    },

    'knows an equal venue, in whatever order its fields stand, from another of the same id': async ({ port }) => {
      await port.putVenue({ venue: venueOf('v1'), by: 'ann' })
      const reordered = Object.fromEntries(Object.entries(venueOf('v1')).reverse()) as unknown as Venue
      assert.equal(await port.putVenue({ venue: reordered, by: 'ann' }), 'same')
      assert.equal(await port.putVenue({ venue: venueOf('v1', 99), by: 'ann' }), 'conflict')
      assert.deepEqual(await port.venue({ venueId: 'v1' }), venueOf('v1'))
    },

    'of many that put one venue at once, one creates it': async ({ port }) => {
      const replies = await Promise.all(
        Array.from({ length: 20 }, (_, i) => port.putVenue({ venue: venueOf('v1', i % 2), by: 'ann' })),
      )
      assert.equal(count(replies, 'created'), 1)
      assert.equal(count(replies, 'same'), 9)
      assert.equal(count(replies, 'conflict'), 10)
    },

    'starts a schedule at version 1, incarnation 1 and ceiling 0': async ({ port, stored }) => {
      assert.equal(await put(port, 'game-1'), 'created')
      assert.deepEqual(await one(port), {
        ...scheduleOf('game-1'),
        version: 1,
        incarnation: 1,
        ceiling: 0,
        epoch: 'epoch-1',
        draw,
      })
      assert.equal((await stored('game-1'))?.version, 1)
    },

    'refuses a second schedule of the same id and changes nothing': async ({ port }) => {
      await put(port, 'game-1')
      const other = { ...scheduleOf('game-1'), name: 'another' }
      assert.equal(await port.putSchedule({ schedule: other, epoch: 'epoch-2', draw: null, by: 'ann' }), 'exists')
      assert.deepEqual([(await one(port)).name, (await one(port)).epoch], ['개막전', 'epoch-1'])
      assert.equal((await auditOf(port)).length, 1)
    },

    'of many that put one schedule at once, one creates it': async ({ port }) => {
      const replies = await Promise.all(Array.from({ length: 20 }, () => put(port, 'game-1')))
      assert.equal(count(replies, 'created'), 1)
    },

    'a change sets what it names and keeps the rest': async ({ port, stored }) => {
      await put(port, 'game-1')
      const before = await one(port)
      const set = { state: 'prequeue', settings: { groupSize: 7, capacity: null }, opensAt: 5 } as const
      const after = await changed(port, 1, set)
      assert.deepEqual(after, {
        ...before,
        state: 'prequeue',
        opensAt: 5,
        settings: { ...before.settings, groupSize: 7, capacity: null },
        version: 2,
      })
      assert.deepEqual(await one(port), after)
      assert.deepEqual(await changed(port, 2, { draw: null, epoch: 'epoch-2', incarnation: 2, ceiling: 9 }), {
        ...after,
        draw: null,
        epoch: 'epoch-2',
        incarnation: 2,
        ceiling: 9,
        version: 3,
      })
      assert.deepEqual(await stored('game-1'), { version: 3, state: 'prequeue', ceiling: 9 })
    },

    'keeps what the opening fixed of a draw, until another draw replaces it': async ({ port }) => {
      await put(port, 'game-1')
      for (const [i, made] of [
        { policy: 'draw', n: 12_345, beacon: '서울 🎲' },
        { policy: 'fifo', n: 0, beacon: null },
      ].entries()) {
        const fixed = { ...draw, made } as SaleDraw
        assert.deepEqual((await changed(port, 2 * i + 1, { draw: fixed })).draw, fixed)
        assert.deepEqual((await one(port)).draw, fixed)
        await changed(port, 2 * i + 2, { state: i === 0 ? 'prequeue' : 'open' })
        assert.deepEqual((await one(port)).draw, fixed, 'another change leaves it alone')
      }
      const next = { secret: 'of the next epoch', commitment: 'shown-again' }
      assert.deepEqual((await changed(port, 5, { draw: next, epoch: 'epoch-2' })).draw, next)
      assert.deepEqual((await one(port)).draw, next, 'a new draw is not made yet')
      await changed(port, 6, { draw: null })
      assert.equal((await one(port)).draw, null)
    },

    'keeps the life of the line, which a record does not have at first': async ({ port }) => {
      await put(port, 'game-1')
      assert.ok(!('lineIncarnation' in (await one(port))), 'absent until a line is installed')
      assert.equal((await changed(port, 1, { lineIncarnation: 1 })).lineIncarnation, 1)
      await changed(port, 2, { ceiling: 5 })
      assert.equal((await one(port)).lineIncarnation, 1)
      await changed(port, 3, { lineIncarnation: 2, draw: { ...draw, made: { policy: 'draw', n: 3, beacon: null } } })
      const { lineIncarnation, draw: drawn } = await one(port)
      assert.deepEqual([lineIncarnation, drawn?.made?.n], [2, 3])
      assert.equal((await port.schedules({ live: true })).items[0]?.lineIncarnation, 2)
    },

    'every setting and instant can be set, and set back to null': async ({ port }) => {
      await put(port, 'game-1')
      const nulled = { ratePerMinute: null, capacity: null, beacon: null }
      const settings = {
        ...{
          groupSize: 7,
          ratePerMinute: 0,
          capacity: 0,
          passTtlSeconds: 8,
          holdTtlSeconds: 9,
          maxSeatsPerVisitor: 10,
        },
        ...{ claimWindowSeconds: 11, graceSeconds: 0, partialGroupSeconds: 13, policy: 'draw', beacon: '값 🎲' },
      } satisfies SaleSettings
      await changed(port, 1, { settings, opensAt: 8_640_000_000_000_000 })
      assert.deepEqual([(await one(port)).settings, (await one(port)).opensAt], [settings, 8_640_000_000_000_000])
      await changed(port, 2, { settings: nulled, opensAt: null })
      const record = await one(port)
      assert.deepEqual([record.settings, record.opensAt], [{ ...settings, ...nulled }, null])
    },

    'I15: a change is made once per operation id; a stale one is still to be made': async ({ port }) => {
      await put(port, 'game-1')
      const reset = (from: number, epoch: string, operationId: string) =>
        port.change({ scheduleId: 'game-1', from, set: { epoch }, by: 'ann', action: 'reset', operationId })
      assert.equal(await reset(9, 'e2', 'op1'), 'stale')
      const first = await reset(1, 'e2', 'op1')
      assert.deepEqual(await reset(2, 'e3', 'op1'), first, 'a repeat answers what stands there')
      assert.equal((await one(port)).epoch, 'e2')
      const other = await reset(2, 'e3', 'op2')
      assert.ok(other !== 'stale' && other.epoch === 'e3')
    },

    'a change from an old or unknown version, or of an unknown schedule, is stale and changes nothing': async (
      subject,
    ) => {
      const { port } = subject
      await put(port, 'game-1')
      await changed(port, 1, { ceiling: 10 })
      for (const from of [0, 1, 3, -1]) assert.equal(await change(port, from, { ceiling: 99 }), 'stale')
      assert.equal(await change(port, 1, { ceiling: 99 }, 'game-2'), 'stale')
      assert.deepEqual(await subject.stored('game-1'), { version: 2, state: 'scheduled', ceiling: 10 })
      assert.equal((await changed(port, 2, { ceiling: 20 })).ceiling, 20, 'who reads again wins again')
    },

    'of many changes from one version, one wins': async ({ port, stored }) => {
      await put(port, 'game-1')
      const replies = await Promise.all(Array.from({ length: 20 }, (_, i) => change(port, 1, { ceiling: i + 1 })))
      const won = replies.filter((reply) => reply !== 'stale')
      assert.equal(won.length, 1)
      assert.deepEqual(await stored('game-1'), { version: 2, state: 'scheduled', ceiling: won[0]!.ceiling })
    },

    'lists schedules in order of creation, by pages that do not slip': async ({ port }) => {
      const ids = Array.from({ length: 105 }, (_, i) => `game-${105 - i}`)
      for (const id of ids) await put(port, id)
      const first = await port.schedules({})
      assert.deepEqual([first.items.length, first.next === null], [100, false])
      await change(port, 1, { state: 'ended' }, ids[0])
      await put(port, 'late')
      const rest = await port.schedules({ after: first.next! })
      assert.deepEqual(
        [...first.items, ...rest.items].map((record) => record.scheduleId),
        [...ids, 'late'],
      )
      assert.equal(rest.next, null)
    },

    'lists the schedules that are asked for: by id, and those that have not ended': async ({ port }) => {
      for (const id of ['a', 'b', 'c']) await put(port, id)
      await change(port, 1, { state: 'ended' }, 'b')
      const listed = async (p: Parameters<Catalogue['schedules']>[0]) =>
        (await port.schedules(p)).items.map((record) => record.scheduleId)
      assert.deepEqual(await listed({ ids: ['c', 'unknown', 'a', 'a'] }), ['a', 'c'])
      assert.deepEqual(await listed({ ids: [] }), [])
      assert.deepEqual(await listed({ live: true }), ['a', 'c'])
      assert.deepEqual(await listed({ live: true, ids: ['b', 'c'] }), ['c'])
    },

    'refuses a cursor that is none of its own': async ({ port }) => {
      const invalid = (error: unknown) => isTicketingError(error) && error.code === 'INVALID'
      for (const after of ['x', '-1', '1e3', "1' OR '1'='1"]) {
        await assert.rejects(port.schedules({ after }), invalid)
        await assert.rejects(port.audit({ after }), invalid)
      }
    },

    'ids that JavaScript knows as names are ids like others': async ({ port }) => {
      for (const id of ['__proto__', 'constructor', 'toString']) {
        assert.equal(await port.venue({ venueId: id }), null)
        assert.equal(await put(port, id), 'created')
        assert.equal((await one(port, id)).scheduleId, id)
      }
    },

    'ids differ by case': async ({ port }) => {
      assert.equal(await put(port, 'game'), 'created')
      assert.equal(await put(port, 'GAME'), 'created')
      assert.equal((await port.schedules({ ids: ['game'] })).items.length, 1)
    },

    'every change has its audit row, by the time of the store; a refused one has none': async (subject) => {
      const { port } = subject
      await port.putVenue({ venue: venueOf('v1'), by: 'ann' })
      await port.putVenue({ venue: venueOf('v1'), by: 'ann' })
      await put(port, 'game-1')
      await subject.advance(1_000)
      const at = subject.now()
      await changed(port, 1, { state: 'prequeue' })
      await change(port, 1, { state: 'open' })
      await port.change({ scheduleId: 'game-1', from: 2, set: { epoch: 'e2', ceiling: 0 }, by: 'bob', action: 'reset' })
      const rows = await auditOf(port)
      assert.deepEqual(
        rows.map(({ by, action, subject: of }) => [by, action, of]),
        [
          ['ann', 'venue-created', 'v1'],
          ['ann', 'schedule-created', 'game-1'],
          ['bob', 'state', 'game-1'],
          ['bob', 'reset', 'game-1'],
        ],
      )
      assert.deepEqual(rows[2]!.detail, { from: 'scheduled', state: 'prequeue' })
      assert.equal(rows[2]!.at, at)
      assert.equal(new Set(rows.map((row) => row.id)).size, 4)
    },

    'a raised ceiling is not audited, and no secret ever is': async ({ port }) => {
      await put(port, 'game-1')
      await changed(port, 1, { ceiling: 1_000 })
      await changed(port, 2, { draw: { secret: 'another-secret', commitment: 'shown-again' }, epoch: 'e2' })
      const rows = await auditOf(port)
      assert.equal(rows.length, 2)
      const text = JSON.stringify(rows)
      assert.ok(text.includes('shown-again'))
      assert.ok(!text.includes('another-secret') && !text.includes(draw.secret))
    },

    'lists audit rows newest last, by pages': async ({ port }) => {
      await put(port, 'game-1')
      for (let i = 1; i <= 130; i++) await changed(port, i, { incarnation: i + 1 })
      const rows = await auditOf(port)
      assert.deepEqual(
        rows.map((row) => row.detail.incarnation),
        [undefined, ...Array.from({ length: 130 }, (_, i) => i + 2)],
      )
    },
  })
