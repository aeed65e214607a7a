import { createBookingEngine, type Engine, generateBallpark, type Pass } from '@b-ticketing/core'
import { inMemoryAdapters } from '@b-ticketing/core/memory'
import { expect, test } from 'vitest'
import { mysqlAdapters } from './index.ts'
import { describeSql } from './mysql.test-support.ts'

const tokenSecrets = [{ kid: 'test', secret: 'a secret of at least 32 characters for this test' }]
const scheduleId = 'game-1'
const quantity = 3

// After a restart the line lets nobody in before those it may have admitted are accounted for; here it has room for all.
const unlimited = { capacity: null, ratePerMinute: null }

/** Only the record outlives it. */
async function openEngine(uri: string): Promise<Engine> {
  const record = mysqlAdapters({ uri })
  await record.migrate()
  const engine = await createBookingEngine({ ...inMemoryAdapters(), ...record, tokenSecrets })
  await engine.start()
  return engine
}

async function admitted({ waitingRoom }: Engine, visitor: string) {
  const { ticket } = await waitingRoom.join({ scheduleId, visitor })
  let pass: Pass | undefined
  const isAdmitted = async () => {
    const status = await waitingRoom.status({ ticket })
    if (status.state === 'admitted') pass = status.pass
    return status.state
  }
  await expect.poll(isAdmitted, { timeout: 15_000, interval: 1_000 }).toBe('admitted')
  return pass!
}

async function buy(engine: Engine, visitor: string): Promise<void> {
  const pass = await admitted(engine, visitor)
  const hold = await engine.seating.autoAssign({ pass, quantity })
  if (!hold.ok) throw new Error(hold.reason)
  const { requestId } = await engine.payments.request({
    ...{ pass, hold: hold.value, buyer: { email: 'ann@example.com' } },
    ...{ paymentToken: 'tok_approve', idempotencyKey: `order-${visitor}` },
  })
  let last = ''
  for await (const { status } of engine.payments.watch({ requestId, visitor })) last = status
  expect(last).toBe('COMPLETED')
}

await describeSql('a sale whose record is the database', (server) => {
  test('sells, and what was sold is sold after a restart that forgot everything else', {
    timeout: 60_000,
  }, async () => {
    const { uri } = await server.createDatabase()
    const venue = generateBallpark({ seats: 60 })
    {
      await using engine = await openEngine(uri)
      await engine.schedules.create({ scheduleId, venue, state: 'open', settings: unlimited })
      await buy(engine, 'ann')
      await buy(engine, 'bob')
    }
    {
      await using engine = await openEngine(uri)
      const { items } = await engine.bookings.list({ scheduleId })
      expect(items.map(({ visitor, state, seats }) => [visitor, state, seats.length])).toEqual([
        ['bob', 'CONFIRMED', quantity],
        ['ann', 'CONFIRMED', quantity],
      ])
      await buy(engine, 'cho')
      const sold = (await engine.bookings.list({ scheduleId })).items.flatMap(({ seats }) =>
        seats.map(({ seatId }) => seatId),
      )
      expect(new Set(sold).size).toBe(3 * quantity)
      expect((await engine.schedules.audit({})).items.map(({ action }) => action)).toContain('schedule-created')
    }
  })
})
