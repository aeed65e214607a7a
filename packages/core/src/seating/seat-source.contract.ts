import assert from 'node:assert/strict'
import { createdSeat } from '../catalogue/created-seat.ts'
import { defaultSettings, type Schedule } from '../catalogue/schedule.ts'
import type { Section, Venue } from '../catalogue/venue.ts'
import { type Audited, bindCases, type ContractCase, type Subject, type SubjectFactory } from '../shared/contract.ts'
import type { Id } from '../shared/types.ts'
import type { Claim } from './claim.ts'
import type { HoldRecord } from './hold.ts'
import type { SeatSource, SectionState } from './seat-source.port.ts'

export interface SeatSourceSubject extends Subject<SeatSource>, Audited {
  /** Puts venue and schedule into the record the source reads. */
  putSchedule(p: { readonly venue: Venue; readonly schedule: Schedule; readonly epoch: Id }): Promise<void>
  /** What booking does: a live claim, written to the record itself. */
  putClaim(claim: Claim): Promise<void>
}

const seatsOf = (section: Id, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    seatId: `${section}-1-${i + 1}`,
    label: String(i + 1),
    x: i + 1,
    y: 0,
    position: i + 1,
    ...(section === 'A' && i === 3 && { blocked: true }),
  }))

const section = (id: Id, count: number, more: Partial<Section> = {}): Section => ({
  id,
  label: id,
  kind: 'seated',
  grade: 'red',
  x: 0,
  y: 0,
  capacity: count,
  focalPoint: { x: 1, y: 0 },
  rows: [{ id: '1', label: '1', seats: seatsOf(id, count) }],
  ...more,
})

const elastic = section('E1', 2, { kind: 'elastic', maxCapacity: 6 })

const venue: Venue = {
  venueId: 'v-1',
  name: '구장',
  currency: 'KRW',
  grades: [{ id: 'red', label: 'Red', price: 10_000 }],
  sections: [section('A', 4), section('B', 3), elastic],
}

const schedule: Schedule = {
  scheduleId: 'game-1',
  venueId: 'v-1',
  name: '개막전',
  currency: 'KRW',
  startsAt: null,
  opensAt: null,
  prices: { red: 10_000 },
  state: 'open',
  settings: defaultSettings,
}

const { scheduleId } = schedule

const claim = (seat: number, more: Partial<Claim> = {}): Claim => ({
  scheduleId,
  section: 'A',
  seat,
  requestId: 'pay-1',
  holder: 'ann',
  state: 'PAYING',
  recordVersion: 900 + seat,
  ...more,
})

interface Bench extends SeatSourceSubject {
  load(section?: Id): Promise<SectionState>
  hold(more?: Partial<HoldRecord>): HoldRecord
}

async function benchOf(subject: SeatSourceSubject): Promise<Bench> {
  await subject.putSchedule({ venue, schedule, epoch: 'epoch-1' })
  return {
    ...subject,
    load: async (id = 'A') => {
      const states = await subject.port.load({ scheduleId, sections: [id] })
      assert.equal(states.length, 1)
      return states[0]!
    },
    hold: (more = {}) => ({
      holdId: 'h-1',
      version: 100,
      scheduleId,
      holder: 'ann',
      parts: [{ section: 'A', seats: [0, 1] }],
      price: { value: 20_000, currency: 'KRW' },
      createdAt: subject.now(),
      expiresAt: subject.now() + 300_000,
      epoch: 'epoch-1',
      requestId: null,
      ...more,
    }),
  }
}

const block = (b: Bench, seats: readonly number[], blocked: boolean, by = 'operator') =>
  b.port.block({
    scheduleId,
    parts: seats.map((seat) => ({ section: 'A', seat, seatId: `A-1-${seat + 1}` })),
    blocked,
    by,
    reason: 'camera',
  })

const create = (b: Bench, operationId: Id, count: number, more: { section?: Id; max?: number } = {}) =>
  b.port.createSeats({ scheduleId, section: 'E1', operationId, count, max: 6, ...more })

