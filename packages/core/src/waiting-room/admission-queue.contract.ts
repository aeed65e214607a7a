import assert from 'node:assert/strict'
import { defaultSettings, type SaleSettings, type ScheduleRecord } from '../catalogue/schedule.ts'
import { bindCases, type ContractCase, type Subject, type SubjectFactory } from '../shared/contract.ts'
import type { AdmissionQueue, JoinReply, LineDocument, PlaceReply } from './admission-queue.port.ts'
import { commitmentOf, numberOfRank } from './draw.ts'
import { balanced, opened } from './line.ts'
import type { Place } from './queue-ticket.ts'

export interface AdmissionQueueSubject extends Subject<AdmissionQueue> {
  /** The store restarts: with its data, or `empty`. Either way it cannot vouch for what it holds. */
  restart(p: { readonly empty: boolean }): void | Promise<void>
}

const scheduleId = 'game-1'
const secret = 'the secret of the draw'

/** Everybody at once, at any rate: the case then names what it is about. */
const unlimited: SaleSettings = { ...defaultSettings, ratePerMinute: null, capacity: null }

/** The record's side of a line: what a waiting room would do with the catalogue. */
class Host {
  readonly subject: AdmissionQueueSubject
  record: ScheduleRecord

  constructor(subject: AdmissionQueueSubject, settings: Partial<SaleSettings>, state: ScheduleRecord['state']) {
    this.subject = subject
    this.record = {
      scheduleId,
      venueId: 'venue-1',
      name: 'game',
      currency: 'KRW',
      startsAt: null,
      opensAt: null,
      prices: {},
      state,
      settings: { ...unlimited, ...settings },
      version: 1,
      epoch: 'epoch-1',
      ceiling: 0,
      incarnation: 1,
      draw: { secret, commitment: commitmentOf(secret) },
    }
  }

  get port(): AdmissionQueue {
    return this.subject.port
  }

  change(set: Partial<ScheduleRecord>): ScheduleRecord {
    this.record = { ...this.record, ...set, version: this.record.version + 1 }
    return this.record
  }

  settings(set: Partial<SaleSettings>): Promise<LineDocument> {
    return this.configure({ settings: { ...this.record.settings, ...set } })
  }

  async configure(set: Partial<ScheduleRecord>): Promise<LineDocument> {
    return checked(await this.port.configure({ scheduleId, record: this.change(set) }))
  }

  /** What a recovery does, the first installation included. */
  async install(known?: LineDocument): Promise<LineDocument> {
    const { draw, settings, ceiling, lineIncarnation = 0 } = this.record
    const made = { policy: settings.policy, n: ceiling, beacon: settings.beacon }
    const fixed = opened(this.record.state) ? draw && { made, ...draw } : draw
    const record = this.change({ lineIncarnation: lineIncarnation + 1, draw: fixed })
    return checked(await this.port.configure({ scheduleId, record, recover: true, ...(known ? { known } : {}) }))
  }

  async tick(): Promise<LineDocument> {
    return checked(await this.port.tick({ scheduleId }))
  }

  /** Moves the store's clock on, then ticks. */
  async after(ms: number): Promise<LineDocument> {
    await this.subject.advance(ms)
    return this.tick()
  }

  async join(...visitors: string[]): Promise<readonly JoinReply[]> {
    return this.joinAs(...visitors.map((visitor) => ({ visitor, operationId: `join-${visitor}` })))
  }

  async joinAs(...joins: { visitor: string; operationId: string; ticket?: Place }[]): Promise<readonly JoinReply[]> {
    const replies = answered(await this.port.join({ scheduleId, epoch: this.record.epoch, joins }))
    await this.balance()
    return replies
  }

  /** Joins `count` visitors v<from>… */
  crowd(count: number, from = 1): Promise<readonly JoinReply[]> {
    return this.join(...Array.from({ length: count }, (_, i) => `v${from + i}`))
  }

  async claim(...numbers: number[]): Promise<readonly PlaceReply[]> {
    const places = numbers.map((number) => ({ number, visitor: `v${number}` }))
    const replies = answered(await this.port.claim({ scheduleId, epoch: this.record.epoch, mode: 'claim', places }))
    await this.balance()
    return replies
  }

  async check(...places: { number: number; until: number }[]): Promise<readonly PlaceReply[]> {
    const named = places.map((place) => ({ ...place, visitor: `v${place.number}` }))
    const { epoch } = this.record
    const replies = answered(await this.port.claim({ scheduleId, epoch, mode: 'check', places: named }))
    await this.balance()
    return replies
  }

