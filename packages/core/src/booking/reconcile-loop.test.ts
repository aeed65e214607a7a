import { expect, test } from 'vitest'
import { createSchedules } from '../catalogue/catalogue.ts'
import type { Claim } from '../seating/claim.ts'
import type { HoldDesk } from '../seating/hold-desk.ts'
import type { Observer } from '../shared/observer.ts'
import { type BoxOffice, boxOffice, scheduleId } from './box-office.test-support.ts'
import { createReconcileLoop } from './reconcile-loop.ts'

/** A reconcile loop beside the house's own, with all that it tells. */
function watched(house: BoxOffice, desk: Partial<HoldDesk> = {}) {
  const lines: { readonly message: string; readonly fields: unknown }[] = []
  const repairs: Record<string, number> = {}
  const observer: Observer = {
    log: (_, message, fields) => void lines.push({ message, fields }),
    count: (name, labels, by = 1) => {
      expect(name).toBe('seat_repairs')
      repairs[labels!.kind!] = (repairs[labels!.kind!] ?? 0) + by
    },
    gauge: () => {},
  }
  const { store: bookingStore, projection, catalogue, runtime } = house
  const holdDesk = { ...house.desk, ...desk }
  const loop = createReconcileLoop({ bookingStore, holdDesk, projection, catalogue, runtime, observer })
  return { ...loop, lines, repairs }
}

/** The fast store as it was at another time: these claims, and no block. */
async function putBack(house: BoxOffice, claims: readonly Claim[]): Promise<void> {
  const states = await house.source.load({ scheduleId })
  house.inventory.lose()
  await house.inventory.install({
    scheduleId,
    incarnation: 5,
    sections: states.map((state) => ({
      ...state,
      ...{ claims: claims.filter(({ section }) => section === state.section), blocked: [], holds: [] },
    })),
  })
  // Older than what this process still remembers.
  await house.runtime.elapse(1_000)
}

const requestIdOf = async (house: BoxOffice, visitor: string) =>
  (await house.store.list({})).items.find((record) => record.visitor === visitor)!.requestId

test('S3: an old seat state is repaired from the record; each seat is counted, and one line tells of it', async () => {
  const house = await boxOffice()
  await house.pay('v1', [1, 2])
  await house.pay('v2', [4], 'tok_decline')
  await house.run(500)
  await house.seating.block({ scheduleId, seatIds: ['A-1-6'], blocked: true })
  const [paid, declined] = [await requestIdOf(house, 'v1'), await requestIdOf(house, 'v2')]
  const shown = await house.map()
  expect(shown).toBe('cc...b..............')
  const stray = { scheduleId, section: 'A', seat: 3, requestId: declined, holder: 'v2', recordVersion: 1 } as const
  await putBack(house, [{ ...stray, state: 'PAYING' }])
  expect(await house.map()).toBe('...r................')

  const reconcile = watched(house)
  await reconcile.tick()
  expect(await house.map()).toBe(shown)
  expect(reconcile.repairs).toEqual({ claim: 2, stray: 1, block: 1 })
  const examples = [
    { kind: 'claim', section: 'A', seat: 0, requestId: paid },
    { kind: 'claim', section: 'A', seat: 1, requestId: paid },
    { kind: 'stray', section: 'A', seat: 3, requestId: declined },
    { kind: 'block', section: 'A', seat: 5, requestId: undefined },
  ]
  expect(reconcile.lines).toEqual([
    {
      message: 'seats were repaired from the record',
      fields: { scheduleId, claim: 2, stray: 1, block: 1, examples },
    },
  ])

  await reconcile.tick()
  expect(reconcile.lines).toHaveLength(1)
})

test('what was paid and declined in order is no repair', async () => {
  const house = await boxOffice()
  const reconcile = watched(house)
  await house.pay('v1', [1])
  await house.pay('v2', [2], 'tok_decline')
  await house.pay('v3', [3], 'tok_slow')
  for (let i = 0; i < 4; i++) {
    await reconcile.tick()
    await house.run(500)
  }
  expect([reconcile.repairs, reconcile.lines]).toEqual([{}, []])
})

