import { expect, test } from 'vitest'
import { generateBallpark } from './catalogue/ballpark.ts'
import { createBookingEngine } from './engine.ts'
import type { EngineOptions } from './engine-options.ts'
import { inMemoryAdapters, type MemoryAdapters } from './memory.ts'
import { bundle } from './shared/bundle.ts'
import { manualRuntime } from './shared/contract.ts'

const tokenSecrets = [{ kid: 'k', secret: 'a-secret-of-at-least-32-characters' }]
const sale = { scheduleId: 'game-1' }

/** A sale that is open, one visitor inside with a hold, and stores that fail with errors of their own from `break` on. */
async function openHouse() {
  const runtime = manualRuntime()
  const adapters = inMemoryAdapters({ runtime })
  let broken: keyof MemoryAdapters | null = null
  const fragile = Object.fromEntries(
    Object.entries(adapters).map(([name, port]) => [
      name,
      new Proxy(port as object, {
        get: (target, key) => {
          const member = Reflect.get(target, key)
          if (typeof member !== 'function') return member
          return (...params: readonly unknown[]) => {
            if (name === broken) return Promise.reject(new TypeError('connection lost'))
            return member.apply(target, params)
          }
        },
      }),
    ]),
  ) as unknown as MemoryAdapters
  const engine = await createBookingEngine({ ...fragile, runtime, tokenSecrets })
  await engine.schedules.create({ ...sale, venue: generateBallpark({ seats: 100 }), state: 'open' })
  const { status } = await engine.waitingRoom.join({ ...sale, visitor: 'ann' })
  if (status.state !== 'admitted') throw new Error('not admitted')
  const hold = await engine.seating.autoAssign({ pass: status.pass, quantity: 2 })
  if (!hold.ok) throw new Error(hold.reason)
  const order = { pass: status.pass, hold: hold.value, buyer: { email: 'ann@example.com' } }
  return {
    ...{ engine, runtime, adapters, order: { ...order, paymentToken: 'tok_approve', idempotencyKey: 'k' } },
    break: (name: keyof MemoryAdapters | null) => {
      broken = name
      // Copies that are fresh would hide that the store is gone.
      runtime.advance(2_000)
    },
  }
}

test('what cannot be an engine is CONFIG_INVALID, and says what is missing', async () => {
  const good = { ...inMemoryAdapters(), tokenSecrets }
  const wrong: readonly unknown[] = [
    ...[undefined, null, 7, [], {}, { tokenSecrets }, { ...good, tokenSecrets: [] }],
    ...[
      { roles: ['boss'] },
      { roles: 'web' },
      { policy: 'best' },
      { runtime: {} },
      { observer: { log: () => {} } },
    ].map((over) => ({ ...good, ...over })),
    ...Object.keys(inMemoryAdapters())
      .filter((name) => !['record', 'fenceSource', 'answerStore'].includes(name))
      .map((name) => ({ ...good, [name]: undefined })),
  ]
  for (const options of wrong)
    await expect(createBookingEngine(options as EngineOptions)).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  await expect(createBookingEngine({ ...good, gateway: null } as never)).rejects.toThrow('gateway')
  await using engine = await createBookingEngine(good)
  expect(engine.schedules).toBeDefined()
})

test('bundles spread side by side are each closed once, after what the host opened', async () => {
  const closed: string[] = []
  const of = (name: string, error?: Error) => async () => {
    closed.push(name)
    if (error) throw error
  }
  const { lockStore, changeFeed, eventBus, outbox, ...rest } = inMemoryAdapters()
  const engine = await createBookingEngine({
    ...{ ...rest, tokenSecrets },
    ...bundle({ lockStore, changeFeed }, of('one')),
    ...bundle({ eventBus }, of('two', new Error('two does not close'))),
    ...bundle({ outbox }, of('three')),
    close: of('host'),
  })
  await expect(engine.close()).rejects.toThrow('two does not close')
  await expect(engine.close()).rejects.toThrow('two does not close')
  expect(closed).toEqual(['host', 'one', 'two', 'three'])
})

test('a bundle is closed by itself too, and not again by the engine that has one of its doors', async () => {
  let closed = 0
  const { lockStore, eventBus, ...rest } = inMemoryAdapters()
  const inner = bundle({ lockStore, eventBus }, async () => {
    closed++
  })
  const engine = await createBookingEngine({ ...rest, tokenSecrets, lockStore, eventBus: inner.eventBus })
  await inner.close()
  await engine.close()
  await inner.close()
  expect(closed).toBe(1)
})

test('a closed engine sells nothing: what needs a store is CLOSED', async () => {
  const { engine, order } = await openHouse()
  const { pass } = order
  await engine.close()
  const visitor = 'late-fan'
  await expect(engine.waitingRoom.join({ scheduleId: pass.scheduleId, visitor })).rejects.toMatchObject({
    code: 'CLOSED',
  })
  await expect(engine.seating.autoAssign({ pass, quantity: 1 })).rejects.toMatchObject({ code: 'CLOSED' })
  await expect(engine.payments.request(order)).rejects.toMatchObject({ code: 'CLOSED' })
})

test('I18: whatever a store throws of its own is BUSY to the caller, and changes nothing', async () => {
  const house = await openHouse()
  const { engine, order } = house
  const pay = () => engine.payments.request(order)
  const operations: readonly (readonly [keyof MemoryAdapters, () => Promise<unknown>])[] = [
    ['catalogue', () => engine.schedules.get(sale)],
    ['catalogue', () => engine.schedules.list()],
    ['catalogue', () => engine.schedules.setState({ ...sale, state: 'paused' })],
    ['admissionQueue', () => engine.waitingRoom.join({ ...sale, visitor: 'bob' })],
    ['seatInventory', () => engine.seating.autoAssign({ pass: order.pass, quantity: 1 })],
    ['bookingStore', pay],
    ['bookingStore', () => engine.payments.status({ requestId: 'r', visitor: 'ann' })],
    ['bookingStore', () => engine.bookings.list({ visitor: 'ann' })],
    ['bookingStore', () => engine.bookings.cancel({ reservationId: 'r' })],
    ['bookingStore', () => engine.notices.resend({ reservationId: 'r' })],
    ['bookingStore', () => engine.leave({ ...sale, visitor: 'ann' })],
    ['deadLetters', () => engine.deadLetters.list()],
  ]
  for (const [store, operation] of operations) {
    house.break(store)
    await expect(operation(), store).rejects.toMatchObject({ name: 'TicketingError', code: 'BUSY', retryInMs: 1_000 })
  }
  house.break(null)
  expect(await engine.waitingRoom.stats(sale)).toMatchObject({ joined: 1, active: 1 })
  expect(await engine.seating.stats(sale)).toMatchObject({ reserved: 2, completed: 0 })
  expect((await engine.bookings.list({})).items).toEqual([])
  expect(await pay()).toMatchObject({ status: 'PENDING', replayed: false })
})

test('I18: one loop that fails does not stop the others of a tick', async () => {
  const house = await openHouse()
  const { engine, runtime } = house
  runtime.advance(300_000)
  house.break('outbox')
  await expect(engine.tick()).rejects.toMatchObject({ code: 'BUSY', cause: new TypeError('connection lost') })
  expect((await house.adapters.seatInventory.reap({ ...sale, limit: 10 })).changes).toEqual([])
  expect(await engine.seating.stats(sale)).toMatchObject({ reserved: 0, available: 100 })
})
