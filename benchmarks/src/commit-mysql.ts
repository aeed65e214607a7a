import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import type { OpenRequest } from '@b-ticketing/core/ports'
import type { Pool, PoolConnection, RowDataPacket } from 'mysql2/promise'
import { type RecordStand, withMysql } from './mysql-stand.ts'
import { digits, type Line, median, type Row, type Verdict } from './table.ts'

const scheduleId = 'game-1'
const repeats = 5
const purchases = 6_000
/** A turn of a busy server process; three of them on their way at a time. */
const turn = 256
const atOnce = 3
/** One transaction each. */
const peerSeats = 1_000
const peerAtOnce = 10

let serial = 0
/** As long as real ids are. */
const id = (): string => `benchmark-id-${String(++serial).padStart(9, '0')}`

/**
 * Seats a second that are durably somebody's: each with its claim and its share of payment, history and outbox. Ours:
 * `BookingStore.open`, a turn's requests in a call. Limit: LOAD DATA of the very same rows into the same tables, in their
 * order. Peer: a transaction a seat that looks, locks, writes the same rows and commits.
 */
export const dbCommit: Row = {
  name: 'db-commit',
  run: () =>
    withMysql(async (stand) => {
      const lines: Line[] = []
      for (const seats of [1, 4]) {
        const rates = { ours: [] as number[], peer: [] as number[], limit: [] as number[] }
        for (let round = 0; round <= repeats; round++) {
          const measured = await measure(stand.openRecord, seats)
          // The first round warms up.
          if (round > 0) for (const name of ['ours', 'peer', 'limit'] as const) rates[name].push(measured[name])
        }
        lines.push({
          ...{ shape: `${seats} seat${seats > 1 ? 's' : ''} a purchase`, unit: 'seats/s', lessIsBetter: false },
          ...{ ours: median(rates.ours), peer: median(rates.peer), limit: median(rates.limit) },
        })
      }
      return { lines, verdicts: lines.flatMap(verdictsOf), notes: [`on ${stand.product}`] }
    }),
}

function verdictsOf({ shape, ours, peer, limit }: Line): readonly Verdict[] {
  const [share, times] = [ours / limit!, ours / peer!]
  return [
    { target: `${shape}: ≥ 0.40 of LOAD DATA`, reached: digits(share), met: share >= 0.4 },
    { target: `${shape}: ≥ 30× a transaction a seat`, reached: `${digits(times)}×`, met: times >= 30 },
  ]
}

async function measure(openRecord: () => Promise<RecordStand>, seats: number) {
  const requests = Array.from({ length: purchases }, (_, i) => order(i, seats))
  const [own, loaded, single] = [await openRecord(), await openRecord(), await openRecord()]
  try {
    const ours = await rate(purchases * seats, () => openAll(own, requests))
    await check(own.pool, requests)
    const files = await Promise.all(tables.map((table) => dump(own.pool, table)))
    const limit = await rate(purchases * seats, () => loadAll(loaded.pool, files))
    await check(loaded.pool, requests)
    const alone = Array.from({ length: peerSeats }, (_, i) => order(i, 1))
    const peer = await rate(peerSeats, () => inFlight(peerSeats, peerAtOnce, (i) => openAlone(single.pool, alone[i]!)))
    await check(single.pool, alone)
    return { ours, limit, peer }
  } finally {
    await Promise.all([own, loaded, single].map(({ close }) => close()))
  }
}

async function rate(count: number, run: () => Promise<unknown>): Promise<number> {
  const begun = performance.now()
  await run()
  return (count * 1_000) / (performance.now() - begun)
}

