import { defaultSettings } from '@b-ticketing/core'
import { seatSourceContract } from '@b-ticketing/core/conformance'
import type { HoldChange, HoldRecord, Schedule, Section, Venue } from '@b-ticketing/core/ports'
import { expect, test } from 'vitest'
import { orderOf, readClaims } from './booking.test-support.ts'
import { createMysqlBookingStore } from './booking-store.ts'
import { createMysqlCatalogue } from './catalogue.ts'
import { describeSql, type TestDatabase } from './mysql.test-support.ts'
import { statement } from './query.ts'
import { seatSourceSubject } from './seat-source.test-support.ts'
import { createMysqlSeatSource } from './seat-source.ts'
import type { Store } from './store.ts'
import { createVenues } from './venues.ts'

const scheduleId = 'game-1'
const seats = Array.from({ length: 40 }, (_, i) => ({ seatId: `A-1-${i}`, label: `${i}`, x: i, y: 0, position: i }))
const seated: Section = {
  ...{ id: 'A', label: 'A', kind: 'seated', grade: 'red', x: 0, y: 0, capacity: 40, focalPoint: { x: 0, y: 0 } },
  rows: [{ id: '1', label: '1', seats }],
}
const elastic: Section = { ...seated, id: 'E', kind: 'elastic', capacity: 0, maxCapacity: 50, rows: [] }
const venue: Venue = {
  ...{ venueId: 'v-1', name: '구장', currency: 'KRW', grades: [{ id: 'red', label: 'Red', price: 10_000 }] },
  sections: [seated, elastic],
}
const schedule: Schedule = {
  ...{
    scheduleId,
    venueId: 'v-1',
    name: '개막전',
    currency: 'KRW',
    startsAt: null,
    opensAt: null,
    prices: { red: 10_000 },
  },
  ...{ state: 'open', settings: defaultSettings },
}

async function putSchedule(database: TestDatabase): Promise<void> {
  const catalogue = createMysqlCatalogue(database)
  await catalogue.putVenue({ venue, by: 'test' })
  await catalogue.putSchedule({ schedule, epoch: 'epoch-1', draw: null, by: 'test' })
}

const sourceOn = (store: Store) => createMysqlSeatSource({ ...store, venues: createVenues() })

const hold = (holdId: string, version: number, more: Partial<HoldRecord> = {}): HoldRecord => ({
  ...{ holdId, version, scheduleId, holder: 'ann', parts: [{ section: 'A', seats: [version % 40] }] },
  ...{ price: { value: 10_000, currency: 'KRW' }, createdAt: 1, expiresAt: 1_800_000_300_000 + version },
  ...{ epoch: 'epoch-1', requestId: null, ...more },
})

const blockOf = (seat: number, blocked: boolean) => ({
  ...{ scheduleId, parts: [{ section: 'A', seat, seatId: `A-1-${seat}` }], blocked, by: 'operator' },
})

const toBlock = ['DELETE FROM bt_claim', "INSERT INTO bt_seat_block VALUES ('game-1', 'A', 1, 1, 5)"]
const toClaim = ['DELETE FROM bt_seat_block', "INSERT INTO bt_claim VALUES ('game-1', 'A', 1, 'pay-1')"]

