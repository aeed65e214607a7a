import assert from 'node:assert/strict'
import { createMemoryBookingStore, createMemoryRecord } from '@b-ticketing/core/memory'
import type { Advance, BookingStore, OpenRequest, PaymentKey, PaymentRecord } from '@b-ticketing/core/ports'
import { test } from 'vitest'
import { messageOf, orderOf, readClaims, readOutbox } from './booking.test-support.ts'
import { createMysqlBookingStore } from './booking-store.ts'
import { createDice } from './dice.test-support.ts'
import { describeSql, type TestDatabase } from './mysql.test-support.ts'

const states = ['REQUESTED', 'CHARGING', 'UNKNOWN', 'NEEDS_REVIEW'] as const

/** One crowd in front of two records: whatever is asked of one is asked of the other, and both must answer the same. */
class Twins {
  readonly dice
  readonly database: TestDatabase
  readonly memory: BookingStore
  readonly mysql: BookingStore
  readonly claimsInMemory: () => readonly object[]
  readonly blocksInMemory: Map<string, { readonly blocked: boolean; readonly recordVersion: number }>
  readonly outboxInMemory: () => readonly { readonly lane: number; readonly message: { readonly eventId: string } }[]
  /** Each record counts its versions by itself: those of the one by those of the other. */
  readonly versions = new Map<number, number>()
  readonly answered = new Map<string, number>()
  orders: OpenRequest[] = []
  serial = 0

  constructor(database: TestDatabase, seed: number) {
    this.dice = createDice(seed)
    this.database = database
    const record = createMemoryRecord()
    this.memory = createMemoryBookingStore({ record, runtime: database })
    this.mysql = createMysqlBookingStore(database)
    this.claimsInMemory = () => [...record.table<object>({ name: 'claim' }).values()]
    this.blocksInMemory = record.table({ name: 'seat-block' })
    this.outboxInMemory = () => [...record.table<never>({ name: 'outbox' }).values()]
  }

  pick<T>(from: readonly T[]): T {
    return from[this.dice(from.length)] as T
  }

  async same<T>(ask: (store: BookingStore) => Promise<T>, what: unknown): Promise<T> {
    const before = JSON.stringify(what)
    const [ours, theirs] = [await ask(this.mysql), await ask(this.memory)]
    assert.deepEqual(plain(ours), plain(theirs), before)
    this.match(theirs, ours)
    for (const reply of Array.isArray(theirs) ? theirs : []) {
      const is = String(typeof reply === 'object' ? (reply?.is ?? 'record') : reply)
      this.answered.set(is, (this.answered.get(is) ?? 0) + 1)
    }
    return theirs
  }

  /** The two count alike: a version is always the same one, and whatever is new is later than all before. */
  match(theirs: unknown, ours: unknown): void {
    const [mine, his] = [versionsIn(ours), versionsIn(theirs)]
    const before = Math.max(0, ...this.versions.values())
    for (const [i, version] of his.entries()) {
      const known = this.versions.get(version)
      if (known === undefined) assert.ok(mine[i]! > before)
      else assert.equal(mine[i], known)
    }
    for (const [i, version] of his.entries()) this.versions.set(version, mine[i]!)
    assert.equal(new Set(this.versions.values()).size, this.versions.size)
  }

  order(): OpenRequest {
    const old = this.orders.length > 0 ? this.pick(this.orders) : undefined
    const dice = this.dice(10)
    if (old && dice === 0) return old
    const id = `r${this.serial++}`
    const seats = Array.from({ length: 1 + this.dice(3) }, () => this.dice(9))
    const scheduleId = this.dice(10) ? 'game-1' : 'game-2'
    const place = { section: this.pick(['A', 'B']), visitor: `v${this.dice(4)}`, scheduleId }
    const fresh = orderOf(id, [...new Set(seats)].sort(), place)
    const { visitor, idempotencyKey, fingerprint, hold } = old ?? fresh
    const made =
      old && dice === 1
        ? { ...fresh, visitor, idempotencyKey }
        : old && dice === 2
          ? { ...fresh, visitor, idempotencyKey, fingerprint }
          : old && dice === 3
            ? { ...fresh, visitor, hold }
            : fresh
    this.orders.push(made)
    return made
  }

