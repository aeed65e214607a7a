// What a user of the package writes: the whole way of one visitor, on the in-memory adapters. It is compiled to ESM and
// to CJS and run from projects that know nothing of this repository.
import { createBookingEngine, type Venue } from '@b-ticketing/core'
import { inMemoryAdapters } from '@b-ticketing/core/memory'

const venue: Venue = {
  venueId: 'ballpark',
  name: 'Ballpark',
  currency: 'KRW',
  grades: [{ id: 'infield', label: 'Infield', price: 42_000 }],
  sections: [
    {
      id: '101',
      label: '101',
      kind: 'seated',
      grade: 'infield',
      x: 0,
      y: 0,
      capacity: 5,
      focalPoint: { x: 3, y: -10 },
      rows: [
        {
          id: '1',
          label: '1',
          seats: [1, 2, 3, 4, 5].map((n) => ({ seatId: `101-1-${n}`, label: `${n}`, x: n, y: 0, position: n })),
        },
      ],
    },
  ],
}

export interface Report {
  readonly seats: readonly string[]
  readonly status: string
  readonly reservationId: string | null
}

export async function journey(): Promise<Report> {
  await using engine = await createBookingEngine({
    ...inMemoryAdapters(),
    tokenSecrets: [{ kid: '2026-11', secret: 'a secret of at least thirty-two characters' }],
  })
  await engine.start()
  await engine.schedules.create({ scheduleId: 'game-1', venue, prices: { infield: 42_000 }, state: 'open' })

  const signal = AbortSignal.timeout(20_000)
  const { ticket } = await engine.waitingRoom.join({ scheduleId: 'game-1', visitor: 'visitor-1' })
  let status = await engine.waitingRoom.status({ ticket })
  for await (const next of engine.waitingRoom.watch({ ticket, signal })) status = { ...next, ticket }
  if (status.state !== 'admitted') throw new Error(`not admitted: ${status.state}`)

  const hold = await engine.seating.autoAssign({ pass: status.pass, quantity: 3 })
  if (!hold.ok) throw new Error(`no seats: ${hold.reason}`)

  const payment = await engine.payments.request({
    pass: status.pass,
    hold: hold.value,
    buyer: { email: 'fan@example.org' },
    paymentToken: 'tok_approve',
    idempotencyKey: 'order-1',
  })
  let last = { status: payment.status, reservationId: payment.reservationId }
  for await (const change of engine.payments.watch({ requestId: payment.requestId, signal })) last = change

  return { seats: hold.value.seats.map((seat) => seat.seatId), status: last.status, reservationId: last.reservationId }
}
