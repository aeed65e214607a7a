import { expect, test } from 'vitest'
import { generateBallpark } from '../catalogue/ballpark.ts'
import { createBookingEngine } from '../engine.ts'
import { inMemoryAdapters } from '../memory.ts'

const secret = 'a-secret-of-at-least-32-characters'

test('W16: whoever leaves with seats is done, whoever leaves without has left and holds nothing', async () => {
  await using engine = await createBookingEngine({ ...inMemoryAdapters(), tokenSecrets: [{ kid: 'k', secret }] })
  await engine.start()
  const sale = { scheduleId: 'game-1' }
  await engine.schedules.create({ ...sale, venue: generateBallpark({ seats: 100 }), state: 'open' })
  const enter = async (visitor: string) => {
    const { status } = await engine.waitingRoom.join({ ...sale, visitor })
    if (status.state !== 'admitted') throw new Error('not admitted')
    const hold = await engine.seating.autoAssign({ pass: status.pass, quantity: 2 })
    if (!hold.ok) throw new Error(hold.reason)
    return { pass: status.pass, hold: hold.value }
  }

  const buyer = await enter('ann')
  const order = { ...buyer, buyer: { email: 'ann@example.com' }, paymentToken: 'tok_approve', idempotencyKey: 'o-1' }
  const { requestId } = await engine.payments.request(order)
  for await (const change of engine.payments.watch({ requestId })) expect(change.status).not.toBe('FAILED')
  await enter('bob')

  await engine.leave({ ...sale, visitor: 'ann', pass: buyer.pass })
  await engine.leave({ ...sale, visitor: 'bob' })
  await engine.leave({ ...sale, visitor: 'bob' })

  expect(await engine.waitingRoom.stats(sale)).toMatchObject({ joined: 2, done: 1, left: 1, active: 0 })
  expect(await engine.seating.stats(sale)).toMatchObject({ completed: 2, reserved: 0, available: 98 })
})

test('I10: whoever leaves by the ticket or pass of somebody else is refused, and keeps place and holds', async () => {
  await using engine = await createBookingEngine({ ...inMemoryAdapters(), tokenSecrets: [{ kid: 'k', secret }] })
  const sale = { scheduleId: 'game-1' }
  await engine.schedules.create({ ...sale, venue: generateBallpark({ seats: 100 }), state: 'open' })
  const [ann, bob] = [
    await engine.waitingRoom.join({ ...sale, visitor: 'ann' }),
    await engine.waitingRoom.join({ ...sale, visitor: 'bob' }),
  ]
  if (ann.status.state !== 'admitted' || bob.status.state !== 'admitted') throw new Error('not admitted')
  await engine.seating.autoAssign({ pass: ann.status.pass, quantity: 2 })
  const leave = (slip: object) => engine.leave({ ...sale, visitor: 'ann', ...slip })
  await expect(leave({ ticket: bob.ticket })).rejects.toMatchObject({ code: 'TICKET_INVALID' })
  await expect(leave({ pass: bob.status.pass })).rejects.toMatchObject({ code: 'PASS_REQUIRED' })
  expect(await engine.waitingRoom.stats(sale)).toMatchObject({ active: 2, left: 0 })
  expect(await engine.seating.holds({ pass: ann.status.pass })).toHaveLength(1)
})