  async leave(number: number, as: 'done' | 'left' = 'left'): Promise<boolean> {
    const places = [{ visitor: `v${number}`, place: { number }, as }]
    const [reply] = answered(await this.port.leave({ scheduleId, epoch: this.record.epoch, places }))
    await this.balance()
    return reply as boolean
  }

  /** Reads the books without admitting anybody: a record that is not newer changes nothing. */
  async balance(): Promise<LineDocument> {
    return checked(await this.port.configure({ scheduleId, record: this.record }))
  }
}

function answered<T>(answer: T | 'RECOVER'): T {
  assert.notEqual(answer, 'RECOVER')
  return answer as T
}

/** W16, W4 and W6 hold in every document there ever is. */
function checked(answer: LineDocument | 'RECOVER'): LineDocument {
  const document = answered(answer)
  assert.ok(balanced(document.counts), `the books do not balance: ${JSON.stringify(document.counts)}`)
  assert.ok(document.admittedThrough <= document.tail, 'the line ran past its tail')
  assert.ok(document.tail <= document.ceiling || document.tail === 0, 'the tail passed the ceiling')
  return document
}

async function sale(
  subject: AdmissionQueueSubject,
  settings: Partial<SaleSettings> = {},
  state: ScheduleRecord['state'] = 'open',
): Promise<Host> {
  const host = new Host(subject, settings, state)
  await host.install()
  await host.configure({ ceiling: 10_000 })
  return host
}

const numbersOf = (replies: readonly JoinReply[]): readonly (number | null)[] =>
  replies.map((reply) => ('number' in reply ? reply.number : null))

const kinds = (replies: readonly { readonly is: string }[]): readonly string[] => replies.map(({ is }) => is)

/** Nobody is let in: what happens to those who wait can be watched. */
const shut = { capacity: 0 }

