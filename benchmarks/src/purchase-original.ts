import { randomUUID } from 'node:crypto'
import { systemRuntime } from '@b-ticketing/core'
import { createScriptedGateway } from '@b-ticketing/core/memory'
import type { Pool, RowDataPacket } from 'mysql2/promise'
import { openOriginalPayments } from './original-payment.ts'
import { openOriginalSeats } from './original-seats.ts'
import { chargesOf, pricesOf } from './purchase-books.ts'
import type { Books, Ground, Shop } from './purchase-shop.ts'

/** The shape that the engine replaces, and faster than it was: its visitors hear of their payments without asking. */
export async function openOriginal({ redis, record, brokers, venue, name }: Ground): Promise<Shop> {
  const { pool } = record
  const gateway = createScriptedGateway({ runtime: systemRuntime })
  const rows = venue.sections.flatMap((section) => section.rows.map((row) => row.seats.map(({ seatId }) => seatId)))
  const seats = openOriginalSeats(redis.client, name, rows)
  const completed = new Map<string, () => void>()
  let mails = 0
  const payments = await openOriginalPayments({
    ...{ pool, gateway, brokers, name, prices: pricesOf(venue) },
    onCompleted: (requestId) => completed.get(requestId)!(),
    onMail: () => {
      mails++
    },
  })
  return {
    buy: async (party) => {
      await seats.join(party)
      const mine = await seats.hold(party)
      const requestId = randomUUID()
      const done = new Promise<void>((resolve) => completed.set(requestId, resolve))
      await payments.request({ requestId, visitor: party.visitor, seats: mine })
      await done
      await seats.sell(mine)
      return 'COMPLETED'
    },
    mails: () => mails,
    books: async () => ({ ...(await recorded(pool)), shown: await seats.sold(), charges: chargesOf(gateway), mails }),
    close: payments.close,
  }
}

async function recorded(pool: Pool): Promise<Pick<Books, 'purchases' | 'claimed'>> {
  const [payments] = await pool.query<RowDataPacket[]>(
    `SELECT p.request_id, p.amount FROM original_payment p JOIN original_reservation r ON r.request_id = p.request_id
    WHERE p.status = 'COMPLETED' AND r.status = 'CONFIRMED'`,
  )
  const text = "SELECT seat_id, request_id FROM original_seat WHERE status = 'COMPLETED'"
  const [seats] = await pool.query<RowDataPacket[]>(text)
  const mine = Map.groupBy(seats, ({ request_id: requestId }) => requestId as string)
  return {
    purchases: payments.map(({ request_id: requestId, amount }) => ({
      ...{ requestId, amount: Number(amount) },
      seats: (mine.get(requestId) ?? []).map(({ seat_id: seat }) => seat as string),
    })),
    claimed: seats.map(({ seat_id: seat }) => seat as string),
  }
}