  async open(): Promise<void> {
    const requests = Array.from({ length: 1 + this.dice(8) }, () => this.order())
    await this.same((store) => store.open({ requests }), requests)
  }

  change(record: PaymentRecord): Advance {
    const { requestId, state, version } = record
    const isStale = this.dice(12) === 0
    const from = { state, version: isStale ? version + 1 - this.dice(3) : version }
    const base = { requestId: this.dice(30) ? requestId : 'nobody', from, outbox: [], event: 'test' }
    const consumed = this.dice(3) === 0 ? { consumed: { consumer: 'c', eventId: `e${this.dice(30)}` } } : {}
    const due = this.pick([{}, { dueInMs: null }, { dueInMs: this.dice(3) * 1_000 }])
    const audit = this.dice(8)
      ? {}
      : { audit: { by: 'operator', action: 'test', subject: requestId, detail: { is: '✓' } } }
    const more = { ...base, ...consumed, ...due, ...audit }
    if (state === 'COMPLETED') return { ...more, ...this.refund(record) }
    const completed = { to: 'COMPLETED' as const, reason: null, booking: bookingFor(record, 'none', record.updatedAt) }
    const sold = { ...completed, outbox: [messageOf('payment-completed', requestId)] }
    if (state === 'FAILED') {
      const kept = { to: 'FAILED' as const, claims: 'keep' as const, refund: 'PENDING' as const }
      return { ...more, ...(this.dice(3) ? { ...sold, claims: 'retake' } : kept) }
    }
    const dice = this.dice(10)
    if (dice < 3) return { ...more, ...sold, claims: 'sell' }
    if (dice < 7) return { ...more, to: 'FAILED', claims: 'free', reason: this.pick(['declined', '거절 😀', null]) }
    return { ...more, to: this.pick(states), claims: 'keep', ...(this.dice(2) && { attempts: this.dice(5) }) }
  }

  refund(record: PaymentRecord): Pick<Advance, 'to' | 'claims' | 'refund' | 'booking'> {
    const refund = this.pick(['PENDING', 'ERROR', 'DONE'] as const)
    const booking = bookingFor(record, refund, 0)
    return { to: 'COMPLETED', claims: refund === 'DONE' ? 'free' : 'keep', refund, booking }
  }

  async advance(): Promise<void> {
    const records = await this.known()
    if (records.length === 0) return
    const changes = Array.from({ length: 1 + this.dice(6) }, () => this.change(this.pick(records)))
    await this.same((store) => store.advance({ changes }), changes)
  }

  async known(): Promise<readonly PaymentRecord[]> {
    const keys = Array.from({ length: 8 }, () => ({ requestId: `r${this.dice(this.serial + 1)}` }))
    return (await this.same((store) => store.find({ keys }), keys)).filter((record) => record !== null)
  }

  async find(): Promise<void> {
    const keys = Array.from({ length: 1 + this.dice(5) }, (): PaymentKey => {
      const { requestId, reservationId, visitor, idempotencyKey, hold } = this.order()
      return this.pick<PaymentKey>([
        { requestId },
        { reservationId },
        { visitor, idempotencyKey },
        { holdId: hold.holdId },
        { visitor: 'v9', idempotencyKey },
      ])
    })
    await this.same((store) => store.find({ keys }), keys)
  }

  async abandon(): Promise<void> {
    const requestIds = [`r${this.dice(this.serial + 4)}`, `r${this.serial + this.dice(3)}`]
    await this.same((store) => store.abandon({ requestIds }), requestIds)
  }

  async due(): Promise<void> {
    const ask = async (store: BookingStore) => {
      const due = await store.due({ worker: 'w', limit: 1_000, leaseMs: 5_000 })
      return [...due].sort((a, b) => (a.requestId < b.requestId ? -1 : 1))
    }
    await this.same(ask, 'due')
  }

