import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createBookingEngine } from './engine.ts'
import * as frontDoor from './index.ts'
import { inMemoryAdapters } from './memory.ts'
import { manualRuntime } from './shared/contract.ts'

type Exported = (...given: readonly unknown[]) => unknown

const functions = Object.entries<unknown>(frontDoor).filter(
  (entry): entry is [string, Exported] => typeof entry[1] === 'function' && entry[0] !== 'TicketingError',
)

/** What a caller without types may pass: any value, and objects that look a little like what is wanted. */
const names = 'venue sections rows seats grades id seatId quantity parts request codes count changes from'.split(' ')
const fields = [...names, 'section', 'settings', 'to', 'reservationId', 'amount', 'disclosure', 'numbers', 'lockStore']
const garbage: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  leaf: fc.oneof(
    fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true, withTypedArray: true }),
    fc.constantFrom<unknown>(undefined, null, '', -1, 2 ** 53, Number.NaN, 'A', '__proto__', Symbol('s'), () => 7),
  ),
  object: fc.dictionary(fc.constantFrom(...fields), tie('any'), { maxKeys: 5 }),
  any: fc.oneof({ maxDepth: 3 }, tie('leaf'), tie('object'), fc.array(tie('any'), { maxLength: 3 })),
})).any

const typed = { name: 'TicketingError', code: expect.any(String) }

test.each(functions)('%s answers garbage with a value or one typed error', async (_, call) => {
  await fc.assert(
    fc.asyncProperty(fc.array(garbage, { maxLength: 3 }), async (given) => {
      try {
        await call(...given)
      } catch (error) {
        expect(error).toMatchObject(typed)
      }
    }),
    { numRuns: 300, seed: 20261122 },
  )
})

const tokenSecrets = [{ kid: 'k', secret: 'a-secret-of-at-least-32-characters' }]

/** An engine with a sale, and everything that can be called on it. */
async function openHouse() {
  const runtime = manualRuntime()
  const engine = await createBookingEngine({ ...inMemoryAdapters({ runtime }), runtime, tokenSecrets })
  const venue = frontDoor.generateBallpark({ seats: 40 })
  await engine.schedules.create({ scheduleId: 'game-1', venue, state: 'open' })
  const { status, ticket } = await engine.waitingRoom.join({ scheduleId: 'game-1', visitor: 'ann' })
  if (status.state !== 'admitted') throw new Error(status.state)
  return { engine, ticket, pass: status.pass }
}

const house = await openHouse()

const methods = Object.entries(house.engine).flatMap(([service, value]): [string, Exported][] =>
  typeof value === 'object'
    ? Object.entries(value as Record<string, Exported>).map(([name, method]) => [`${service}.${name}`, method])
    : [],
)

/** What is right now and then, so that garbage beside it is reached. */
const right: Readonly<Record<string, unknown>> = {
  ...{ scheduleId: 'game-1', visitor: 'ann', pass: house.pass, ticket: house.ticket, quantity: 1, section: 'A' },
  ...{ seatIds: ['A-1-1'], idempotencyKey: 'k', paymentToken: 'tok_approve', buyer: { email: 'a@b.cc' }, by: 'kim' },
}
const params =
  'state parts channels replaces together since amount hold requestId reservationId event source after group'
const some = fc.record(
  Object.fromEntries([
    ...Object.entries(right).map(([name, value]) => [
      name,
      fc.oneof({ weight: 3, arbitrary: fc.constant(value) }, garbage),
    ]),
    ...`${params} resource resources ttlMs operationId settings prices venue id holdId blocked reason`
      .split(' ')
      .map((name) => [name, garbage]),
  ]),
  { requiredKeys: [] },
)

const isStream = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value

test.each([...methods, ['leave', house.engine.leave as Exported] as const])(
  'engine.%s answers garbage with a value or one typed error',
  async (_, call) => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(some, garbage), async (given) => {
        try {
          const answer = await call(given, () => {})
          if (isStream(answer)) await answer[Symbol.asyncIterator]().return?.()
        } catch (error) {
          expect(error).toMatchObject(typed)
        }
      }),
      { numRuns: 100, seed: 20261122 },
    )
  },
)