test('what was paid or declined between the reading of one store and the other is no repair', async () => {
  const house = await boxOffice()
  await house.pay('v2', [4], 'tok_decline')
  const reconcile = watched(house, {
    claims: async (p) => {
      await house.pay('v1', [1])
      await house.run(500)
      await house.seating.block({ scheduleId, seatIds: ['A-1-6'], blocked: true })
      return house.desk.claims(p)
    },
  })
  expect(await house.map()).toBe('...r................')
  await reconcile.tick()
  expect(await house.map()).toBe('c....b..............')
  expect([reconcile.repairs, reconcile.lines]).toEqual([{}, []])
})

test('a seat that has heard something newer is left alone, and is no repair', async () => {
  const house = await boxOffice()
  await house.pay('v1', [1])
  await house.run(500)
  const requestId = await requestIdOf(house, 'v1')
  const parts = [{ section: 'A', seats: [0] }]
  await house.desk.project({ scheduleId, parts, requestId, recordVersion: 900, state: 'AVAILABLE' })
  const reconcile = watched(house)
  await reconcile.tick()
  expect(await house.map()).toBe('....................')
  expect([reconcile.repairs, reconcile.lines]).toEqual([{}, []])
})

test('what was repaired before a fault is reported all the same', async () => {
  const house = await boxOffice()
  await house.pay('v1', [1])
  await house.run(500)
  const stray = { scheduleId, section: 'A', seat: 3, requestId: 'nobody', holder: 'v2', recordVersion: 1 } as const
  await putBack(house, [{ ...stray, state: 'PAYING' }])
  house.store.find = () => Promise.reject(new Error('down'))
  const reconcile = watched(house)
  await expect(reconcile.tick()).rejects.toThrow('down')
  expect(reconcile.repairs).toEqual({ claim: 1 })
})

test('a pin that was left behind is a repair once it is freed, not when its payment is under way', async () => {
  const house = await boxOffice()
  await house.pay('v1', [1], 'tok_slow')
  const { holdId, version, holder } = await house.hold('v2', 3)
  await house.desk.pin({ scheduleId, holdId, version, holder, requestId: 'nobody', leaseMs: 1 })
  const reconcile = watched(house)
  await reconcile.onStalePins({ scheduleId, requestIds: [await requestIdOf(house, 'v1'), 'nobody'] })
  expect(await house.map()).toBe('r...................')
  expect(reconcile.repairs).toEqual({ stray: 1 })
})

test('a damaged sale does not keep the loop from those after it, and is told of', async () => {
  const house = await boxOffice()
  await createSchedules(house).schedules.create({ scheduleId: 'game-2', venueId: 'park', state: 'open' })
  const parts = [{ section: 'B', seat: 2, seatId: 'B-1-3' }]
  await house.desk.owners({ scheduleId: 'game-2' })
  // A crash between the record and the projection.
  await house.source.block({ scheduleId: 'game-2', parts, blocked: true, by: 'operator' })
  const damage = new Error('damaged')
  const reconcile = watched(house, {
    owners: (p) => (p.scheduleId === scheduleId ? Promise.reject(damage) : house.desk.owners(p)),
  })
  await expect(reconcile.tick()).rejects.toBe(damage)
  expect(reconcile.repairs).toEqual({ block: 1 })
  expect(reconcile.lines[0]).toEqual({
    message: 'a sale could not be reconciled',
    fields: { scheduleId, error: damage },
  })
})

test('S3: a claim that shows itself when somebody pays for its seat is a repair, too', async () => {
  const house = await boxOffice()
  await house.pay('v1', [1])
  await house.run(500)
  await putBack(house, [])
  await expect(house.pay('v2', [1], 'tok_approve', 'k2')).rejects.toMatchObject({ code: 'HOLD_EXPIRED' })
  expect(await house.map()).toBe('c...................')
  expect(house.repairs).toEqual(['claim'])
})