async function inFlight(count: number, most: number, run: (i: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const lane = async () => {
    while (next < count) await run(next++)
  }
  await Promise.all(Array.from({ length: most }, lane))
}

const openAll = ({ adapters }: RecordStand, requests: readonly OpenRequest[]): Promise<void> =>
  inFlight(Math.ceil(requests.length / turn), atOnce, async (i) => {
    const replies = await adapters.bookingStore.open({ requests: requests.slice(i * turn, (i + 1) * turn) })
    assert.ok(replies.every(({ is }) => is === 'opened'))
  })

/** Every seat once, each with a payment, a line of the history and a message. */
async function check(pool: Pool, requests: readonly OpenRequest[]): Promise<void> {
  const [[counts]] = await pool.query<RowDataPacket[]>(`SELECT
    (SELECT COUNT(*) FROM bt_claim c JOIN bt_payment p ON p.request_id = c.request_id) AS claims,
    (SELECT COUNT(DISTINCT schedule_id, section, seat) FROM bt_claim) AS seats,
    (SELECT COUNT(*) FROM bt_payment p JOIN bt_history h ON h.record_version = p.record_version
      JOIN bt_outbox o ON o.message_key = p.request_id WHERE p.state = 'REQUESTED') AS payments`)
  const seats = requests.reduce((sum, { hold }) => sum + hold.seats.length, 0)
  assert.deepEqual({ ...counts }, { claims: seats, seats, payments: requests.length })
}

const tables = ['bt_claim', 'bt_payment', 'bt_history', 'bt_outbox'] as const

interface File {
  readonly table: string
  readonly text: string
}

/** The rows of a table as LOAD DATA reads them, in the order they were written in. */
async function dump(pool: Pool, table: string): Promise<File> {
  const order = {
    bt_claim: 'schedule_id, section, seat',
    bt_payment: 'seq',
    bt_history: 'record_version',
    bt_outbox: 'seq',
  }
  const [rows] = await pool.query<RowDataPacket[][]>({
    sql: `SELECT * FROM ${table} ORDER BY ${order[table as (typeof tables)[number]]}`,
    rowsAsArray: true,
  })
  return { table, text: rows.map((row) => `${row.map(field).join('\t')}\n`).join('') }
}

const field = (value: unknown): string =>
  value === null ? '\\N' : String(value).replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n')

async function loadAll(pool: Pool, files: readonly File[]): Promise<void> {
  for (const { table, text } of files) {
    await pool.query({
      sql: `LOAD DATA LOCAL INFILE 'rows' INTO TABLE ${table} CHARACTER SET utf8mb4`,
      infileStreamFactory: () => Readable.from([Buffer.from(text)]),
    })
  }
}

/** What an application without group commit does for each seat. */
async function openAlone(
  pool: Pool,
  { requestId, reservationId, visitor, hold, ...request }: OpenRequest,
): Promise<void> {
  const connection = await pool.getConnection()
  try {
    await connection.beginTransaction()
    await writeAlone(connection, { requestId, reservationId, visitor, hold, ...request })
    await connection.commit()
  } finally {
    connection.release()
  }
}

async function writeAlone(connection: PoolConnection, request: OpenRequest): Promise<void> {
  const { requestId, hold, visitor } = request
  const place = [hold.scheduleId, hold.parts[0]!.section, hold.parts[0]!.seats[0]]
  const find = 'SELECT request_id FROM bt_claim WHERE schedule_id = ? AND section = ? AND seat = ? FOR UPDATE'
  const [taken] = await connection.query<RowDataPacket[]>(find, place)
  assert.equal(taken.length, 0)
  const now = Date.now()
  await connection.query('INSERT INTO bt_claim VALUES (?)', [[...place, requestId]])
  const line = [requestId, 1, now, 'REQUESTED', 'none', 'requested']
  const [{ insertId }] = (await connection.query(
    'INSERT INTO bt_history (request_id, version, at, to_state, refund, event) VALUES (?)',
    [line],
  )) as unknown as [{ insertId: number }]
  const payment = {
    ...{ request_id: requestId, seq: insertId, record_version: insertId, reservation_id: request.reservationId },
    ...{ schedule_id: scheduleId, visitor, idempotency_key: request.idempotencyKey, fingerprint: request.fingerprint },
    ...{ hold_id: hold.holdId, holder: visitor, hold: JSON.stringify(hold), buyer: JSON.stringify(request.buyer) },
    ...{ payment_token: request.paymentToken, amount: hold.amount.value, currency: hold.amount.currency },
    ...{ state: 'REQUESTED', refund: 'none', version: 1, attempts: 0, created_at: now, updated_at: now },
    ...{ charge_until: now + 45_000, due_at: now + 30_000 },
  }
  await connection.query('INSERT INTO bt_payment SET ?', [payment])
  const { eventId, topic, key, schema, at, data } = request.outbox[0]!
  const message = [1, eventId, topic, key, schema, at, JSON.stringify(data)]
  await connection.query(
    'INSERT INTO bt_outbox (lane, event_id, topic, message_key, message_schema, at, data) VALUES (?)',
    [message],
  )
}

function order(i: number, count: number): OpenRequest {
  const [requestId, reservationId, visitor, holdId] = [id(), id(), id(), id()]
  const section = `block-${i % 100}`
  const price = { value: 21_000, currency: 'KRW' }
  const seats = Array.from({ length: count }, (_, k) => Math.floor(i / 100) * count + k)
  const seat = (seat: number) => ({
    seatId: `${section}-1-${seat}`,
    section,
    row: '1',
    label: `${seat}`,
    grade: 'blue',
    price,
  })
  return {
    ...{ requestId, reservationId, visitor, idempotencyKey: id(), fingerprint: 'f'.repeat(64) },
    hold: {
      ...{ holdId, version: 2 ** 32 + i, scheduleId, holder: visitor, parts: [{ section, seats }] },
      seats: seats.map(seat),
      amount: { ...price, value: price.value * count },
    },
    buyer: { email: 'kim@example.com', name: '김' },
    paymentToken: 'tok_approve',
    ...{ leaseMs: 30_000, chargeWithinMs: 45_000 },
    outbox: [
      {
        ...{
          eventId: `${requestId}-payment-requested`,
          topic: 'payment-requested',
          key: requestId,
          schema: 1,
          at: Date.now(),
        },
        data: { requestId, reservationId, scheduleId },
      },
    ],
  }
}