const cases: Readonly<Record<string, (b: Bench) => Promise<void>>> = {
  'the factory’s record has the schedule, its seats and nothing else': async (b) => {
    const states = await b.port.load({ scheduleId })
    assert.deepEqual(
      states.map(({ section, count, created, claims, holds }) => ({ section, count, created, claims, holds })),
      [
        { section: 'A', count: 4, created: [], claims: [], holds: [] },
        { section: 'B', count: 3, created: [], claims: [], holds: [] },
        { section: 'E1', count: 2, created: [], claims: [], holds: [] },
      ],
    )
    assert.deepEqual(
      states[0]!.blocked.map(({ seat }) => seat),
      [3],
      'the venue’s own block',
    )
    assert.deepEqual(await b.port.load({ scheduleId: 'unknown' }), [])
    assert.deepEqual(await b.port.load({ scheduleId, sections: ['unknown'] }), [])
  },

  'H13: live claims are loaded with their versions': async (b) => {
    await b.putClaim(claim(1))
    await b.putClaim(claim(2, { state: 'COMPLETED', requestId: 'pay-2' }))
    await b.putClaim(claim(0, { scheduleId: 'other' }))
    const { claims } = await b.load()
    assert.deepEqual(
      claims.toSorted((x, y) => x.seat - y.seat),
      [claim(1), claim(2, { state: 'COMPLETED', requestId: 'pay-2' })],
    )
    assert.deepEqual((await b.load('B')).claims, [])
  },

  'holds are applied only if newer, in whatever order they arrive': async (b) => {
    const first = b.hold()
    const extended = b.hold({ version: 101, expiresAt: first.expiresAt + 1_000 })
    await b.port.saveHolds({ changes: [{ is: 'held', hold: extended }] })
    await b.port.saveHolds({ changes: [{ is: 'held', hold: first }] })
    assert.deepEqual((await b.load()).holds, [extended])
    const ended = { is: 'ended', scheduleId, holdId: 'h-1' } as const
    await b.port.saveHolds({ changes: [{ ...ended, version: 100 }] })
    assert.deepEqual((await b.load()).holds, [extended], 'an end of an older version')
    await b.port.saveHolds({ changes: [{ ...ended, version: 101 }] })
    await b.port.saveHolds({
      changes: [
        { is: 'held', hold: extended },
        { is: 'held', hold: first },
      ],
    })
    assert.deepEqual((await b.load()).holds, [])
  },

  'an end that overtakes its hold stays the end': async (b) => {
    await b.port.saveHolds({ changes: [{ is: 'ended', scheduleId, holdId: 'h-1', version: 100 }] })
    await b.port.saveHolds({ changes: [{ is: 'held', hold: b.hold() }] })
    assert.deepEqual((await b.load()).holds, [])
  },

  'a hold of very many seats is saved beside others': async (b) => {
    const count = 15_000
    const park: Venue = { ...venue, venueId: 'v-2', sections: [section('P', count)] }
    await b.putSchedule({ venue: park, schedule: { ...schedule, scheduleId: 'game-2', venueId: 'v-2' }, epoch: 'e-2' })
    const seats = Array.from({ length: count - 1 }, (_, i) => i)
    const small = b.hold({ epoch: 'e-2', scheduleId: 'game-2', parts: [{ section: 'P', seats: [count - 1] }] })
    const large = { ...small, holdId: 'h-2', parts: [{ section: 'P', seats }] }
    const changes = [large, small].map((hold) => ({ is: 'held', hold }) as const)
    await b.port.saveHolds({ changes })
    const [state] = await b.port.load({ scheduleId: 'game-2' })
    assert.deepEqual(
      state?.holds.toSorted((x, y) => x.holdId.localeCompare(y.holdId)),
      [small, large],
    )
  },

  'a hold stands in each of its sections, unless it is of another epoch or lost a seat': async (b) => {
    const parts = [
      { section: 'A', seats: [0] },
      { section: 'B', seats: [2] },
    ]
    const two = b.hold({ holdId: 'h-2', parts })
    await b.port.saveHolds({
      changes: [
        { is: 'held', hold: two },
        { is: 'held', hold: b.hold({ holdId: 'h-3', epoch: 'epoch-0', parts: [{ section: 'A', seats: [1] }] }) },
        { is: 'held', hold: b.hold({ holdId: 'h-4', parts: [{ section: 'A', seats: [2] }] }) },
      ],
    })
    await b.putClaim(claim(2))
    assert.deepEqual([(await b.load('A')).holds, (await b.load('B')).holds], [[two], [two]])
    await b.putClaim(claim(2, { section: 'B' }))
    assert.deepEqual([(await b.load('A')).holds, (await b.load('B')).holds], [[], []])
  },

  'A34: seats are created once per operation, up to the maximum, all or none': async (b) => {
    const made = await create(b, 'op-1', 3)
    assert.deepEqual(made, { from: 2, seats: [2, 3, 4].map((index) => createdSeat(elastic, index)) })
    assert.deepEqual(await create(b, 'op-1', 3), made)
    assert.equal(await create(b, 'op-2', 2), 'full')
    assert.equal(await create(b, 'op-3', 1, { max: 5 }), 'full')
    assert.equal(await create(b, 'op-4', 1, { section: 'A' }), 'full')
    assert.equal(await create(b, 'op-4', 1, { section: 'unknown' }), 'full')
    assert.deepEqual(await create(b, 'op-5', 1, { max: 100 }), { from: 5, seats: [createdSeat(elastic, 5)] })
    assert.equal(await create(b, 'op-6', 1, { max: 100 }), 'full')
    const { count, created } = await b.load('E1')
    assert.equal(count, 6)
    assert.deepEqual(
      created,
      [2, 3, 4, 5].map((index) => createdSeat(elastic, index)),
    )
  },

  'A34: two parallel creators never make the same seat': async (b) => {
    const made = await Promise.all(['x', 'y', 'z', 'x', 'y'].map((id) => create(b, `op-${id}`, 1)))
    const ids = made.map((one) => (one === 'full' ? 'full' : one.seats[0]!.seatId))
    assert.equal(new Set(ids).size, 3)
    assert.deepEqual([ids[0], ids[1]], [ids[3], ids[4]])
  },

  'a block is audited in its own transaction, a refused one is not': async (b) => {
    await block(b, [0, 1], true, 'ann')
    await b.advance(1_000)
    await block(b, [1], false, 'bob')
    await b.putClaim(claim(2))
    await block(b, [2], true, 'eve')
    const blocks = (await b.audit()).filter(({ action }) => action.startsWith('seats-'))
    assert.deepEqual(
      blocks.map(({ at, by, action, subject, detail }) => [b.now() - at, by, action, subject, detail]),
      [
        [1_000, 'ann', 'seats-blocked', scheduleId, { seatIds: ['A-1-1', 'A-1-2'], reason: 'camera' }],
        [0, 'bob', 'seats-unblocked', scheduleId, { seatIds: ['A-1-2'], reason: 'camera' }],
      ],
    )
  },

  'blocks are all or none, carry newer versions, and win over the venue': async (b) => {
    const first = await block(b, [0, 1], true)
    assert.ok(first.ok && first.versions.length === 2)
    const second = await block(b, [3, 0], false)
    assert.ok(second.ok)
    assert.ok(Math.min(...second.versions) > Math.max(...first.versions))
    assert.deepEqual((await b.load()).blocked, [{ seat: 1, recordVersion: first.versions[1] }])
    const again = await block(b, [1], true)
    assert.ok(again.ok && again.versions[0]! >= first.versions[1]!)
    await b.putClaim(claim(2))
    assert.deepEqual(await block(b, [0, 2], true), { ok: false, owned: ['A-1-3'] })
    assert.deepEqual(
      (await b.load()).blocked.map(({ seat }) => seat),
      [1],
    )
  },
}

/** `for (const { name, run } of seatSourceContract(factory)) test(name, run)` */
export function seatSourceContract(factory: SubjectFactory<SeatSourceSubject>): readonly ContractCase[] {
  const bound = Object.entries(cases).map(([name, run]) => [
    name,
    async (subject: SeatSourceSubject) => run(await benchOf(subject)),
  ])
  return bindCases('SeatSource', factory, Object.fromEntries(bound))
}