await describeSql('seat source', (server) => {
  const subject = async () => seatSourceSubject(await server.openDatabase())

  for (const { name, run } of seatSourceContract(subject)) test(name, run)

  test('H13: what is loaded is of one instant: never half of a transaction', async () => {
    await using database = await server.openDatabase()
    await putSchedule(database)
    const writer = database.beside()
    const store = createMysqlBookingStore(database)
    await store.open({ requests: [orderOf('pay-1', [1])] })
    let over = false
    // In each transaction the seat is either claimed or blocked, never both and never neither.
    const flipping = (async () => {
      for (let i = 0; i < 60; i++) {
        const claimed = i % 2 === 1
        await writer.inTransaction(async (tx) => {
          for (const sql of claimed ? toClaim : toBlock) await tx.run(statement(sql))
        })
      }
      over = true
    })()
    const seen = new Set<string>()
    while (!over) {
      const [section] = await sourceOn(database).load({ scheduleId, sections: ['A'] })
      seen.add(`${section?.claims.length} claimed, ${section?.blocked.length} blocked`)
    }
    await flipping
    expect([...seen].sort()).toEqual(['0 claimed, 1 blocked', '1 claimed, 0 blocked'])
  })

  test('a seat that is blocked and claimed at once goes to one of them', async () => {
    await using database = await server.openDatabase()
    await putSchedule(database)
    const bookings = createMysqlBookingStore(database.beside())
    const source = sourceOn(database)
    for (let seat = 0; seat < 40; seat++) {
      const order = orderOf(`pay-${seat}`, [seat])
      const [[opened], blocked] = await Promise.all([
        bookings.open({ requests: [order] }),
        source.block(blockOf(seat, true)),
      ])
      expect([opened?.is === 'opened', blocked.ok].filter(Boolean), `seat ${seat}`).toHaveLength(1)
    }
    const [section] = await source.load({ scheduleId, sections: ['A'] })
    const claims = await readClaims(database)
    expect(claims.length + (section?.blocked.length ?? 0)).toBe(40)
  })

  test('for one seat a later owner has a later version, blocks and payments alike', async () => {
    await using database = await server.openDatabase()
    await putSchedule(database)
    const bookings = createMysqlBookingStore(database)
    const source = sourceOn(database)
    const versions: number[] = []
    for (let i = 0; i < 3; i++) {
      for (const blocked of [true, false]) {
        const done = await source.block(blockOf(3, blocked))
        versions.push(done.ok ? done.versions[0]! : -1)
      }
      const [opened] = await bookings.open({ requests: [orderOf(`pay-${i}`, [3])] })
      if (opened?.is !== 'opened') throw new Error(`the seat was not claimed: ${opened?.is}`)
      const { record } = opened
      const from = { state: record.state, version: record.version }
      const failed = {
        requestId: `pay-${i}`,
        from,
        to: 'FAILED',
        claims: 'free',
        event: 'declined',
        outbox: [],
      } as const
      const [freed] = await bookings.advance({ changes: [failed] })
      versions.push(record.recordVersion, freed?.is === 'advanced' ? freed.record.recordVersion : -1)
    }
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b))
  })

  test('holds saved by several processes in any order end as the newest says', async () => {
    await using database = await server.openDatabase()
    await putSchedule(database)
    const ids = Array.from({ length: 30 }, (_, i) => `h-${i}`)
    const changes: HoldChange[] = ids.flatMap((holdId, i) => [
      ...[1, 2, 3].map((version) => ({ is: 'held', hold: hold(holdId, version * 100 + i) }) as const),
      ...(i % 3 === 0 ? [{ is: 'ended', scheduleId, holdId, version: 300 + i } as const] : []),
    ])
    const sources = [sourceOn(database), sourceOn(database.beside()), sourceOn(database.beside())]
    const dealt = Array.from({ length: 12 }, (_, turn) =>
      changes.filter((_, i) => (i * 7 + turn) % 4 !== 0).sort((a, b) => mixed(a, turn) - mixed(b, turn)),
    )
    await Promise.all(dealt.map((part, turn) => sources[turn % 3]!.saveHolds({ changes: part })))
    const [section] = await sources[0]!.load({ scheduleId, sections: ['A'] })
    const kept = ids.flatMap((holdId, i) => (i % 3 === 0 ? [] : [hold(holdId, 300 + i)]))
    expect([...(section?.holds ?? [])].sort(byId)).toEqual(kept.sort(byId))
  })

  test('what ended or was due long ago is deleted, what a late writer may still bring back is not', async () => {
    await using database = await server.openDatabase()
    const ids = async () =>
      (await database.rows('SELECT hold_id FROM bt_hold ORDER BY hold_id')).map((row) => row.hold_id)
    const held = { is: 'held', hold: hold('h-held', 1, { expiresAt: database.now() + 1_800_000 }) } as const
    const ended = { is: 'ended', scheduleId, holdId: 'h-ended', version: 1 } as const
    await sourceOn(database).saveHolds({ changes: [held, ended] })
    database.advance(3_599_999)
    await sourceOn(database).saveHolds({ changes: [] })
    expect(await ids()).toEqual(['h-ended', 'h-held'])
    database.advance(1)
    await sourceOn(database).saveHolds({ changes: [] })
    expect(await ids()).toEqual(['h-held'])
    database.advance(1_800_000)
    await sourceOn(database).saveHolds({ changes: [] })
    expect(await ids()).toEqual([])
  })

  test('A34: creators in several processes make every seat once, up to the last', async () => {
    await using database = await server.openDatabase()
    await putSchedule(database)
    const sources = [sourceOn(database), sourceOn(database.beside())]
    const made = await Promise.all(
      Array.from({ length: 60 }, (_, i) => {
        // Every operation is sent twice, to both.
        const operationId = `op-${i >> 1}`
        return sources[i % 2]!.createSeats({
          scheduleId,
          section: 'E',
          operationId,
          count: 1 + ((i >> 1) % 3),
          max: 50,
        })
      }),
    )
    for (let i = 0; i < made.length; i += 2) expect(made[i]).toEqual(made[i + 1])
    const ids = made
      .filter((_, i) => i % 2 === 0)
      .flatMap((one) => (one === 'full' ? [] : one.seats.map(({ seatId }) => seatId)))
    expect(new Set(ids).size).toBe(ids.length)
    const [section] = await sources[1]!.load({ scheduleId, sections: ['E'] })
    expect([section?.count, new Set(section?.created.map(({ seatId }) => seatId))]).toEqual([ids.length, new Set(ids)])
    expect(ids.length).toBeGreaterThan(47)
  })
})

const byId = (a: HoldRecord, b: HoldRecord): number => (a.holdId < b.holdId ? -1 : 1)

/** Another order each turn. */
const mixed = (change: HoldChange, turn: number): number => {
  const id = change.is === 'held' ? change.hold.version : change.version + 7
  return (id * (2 * turn + 3) * 7919) % 1009
}