export const admissionQueueContract = (factory: SubjectFactory<AdmissionQueueSubject>): readonly ContractCase[] =>
  bindCases('AdmissionQueue', factory, {
    'the factory gives an empty store whose clock the kit moves': async (subject) => {
      const before = subject.now()
      await subject.advance(1_500)
      assert.equal(subject.now() - before, 1_500)
      assert.equal(await subject.port.tick({ scheduleId }), 'RECOVER')
    },
    'a restart makes every step answer RECOVER and changes nothing': async (subject) => {
      const host = await sale(subject)
      await host.crowd(3)
      await subject.restart({ empty: false })
      const { epoch } = host.record
      assert.equal(await subject.port.tick({ scheduleId }), 'RECOVER')
      const joins = [{ visitor: 'v9', operationId: 'op' }]
      assert.equal(await subject.port.join({ scheduleId, epoch, joins }), 'RECOVER')
      const places = [{ number: 1, visitor: 'v1' }]
      assert.equal(await subject.port.claim({ scheduleId, epoch, mode: 'claim', places }), 'RECOVER')
      const leavers = [{ visitor: 'v1', as: 'left' as const }]
      assert.equal(await subject.port.leave({ scheduleId, epoch, places: leavers }), 'RECOVER')
      assert.equal(await subject.port.configure({ scheduleId, record: host.change({}) }), 'RECOVER')
    },
    'lines of two schedules do not touch': async (subject) => {
      const host = await sale(subject)
      await host.crowd(2)
      assert.equal(await subject.port.tick({ scheduleId: 'game-2' }), 'RECOVER')
    },

    'numbers are 1, 2, 3 in the order of the joins': async (subject) => {
      const host = await sale(subject, shut)
      assert.deepEqual(numbersOf(await host.crowd(3)), [1, 2, 3])
      assert.deepEqual(numbersOf(await host.crowd(2, 4)), [4, 5])
      assert.equal((await host.tick()).counts.waiting, 5)
    },
    'a repeated join answers the first number, also twice in one batch': async (subject) => {
      const host = await sale(subject, shut)
      const replies = await host.join('a', 'b', 'a')
      assert.deepEqual(replies, [
        { is: 'number', number: 1, created: true },
        { is: 'number', number: 2, created: true },
        { is: 'number', number: 1, created: false },
      ])
      assert.deepEqual(await host.joinAs({ visitor: 'b', operationId: 'another' }), [
        { is: 'number', number: 2, created: false },
      ])
      assert.equal((await host.tick()).tail, 2)
    },
    'after leaving, a join is a new and later number; a late repeat of the old join is not': async (subject) => {
      const host = await sale(subject, shut)
      await host.crowd(2)
      assert.equal(await host.leave(1), true)
      assert.deepEqual(await host.join('v1'), [{ is: 'number', number: 1, created: false }])
      assert.deepEqual(await host.joinAs({ visitor: 'v1', operationId: 'again' }), [
        { is: 'number', number: 3, created: true },
      ])
    },
    'leaving is repeatable, and finds the place by the visitor alone': async (subject) => {
      const host = await sale(subject, shut)
      await host.crowd(2)
      const places = [{ visitor: 'v2', as: 'left' as const }]
      const { epoch } = host.record
      assert.deepEqual(await subject.port.leave({ scheduleId, epoch, places }), [true])
      assert.deepEqual(await subject.port.leave({ scheduleId, epoch, places }), [false])
      assert.equal(await host.leave(99), false)
      const document = await host.tick()
      assert.deepEqual([document.counts.waiting, document.counts.left, document.left], [1, 1, [2]])
    },
    'a join of another epoch answers epoch-over and issues nothing': async (subject) => {
      const host = await sale(subject)
      const joins = [{ visitor: 'v1', operationId: 'op' }]
      const replies = answered(await subject.port.join({ scheduleId, epoch: 'other', joins }))
      assert.deepEqual(replies, [{ is: 'epoch-over' }])
      assert.equal((await host.tick()).tail, 0)
    },
    'no number passes the ceiling; a raised one goes on': async (subject) => {
      const host = new Host(subject, shut, 'open')
      await host.install()
      await host.configure({ ceiling: 2 })
      assert.deepEqual(kinds(await host.crowd(3)), ['number', 'number', 'ceiling'])
      await host.configure({ ceiling: 3 })
      assert.deepEqual(await host.join('v3', 'v1'), [
        { is: 'number', number: 3, created: true },
        { is: 'number', number: 1, created: false },
      ])
    },
    'configure takes only a newer record': async (subject) => {
      const host = await sale(subject, { groupSize: 7 })
      const old = host.record
      await host.settings({ groupSize: 9 })
      const document = checked(await subject.port.configure({ scheduleId, record: old }))
      assert.equal(document.segments.at(-1)?.size, 9)
      assert.equal(document.recordVersion, host.record.version)
    },
    'draining keeps those who have a place and takes nobody new; ended takes nobody': async (subject) => {
      const host = await sale(subject, { capacity: 1 })
      await host.crowd(2)
      await host.configure({ state: 'draining' })
      assert.deepEqual(kinds(await host.join('v2', 'v3')), ['number', 'closed'])
      await host.leave(1)
      assert.equal((await host.tick()).admittedThrough, 2)
      await host.configure({ state: 'ended' })
      assert.deepEqual(kinds(await host.join('v2')), ['closed'])
      assert.deepEqual(kinds(await host.claim(2)), ['waiting'])
    },

    'direct admission: the step that issues the number admits it': async (subject) => {
      const host = await sale(subject, { passTtlSeconds: 60 })
      const until = subject.now() + 60_000
      assert.deepEqual(await host.crowd(1), [{ is: 'admitted', number: 1, until, created: true }])
      assert.deepEqual(await host.crowd(1), [{ is: 'admitted', number: 1, until, created: false }])
      const document = await host.tick()
      assert.deepEqual([document.admittedThrough, document.counts.active], [1, 1])
    },
    'direct admission ends where the capacity ends, and skips nobody who waits': async (subject) => {
      const host = await sale(subject, { capacity: 2 })
      assert.deepEqual(kinds(await host.crowd(4)), ['admitted', 'admitted', 'number', 'number'])
      await host.leave(1)
      // A slot is free, but v3 and v4 wait for it.
      assert.deepEqual(kinds(await host.join('v5')), ['number'])
      assert.equal((await host.tick()).admittedThrough, 3)
    },
    'direct admission opens a group at once and moves over those who left': async (subject) => {
      const host = await sale(subject, { groupSize: 2, capacity: 0 })
      await host.crowd(2)
      await host.leave(2)
      await host.leave(1)
      await host.settings({ capacity: 5 })
      assert.deepEqual(kinds(await host.join('x')), ['admitted'])
      assert.equal((await host.tick()).admittedThrough, 3)
    },
    'rate: direct admission stops when the stock is empty and goes on as it grows': async (subject) => {
      const host = await sale(subject, { ratePerMinute: 600, groupSize: 5 })
      assert.equal(kinds(await host.crowd(30)).filter((is) => is === 'admitted').length, 10)
      assert.equal((await host.after(1_000)).admittedThrough, 20)
    },

    'capacity below a group opens it in slices; one freed slot is one offer': async (subject) => {
      const host = await sale(subject, { ...shut, groupSize: 10 })
      await host.crowd(10)
      const document = await host.settings({ capacity: 3 }).then(() => host.tick())
      assert.deepEqual([document.admittedThrough, document.counts.offered], [3, 3])
      assert.deepEqual(document.slices, [{ from: 1, to: 3, at: subject.now() }])
      await host.claim(1)
      assert.equal((await host.tick()).admittedThrough, 3)
      await host.leave(1)
      assert.equal((await host.tick()).admittedThrough, 4)
    },
    'one tick finishes a group and opens the next, but not a partial one': async (subject) => {
      const host = await sale(subject, { ...shut, groupSize: 4, partialGroupSeconds: 1 })
      await host.crowd(10)
      await host.settings({ capacity: 100 })
      assert.equal((await host.tick()).admittedThrough, 8)
      assert.equal((await host.after(999)).admittedThrough, 8)
      assert.equal((await host.after(1)).admittedThrough, 10)
    },
    'an open partial group takes later joiners without a wait': async (subject) => {
      const host = await sale(subject, { capacity: 1, groupSize: 4 })
      await host.crowd(2)
      await host.settings({ capacity: 3 })
      assert.equal((await host.tick()).admittedThrough, 2)
      assert.deepEqual(kinds(await host.join('v3')), ['admitted'])
    },
    'a changed group size applies to later numbers': async (subject) => {
      const host = await sale(subject, { ...shut, groupSize: 3 })
      await host.crowd(4)
      await host.settings({ groupSize: 2 })
      await host.crowd(4, 5)
      const { segments } = await host.tick()
      assert.deepEqual(segments, [
        { fromNumber: 1, fromGroup: 1, size: 3 },
        { fromNumber: 5, fromGroup: 3, size: 2 },
      ])
      const members = await subject.port.members({ scheduleId, epoch: host.record.epoch })
      assert.deepEqual(
        members.items.map(({ group }) => group),
        [1, 1, 1, 2, 3, 3, 4, 4],
      )
    },
    'rate: no rolling minute admits more than the rate': async (subject) => {
      const host = await sale(subject, { ...shut, ratePerMinute: 60, groupSize: 60 })
      await host.crowd(200)
      await host.settings({ capacity: null })
      assert.equal((await host.tick()).admittedThrough, 60)
      assert.equal((await host.after(59_000)).admittedThrough, 60)
      const later = await host.after(2_000)
      assert.ok(later.admittedThrough > 60 && later.admittedThrough <= 120)
    },
    'a rate of 0 admits nobody; a raised one does': async (subject) => {
      const host = await sale(subject, { ratePerMinute: 0, partialGroupSeconds: 0 })
      assert.deepEqual(kinds(await host.crowd(2)), ['number', 'number'])
      assert.equal((await host.after(60_000)).admittedThrough, 0)
      await host.settings({ ratePerMinute: 60 })
      assert.equal((await host.after(2_000)).admittedThrough, 2)
    },
    'a lowered capacity takes nothing back and admits nobody above it': async (subject) => {
      const host = await sale(subject, { capacity: 4 })
      await host.crowd(6)
      await host.settings({ capacity: 2 })
      await host.leave(1)
      await host.leave(2)
      assert.equal((await host.tick()).admittedThrough, 4)
      await host.leave(3)
      assert.equal((await host.tick()).admittedThrough, 5)
    },
    'no credit is banked while nobody waits': async (subject) => {
      const host = await sale(subject, { capacity: 3 })
      await host.after(600_000)
      assert.equal(kinds(await host.crowd(5)).filter((is) => is === 'admitted').length, 3)
    },
    'paused: no new offers, offered ones may claim; then the line goes on': async (subject) => {
      const host = await sale(subject, { ...shut, groupSize: 2, partialGroupSeconds: 0 })
      await host.crowd(4)
      await host.settings({ capacity: 2 })
      await host.tick()
      await host.configure({ state: 'paused' })
      assert.deepEqual(kinds(await host.claim(1, 3)), ['active', 'waiting'])
      await host.leave(1)
      assert.equal((await host.after(1_000)).admittedThrough, 2)
      assert.deepEqual(kinds(await host.join('v5')), ['number'])
      await host.configure({ state: 'open' })
      assert.equal((await host.tick()).admittedThrough, 3)
    },
    'those who left while they waited cost no slot': async (subject) => {
      const host = await sale(subject, { ...shut, groupSize: 3, partialGroupSeconds: 0 })
      await host.crowd(6)
      await host.leave(2)
      await host.leave(4)
      await host.settings({ capacity: 3 })
      const document = await host.tick()
      assert.deepEqual([document.admittedThrough, document.counts.offered], [5, 3])
    },

    'claim begins the pass once, however often it is claimed': async (subject) => {
      const host = await offered(subject, { passTtlSeconds: 100 })
      const until = subject.now() + 100_000
      assert.deepEqual(await host.claim(1, 1), [
        { is: 'active', number: 1, until },
        { is: 'active', number: 1, until },
      ])
      await subject.advance(5_000)
      assert.deepEqual(await host.claim(1), [{ is: 'active', number: 1, until }])
      assert.equal((await host.tick()).counts.active, 1)
    },
    'claim of an unknown, a waiting or another epoch’s place changes nothing': async (subject) => {
      const host = await offered(subject)
      assert.deepEqual(kinds(await host.claim(4, 999, 0)), ['waiting', 'waiting', 'waiting'])
      const places = [{ number: 1, visitor: 'v1' }]
      const replies = answered(await subject.port.claim({ scheduleId, epoch: 'other', mode: 'claim', places }))
      assert.deepEqual(replies, [{ is: 'epoch-over' }])
      assert.equal((await host.tick()).counts.active, 0)
    },
    'a pass ends on time and its slot is offered again': async (subject) => {
      const host = await offered(subject, { passTtlSeconds: 10 })
      await host.claim(1, 2, 3)
      assert.equal((await host.after(9_999)).admittedThrough, 3)
      const document = await host.after(1)
      assert.deepEqual([document.admittedThrough, document.counts.expired], [6, 3])
      assert.deepEqual(kinds(await host.claim(1)), ['expired'])
      assert.deepEqual(numbersOf(await host.joinAs({ visitor: 'v1', operationId: 'again' })), [11])
    },
    'done is left after a payment, and frees the slot': async (subject) => {
      const host = await offered(subject)
      await host.claim(1)
      assert.equal(await host.leave(1, 'done'), true)
      assert.equal(await host.leave(1, 'left'), false)
      const document = await host.tick()
      assert.deepEqual([document.counts.done, document.counts.left, document.admittedThrough], [1, 0, 4])
      assert.deepEqual(kinds(await host.claim(1)), ['left'])
    },
    'an unclaimed offer lapses with the claim window and its slot is offered again': async (subject) => {
      const host = await offered(subject, { claimWindowSeconds: 90 })
      await host.claim(2)
      assert.equal((await host.after(89_999)).counts.offered, 2)
      const document = await host.after(1)
      assert.deepEqual([document.counts.lapsed, document.counts.offered, document.admittedThrough], [2, 2, 5])
    },
    'a lapsed visitor who returns within grace is late: served by number, before the line moves': async (subject) => {
      const host = await offered(subject, { claimWindowSeconds: 90, graceSeconds: 600 })
      await host.after(90_000)
      assert.deepEqual(kinds(await host.claim(3, 1)), ['late', 'late'])
      assert.deepEqual(kinds(await host.claim(3)), ['late'])
      await host.claim(4, 5, 6)
      assert.deepEqual((await host.tick()).late, [1, 3])
      await host.leave(5)
      const document = await host.tick()
      assert.deepEqual([document.late, document.admittedThrough], [[3], 6])
      assert.deepEqual(kinds(await host.claim(1, 3)), ['active', 'late'])
      await host.leave(3)
      assert.equal((await host.tick()).counts.late, 0)
    },
    'nobody is admitted directly past the late': async (subject) => {
      const host = await sale(subject, { ...shut, claimWindowSeconds: 5, partialGroupSeconds: 0 })
      await host.crowd(1)
      await host.settings({ capacity: 1 })
      await host.tick()
      await subject.advance(5_000)
      await host.claim(1)
      assert.deepEqual(kinds(await host.join('v2')), ['number'])
      const document = await host.tick()
      assert.deepEqual([document.admittedThrough, document.counts.offered], [1, 1])
      assert.deepEqual(kinds(await host.claim(1)), ['active'])
    },
    'a second lapse counts from the second offer': async (subject) => {
      const host = await offered(subject, { claimWindowSeconds: 10, graceSeconds: 30, capacity: 100, groupSize: 3 })
      await subject.advance(10_000)
      await host.claim(1)
      await host.after(0)
      // Offered again at 10 s: the grace of the first offer, to 40 s, is not about it any more.
      await host.after(31_000)
      assert.deepEqual(kinds(await host.claim(1, 2)), ['late', 'expired'])
    },
    'after the grace a lapsed place has expired': async (subject) => {
      const host = await offered(subject, { claimWindowSeconds: 90, graceSeconds: 600 })
      await host.after(689_999)
      assert.equal((await host.tick()).counts.expired, 0)
      await host.after(1)
      assert.deepEqual(kinds(await host.claim(1, 2, 3)), ['expired', 'expired', 'expired'])
    },

    'check: an active pass goes on, an ended one does not, whatever its signature says': async (subject) => {
      const host = await offered(subject, { passTtlSeconds: 100 })
      await host.claim(1, 2)
      await host.leave(2)
      const until = subject.now() + 500_000
      const replies = await host.check({ number: 1, until }, { number: 2, until }, { number: 9_999, until })
      assert.deepEqual(kinds(replies), ['active', 'left', 'expired'])
      assert.deepEqual(replies[0], { is: 'active', number: 1, until: subject.now() + 100_000 })
    },
    'check: a pass the store lost is registered again until its own end': async (subject) => {
      const host = await offered(subject)
      const until = subject.now() + 50_000
      assert.deepEqual(await host.check({ number: 2, until }), [{ is: 'active', number: 2, until }])
      assert.deepEqual(kinds(await host.check({ number: 3, until: subject.now() })), ['expired'])
      assert.equal((await host.after(50_000)).counts.expired, 1)
    },

    'the pre-queue gives ranks, once a visitor, and opens in their order': async (subject) => {
      const host = await sale(subject, { partialGroupSeconds: 0 }, 'prequeue')
      assert.deepEqual(await host.join('v1', 'v2', 'v1'), [
        { is: 'rank', rank: 1, created: true },
        { is: 'rank', rank: 2, created: true },
        { is: 'rank', rank: 1, created: false },
      ])
      const before = await host.tick()
      assert.deepEqual([before.counts.prequeued, before.admittedThrough, before.draw], [2, 0, null])
      await openDrawn(host)
      const document = await host.tick()
      assert.deepEqual([document.admittedThrough, document.counts.prequeued], [2, 0])
    },
    'an opened record whose draw is not fixed is not taken': async (subject) => {
      const host = await sale(subject, { policy: 'draw' }, 'prequeue')
      await host.crowd(3)
      const document = await host.configure({ state: 'open' })
      assert.deepEqual([document.state, document.draw], ['prequeue', null])
    },
    'the draw orders the pre-queue by the published key; later arrivals follow': async (subject) => {
      const host = await sale(subject, { ...shut, policy: 'draw' }, 'prequeue')
      await host.crowd(20)
      const left = [{ visitor: 'v7', place: { rank: 7 }, as: 'left' as const }]
      assert.deepEqual(await subject.port.leave({ scheduleId, epoch: host.record.epoch, places: left }), [true])
      const { draw, left: gone } = await openDrawn(host)
      assert.ok(draw)
      assert.deepEqual(gone, [numberOfRank(draw, 7)])
      assert.deepEqual(numbersOf(await host.join('later')), [21])
      const { items } = await subject.port.members({ scheduleId, epoch: host.record.epoch })
      const expected = Array.from({ length: 20 }, (_, i) => ({
        number: numberOfRank(draw, i + 1),
        visitor: `v${i + 1}`,
      }))
      expected.sort((a, b) => a.number - b.number)
      assert.deepEqual(
        items.map(({ number, visitor }) => ({ number, visitor })),
        [...expected, { number: 21, visitor: 'later' }],
      )
    },
    'a pre-queued visitor who joins again after the opening keeps the number drawn': async (subject) => {
      const host = await sale(subject, { ...shut, policy: 'draw' }, 'prequeue')
      await host.crowd(5)
      const { draw } = await openDrawn(host)
      assert.ok(draw)
      const number = numberOfRank(draw, 3)
      const [first] = await host.join('v3')
      assert.ok(first?.is === 'rank' || first?.is === 'number')
      const again = { visitor: 'v3', operationId: 'again', ticket: { number } }
      assert.deepEqual(await host.joinAs(again), [{ is: 'number', number, created: false }])
      assert.deepEqual(await host.join('v3'), [{ is: 'number', number, created: false }])
      await host.leave(number)
      assert.equal((await host.tick()).tail, 5)
    },
    'one who left the pre-queue and joins after the opening is a new and later arrival': async (subject) => {
      const host = await sale(subject, { ...shut, policy: 'draw' }, 'prequeue')
      await host.crowd(5)
      const places = [{ visitor: 'v3', as: 'left' as const }]
      assert.deepEqual(await subject.port.leave({ scheduleId, epoch: host.record.epoch, places }), [true])
      const { draw } = await openDrawn(host)
      assert.ok(draw)
      const again = { visitor: 'v3', operationId: 'again', ticket: { number: numberOfRank(draw, 3) } }
      assert.deepEqual(numbersOf(await host.joinAs(again)), [6])
    },

    'members come in number order, by group and by page': async (subject) => {
      const host = await sale(subject, { ...shut, groupSize: 400 })
      for (let from = 1; from <= 1_200; from += 200) await host.crowd(200, from)
      const { epoch } = host.record
      const first = await subject.port.members({ scheduleId, epoch })
      assert.deepEqual([first.items.length, first.items[999]], [1_000, { group: 3, number: 1_000, visitor: 'v1000' }])
      assert.ok(first.next)
      const rest = await subject.port.members({ scheduleId, epoch, after: first.next })
      assert.deepEqual([rest.items.length, rest.items[0]?.number, rest.next], [200, 1_001, null])
      const group = await subject.port.members({ scheduleId, epoch, group: 2 })
      assert.deepEqual([group.items.length, group.items[0]?.number, group.next], [400, 401, null])
      assert.deepEqual((await subject.port.members({ scheduleId, epoch, group: 9 })).items, [])
      assert.deepEqual((await subject.port.members({ scheduleId, epoch: 'other' })).items, [])
      await assert.rejects(subject.port.members({ scheduleId, epoch, after: 'x' }), { code: 'INVALID' })
    },

    'a reset starts at number 1 in a new epoch; nothing of the old one is known': async (subject) => {
      const host = await offered(subject)
      await host.claim(1)
      const old = host.record.epoch
      const before = await host.tick()
      const document = await host.configure({ epoch: 'epoch-2', ceiling: 100 })
      assert.ok(document.version > before.version)
      assert.deepEqual([document.epoch, document.tail, document.counts.joined], ['epoch-2', 0, 0])
      const places = [{ number: 1, visitor: 'v1', until: subject.now() + 60_000 }]
      for (const mode of ['claim', 'check'] as const) {
        const replies = answered(await subject.port.claim({ scheduleId, epoch: old, mode, places }))
        assert.deepEqual(replies, [{ is: 'epoch-over' }])
      }
      const leavers = [{ visitor: 'v1', as: 'left' as const }]
      assert.deepEqual(await subject.port.leave({ scheduleId, epoch: old, places: leavers }), [false])
      assert.deepEqual(numbersOf(await host.join('v5')), [1])
    },
    'versions rise with every change and with nothing else': async (subject) => {
      const host = await sale(subject, { capacity: 1, partialGroupSeconds: 0 })
      const versions = [(await host.tick()).version]
      const step = async (act: () => Promise<unknown>) => {
        await act()
        versions.push((await host.tick()).version)
      }
      await step(() => host.crowd(2))
      await step(() => host.leave(1))
      await step(() => host.claim(2))
      await step(() => host.settings({ capacity: 5 }))
      assert.deepEqual(
        versions,
        [...new Set(versions)].sort((a, b) => a - b),
      )
      assert.equal((await host.after(1_000)).version, versions.at(-1))
    },

    'lost: tail is the ceiling, so that no number is issued twice': async (subject) => {
      const host = await sale(subject, shut)
      await host.crowd(5)
      const known = await host.tick()
      await subject.restart({ empty: true })
      assert.equal(await subject.port.configure({ scheduleId, record: host.change({}) }), 'RECOVER')
      const document = await host.install(known)
      assert.deepEqual([document.tail, document.ceiling], [10_000, 10_000])
      assert.ok(document.version > known.version)
      assert.deepEqual(kinds(await host.join('new')), ['ceiling'])
      await host.configure({ ceiling: 20_000 })
      assert.deepEqual(numbersOf(await host.join('new')), [10_001])
    },
    'lost: a ticket brings its number back, and only once a visitor': async (subject) => {
      const host = await sale(subject, shut)
      await host.crowd(5)
      await subject.restart({ empty: true })
      await host.install()
      const join = { visitor: 'v4', operationId: 'op', ticket: { number: 4 } }
      assert.deepEqual(await host.joinAs(join), [{ is: 'number', number: 4, created: false }])
      assert.deepEqual(await host.join('v4'), [{ is: 'number', number: 4, created: false }])
      await host.leave(4)
      await host.configure({ ceiling: 20_000 })
      assert.deepEqual(numbersOf(await host.joinAs({ ...join, operationId: 'op-2' })), [10_001])
    },
    'lost: slots that were taken stay taken until passTtl from recovery': async (subject) => {
      const host = await offered(subject, { passTtlSeconds: 100 })
      await host.claim(1, 2)
      const known = await host.tick()
      await subject.restart({ empty: true })
      const document = await host.install(known)
      assert.deepEqual([document.admittedThrough, document.counts.active], [3, 3])
      assert.equal((await host.after(99_999)).admittedThrough, 3)
      assert.equal((await host.after(1)).admittedThrough, 6)
    },
    'lost with nobody who knows: every slot is taken, nobody is admitted by accident': async (subject) => {
      const host = await offered(subject, { passTtlSeconds: 100 })
      await subject.restart({ empty: true })
      assert.equal((await host.install()).admittedThrough, 0)
      assert.equal((await host.after(99_999)).admittedThrough, 0)
      assert.equal((await host.after(1)).counts.offered, 3)
    },
    'lost: a pass goes on, and shows how far the line had come': async (subject) => {
      const host = await offered(subject, { passTtlSeconds: 100 })
      await subject.restart({ empty: true })
      await host.install()
      const until = subject.now() + 60_000
      assert.deepEqual(await host.check({ number: 3, until }), [{ is: 'active', number: 3, until }])
      const document = await host.tick()
      assert.deepEqual([document.admittedThrough, document.counts.active], [3, 3])
      // One who had been offered a slot claims one of those that were lost; all three are taken then.
      assert.deepEqual(kinds(await host.claim(1, 2, 4)), ['active', 'active', 'waiting'])
      assert.equal((await host.tick()).counts.active, 3)
    },
    'lost: one whom the line had passed without a slot left is late, not lost': async (subject) => {
      const host = await offered(subject, { capacity: 1, passTtlSeconds: 100, claimWindowSeconds: 10 })
      await host.after(10_000)
      const known = await host.tick()
      await subject.restart({ empty: true })
      await host.install(known)
      assert.deepEqual(kinds(await host.claim(2, 1)), ['active', 'late'])
      assert.deepEqual((await host.after(100_000)).late, [])
      assert.deepEqual(kinds(await host.claim(1)), ['active'])
    },
    'lost: known rate and capacity are kept in the first minute after': async (subject) => {
      const host = await sale(subject, { ratePerMinute: 10, groupSize: 10 })
      await host.crowd(30)
      const known = await host.tick()
      assert.equal(known.admittedThrough, 10)
      await subject.restart({ empty: true })
      await host.install(known)
      assert.equal((await host.after(59_000)).admittedThrough, 10)
    },
    'a restart that kept its data keeps every place and every end': async (subject) => {
      const host = await offered(subject)
      await host.claim(1)
      await host.leave(1)
      await host.claim(2)
      const known = await host.tick()
      await subject.restart({ empty: false })
      const document = await host.install(known)
      assert.deepEqual([document.admittedThrough, document.counts.left], [known.admittedThrough, 1])
      assert.deepEqual(kinds(await host.claim(1, 2)), ['left', 'active'])
      const joins = [{ visitor: 'v1', operationId: 'new', ticket: { number: 1 } }]
      assert.deepEqual(kinds(await host.joinAs(...joins)), ['ceiling'])
    },
    'a life of the line that the store saw nothing of makes it RECOVER': async (subject) => {
      const host = await sale(subject)
      await host.crowd(2)
      const record = host.change({ lineIncarnation: 9, ceiling: 50_000 })
      assert.equal(await subject.port.configure({ scheduleId, record }), 'RECOVER')
      assert.equal((await host.install()).tail, 50_000)
    },
    'recovery with a record that is not newer is refused': async (subject) => {
      const host = await sale(subject)
      const { record } = host
      await subject.restart({ empty: false })
      assert.equal(await subject.port.configure({ scheduleId, record, recover: true }), 'RECOVER')
    },
    'a pre-queue that was lost keeps its ranks': async (subject) => {
      const host = await sale(subject, { ...shut, policy: 'draw' }, 'prequeue')
      await host.crowd(5)
      await subject.restart({ empty: true })
      const document = await host.install()
      assert.deepEqual([document.tail, document.draw], [10_000, null])
      const join = { visitor: 'v4', operationId: 'op', ticket: { rank: 4 } }
      assert.deepEqual(await host.joinAs(join), [{ is: 'rank', rank: 4, created: false }])
    },
  })

/** Ten visitors in one group, of whom the capacity (3) has been offered. */
async function offered(subject: AdmissionQueueSubject, settings: Partial<SaleSettings> = {}): Promise<Host> {
  const host = await sale(subject, { ...settings, ...shut, groupSize: settings.groupSize ?? 10 })
  await host.crowd(10)
  await host.settings({ capacity: settings.capacity ?? 3 })
  await host.tick()
  return host
}

/** Fixes the draw in the record, as the waiting room does, and opens. */
async function openDrawn(host: Host): Promise<LineDocument> {
  const { tail } = await host.tick()
  const { draw, settings } = host.record
  const made = { policy: settings.policy, n: tail, beacon: settings.beacon }
  return host.configure({ state: 'open', draw: draw && { secret: draw.secret, commitment: draw.commitment, made } })
}
