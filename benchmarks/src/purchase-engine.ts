import { createBookingEngine, type Engine, type Pass, systemRuntime, type Venue } from '@b-ticketing/core'
import { createMemoryNotifier, createScriptedGateway } from '@b-ticketing/core/memory'
import { kafkaAdapters } from '@b-ticketing/kafka-adapter'
import type { Pool, RowDataPacket } from 'mysql2/promise'
import { chargesOf } from './purchase-books.ts'
import type { Books, Ground, Party, Shop } from './purchase-shop.ts'

const scheduleId = 'game-1'

/** One engine with every role; the gateway and the mailbox are in this process. */
export async function openEngine({ redis, record, brokers, venue, name }: Ground): Promise<Shop> {
  const { fenceSource, migrate: _, doctor: __, ping: ___, close: ____, ...recordDoors } = record.adapters
  const { catalogue, deadLetters } = recordDoors
  const kafka = kafkaAdapters({ brokers, clientId: 'bench' }, { replicas: 1, deadLetters, prefix: `${name}-` })
  await kafka.doctor()
  const gateway = createScriptedGateway({ runtime: systemRuntime })
  const notifier = createMemoryNotifier({ runtime: systemRuntime })
  const engine = await createBookingEngine({
    ...{ ...recordDoors, ...redis.adapters(`${name}:`, { fenceSource, catalogue }) },
    ...{ eventBus: kafka.eventBus, gateway, notifier },
    tokenSecrets: [{ kid: 'bench', secret: 'a secret of 32 characters or more' }],
  })
  try {
    await engine.start()
    const settings = { capacity: null, ratePerMinute: null }
    await engine.schedules.create({ scheduleId, venue, state: 'open', settings })
    // Opens the seat map, as the first visitor would.
    await engine.seating.stats({ scheduleId })
  } catch (error) {
    await engine.close()
    throw error
  }
  return {
    buy: (party) => buy(engine, party),
    mails: () => notifier.messages().length,
    books: async () => ({
      ...(await recorded(record.pool, venue)),
      shown: (await engine.seating.stats({ scheduleId })).completed,
      charges: chargesOf(gateway),
      mails: notifier.messages().length,
    }),
    close: engine.close,
  }
}

async function buy(engine: Engine, { visitor, quantity }: Party): Promise<string> {
  const { ticket } = await engine.waitingRoom.join({ scheduleId, visitor })
  const pass = await admitted(engine, ticket, visitor)
  const hold = await engine.seating.autoAssign({ pass, quantity })
  if (!hold.ok) return hold.reason
  const { requestId } = await engine.payments.request({
    ...{ pass, hold: hold.value, amount: hold.value.amount, buyer: { email: `${visitor}@example.com` } },
    ...{ paymentToken: 'tok_approve', idempotencyKey: `order-${visitor}` },
  })
  let last = ''
  for await (const { status } of engine.payments.watch({ requestId, visitor })) last = status
  return last
}

/** The place is claimed as a page claims it, also when the join has admitted already. */
async function admitted({ waitingRoom }: Engine, ticket: string, visitor: string): Promise<Pass> {
  for await (const status of waitingRoom.watch({ ticket, visitor })) if (status.state === 'admitted') return status.pass
  throw new Error('the place ended')
}

/** Read behind the engine's back. */
async function recorded(pool: Pool, venue: Venue): Promise<Pick<Books, 'purchases' | 'claimed'>> {
  const [payments] = await pool.query<RowDataPacket[]>(
    `SELECT p.request_id, p.hold, p.amount FROM bt_payment p JOIN bt_reservation r ON r.request_id = p.request_id
    WHERE p.state = 'COMPLETED' AND r.state = 'CONFIRMED'`,
  )
  const [claims] = await pool.query<RowDataPacket[]>('SELECT section, seat FROM bt_claim')
  const bySection = new Map(venue.sections.map(({ id, rows }) => [id, rows.flatMap(({ seats }) => seats)]))
  return {
    purchases: payments.map(({ request_id: requestId, hold, amount }) => ({
      ...{ requestId, amount: Number(amount) },
      seats: (JSON.parse(hold) as { seats: { seatId: string }[] }).seats.map(({ seatId }) => seatId),
    })),
    claimed: claims.map(({ section, seat }) => bySection.get(section)![seat]!.seatId),
  }
}
