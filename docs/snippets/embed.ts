// region embed
import { createBookingEngine, generateBallpark } from '@b-ticketing/core'
import { inMemoryAdapters } from '@b-ticketing/core/memory'

export async function embed(say: (line: string) => void): Promise<void> {
  const secret = 'at-least-32-characters-of-your-own-secret'
  await using engine = await createBookingEngine({ ...inMemoryAdapters(), tokenSecrets: [{ kid: '2026-11', secret }] })
  await engine.start()

  const venue = generateBallpark({ seats: 1_000 })
  await engine.schedules.create({ scheduleId: 'game-1', venue, state: 'open' })

  // A visitor stands in line; alone, they are admitted in the same step.
  const { ticket } = await engine.waitingRoom.join({ scheduleId: 'game-1', visitor: 'session-1' })
  const status = await engine.waitingRoom.status({ ticket })
  if (status.state !== 'admitted') return say(`${status.ahead} people ahead, ask again in ${status.nextPollMs} ms`)

  // Three seats together, or a typed refusal that says how many would fit.
  const hold = await engine.seating.autoAssign({ pass: status.pass, quantity: 3 })
  if (!hold.ok) return say(`no: ${hold.reason}`)

  // The payment is asynchronous: PENDING now, COMPLETED or FAILED when the gateway has answered.
  const payment = await engine.payments.request({
    pass: status.pass,
    hold: hold.value,
    buyer: { email: 'fan@example.com' },
    paymentToken: 'tok_approve',
    idempotencyKey: 'order-1',
  })
  for await (const change of engine.payments.watch({ requestId: payment.requestId })) say(change.status)
}
// endregion