  async list(): Promise<void> {
    const p = {
      ...(this.dice(2) && { visitor: `v${this.dice(4)}` }),
      ...(this.dice(2) && { scheduleId: this.pick(['game-1', 'game-2']) }),
      ...(this.dice(2) && { bookedOnly: true }),
    }
    const ask = async (store: BookingStore) => {
      const items: PaymentRecord[] = []
      let after: string | null | undefined
      do {
        const page = await store.list({ ...p, ...(after && { after }) })
        items.push(...page.items)
        after = page.next
      } while (after)
      // Those of one call may stand in any order.
      return items.sort((a, b) => b.createdAt - a.createdAt || (a.requestId < b.requestId ? -1 : 1))
    }
    await this.same(ask, p)
  }

  async history(): Promise<void> {
    const requestId = `r${this.dice(this.serial + 1)}`
    await this.same((store) => store.history({ requestId }), requestId)
  }

  /** An operator blocks a seat, or gives it free again. */
  async block(): Promise<void> {
    const [section, seat, blocked] = [this.pick(['A', 'B']), this.dice(9), this.dice(3) === 0]
    this.blocksInMemory.set(`game-1/${section}/${seat}`, { blocked, recordVersion: 0 })
    const row = ['game-1', section, seat, blocked ? 1 : 0, 0]
    await this.database.rows('REPLACE INTO bt_seat_block VALUES (?)', [row])
  }

  /** What stands in the tables. */
  async compare(): Promise<void> {
    const byPlace = (claims: readonly object[]) => claims.map((claim) => JSON.stringify(plain(claim), sorted)).sort()
    assert.deepEqual(byPlace(await readClaims(this.database)), byPlace(this.claimsInMemory()))
    const events = (rows: readonly { lane: number; message: { eventId: string } }[]) =>
      rows.map(({ lane, message }) => `${lane} ${message.eventId}`).sort()
    assert.deepEqual(events(await readOutbox(this.database)), events(this.outboxInMemory()))
  }

  async run(steps: number): Promise<void> {
    const turns = [
      ...Array<() => Promise<void>>(6).fill(() => this.open()),
      ...Array<() => Promise<void>>(9).fill(() => this.advance()),
      ...[
        () => this.find(),
        () => this.abandon(),
        () => this.due(),
        () => this.list(),
        () => this.history(),
        () => this.block(),
      ],
    ]
    for (let step = 0; step < steps; step++) {
      this.database.advance(1 + this.dice(1_500))
      await this.pick(turns)()
      if (step % 10 === 0) await this.compare()
    }
    await this.compare()
  }
}

const bookingFor = (record: PaymentRecord, refund: PaymentRecord['refund'], completedAt: number) => ({
  ...{ reservationId: record.reservationId, requestId: record.requestId, scheduleId: record.scheduleId },
  ...{ visitor: record.visitor, seats: record.hold.seats, amount: record.amount, refund },
  state: refund === 'DONE' ? ('CANCELLED' as const) : ('CONFIRMED' as const),
  createdAt: record.booking?.createdAt ?? completedAt,
})

const versionsIn = (value: unknown): number[] => {
  if (typeof value !== 'object' || value === null) return []
  const own = 'recordVersion' in value ? [value.recordVersion as number] : []
  return [...own, ...Object.values(value).flatMap(versionsIn)]
}

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, inner) => (key === 'recordVersion' ? undefined : inner)))

const sorted = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : value

await describeSql('payments, beside those of memory,', (server) => {
  for (let seed = 1; seed <= 4; seed++) {
    test(`are the same after the same history (seed ${seed})`, async () => {
      const database = await server.openDatabase()
      const twins = new Twins(database, seed)
      await twins.run(120)
      await database.close()
      // What the dice are for: every kind of answer was given.
      const given = [...twins.answered.keys()]
      for (const is of ['opened', 'replayed', 'key-reused', 'seats-taken', 'advanced', 'stale', 'consumed']) {
        assert.ok(given.includes(is), `never ${is}`)
      }
    }, 60_000)
  }
})
