import { randomUUID } from 'node:crypto'
import type { PaymentGateway } from '@b-ticketing/core/ports'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import type { Pool, PoolConnection, RowDataPacket } from 'mysql2/promise'

/** As many as ours has, and as many messages are handled at once. */
const partitions = 12

const tables = [
  `CREATE TABLE original_seat (seat_id VARCHAR(64) PRIMARY KEY, price BIGINT, status VARCHAR(16), request_id VARCHAR(64),
    KEY request (request_id))`,
  `CREATE TABLE original_payment (request_id VARCHAR(64) PRIMARY KEY, visitor VARCHAR(64), amount BIGINT,
    status VARCHAR(16))`,
  `CREATE TABLE original_reservation (reservation_id VARCHAR(64) PRIMARY KEY, request_id VARCHAR(64) UNIQUE,
    status VARCHAR(16))`,
]

export interface OriginalOrder {
  readonly requestId: string
  readonly visitor: string
  readonly seats: readonly string[]
}

export interface OriginalPayments {
  /** Resolves when it is on its way. */
  request(order: OriginalOrder): Promise<void>
  close(): Promise<void>
}

/** A transaction a step, its rows one by one; a send and a call of the handler a message. */
export async function openOriginalPayments(p: {
  readonly pool: Pool
  readonly brokers: string[]
  /** Before its topics and groups. */
  readonly name: string
  readonly prices: ReadonlyMap<string, number>
  readonly gateway: PaymentGateway
  readonly onCompleted: (requestId: string) => void
  readonly onMail: (requestId: string) => void
}): Promise<OriginalPayments> {
  const { pool, gateway, brokers, name } = p
  const topics = { requested: `${name}-payment-requested`, completed: `${name}-payment-completed` }
  await createTables(pool, p.prices)
  const kafka = new Kafka({ brokers, clientId: 'original', logLevel: logLevel.NOTHING })
  await createTopics(kafka, Object.values(topics))
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  const send = (topic: string, requestId: string) =>
    producer.send({ topic, acks: -1, messages: [{ key: requestId, value: JSON.stringify({ requestId }) }] })

  const consume = async (topic: string, groupId: string, handle: (requestId: string) => Promise<void>) => {
    const consumer = kafka.consumer({ groupId })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
      partitionsConsumedConcurrently: partitions,
      eachMessage: ({ message }) => handle(String(message.key)),
    })
    return consumer
  }

  const pay = async (requestId: string): Promise<void> => {
    const amount = await transaction(pool, (sql) => startCharging(sql, requestId))
    const order = { key: requestId, requestId, amount: { value: amount, currency: 'KRW' }, paymentToken: 'tok_approve' }
    const answer = await gateway.charge({ ...order, signal: new AbortController().signal })
    if (answer.is !== 'succeeded') throw new Error(answer.is)
    await transaction(pool, (sql) => complete(sql, requestId))
    await send(topics.completed, requestId)
    p.onCompleted(requestId)
  }

  const mail = async (requestId: string): Promise<void> => {
    await transaction(pool, (sql) => sql.query('SELECT * FROM original_reservation WHERE request_id = ?', [requestId]))
    p.onMail(requestId)
  }

  const consumers = [
    await consume(topics.requested, `${name}-payment`, pay),
    await consume(topics.completed, `${name}-notification`, mail),
  ]
  return {
    request: async (order) => {
      await transaction(pool, (sql) => open(sql, order))
      await send(topics.requested, order.requestId)
    },
    close: async () => {
      for (const consumer of consumers) await consumer.disconnect()
      await producer.disconnect()
    },
  }
}

async function createTables(pool: Pool, prices: ReadonlyMap<string, number>): Promise<void> {
  for (const table of tables) await pool.query(table)
  const seats = [...prices].map(([seat, price]) => [seat, price, 'AVAILABLE', null])
  await pool.query('INSERT INTO original_seat VALUES ?', [seats])
}

async function createTopics(kafka: Kafka, topics: readonly string[]): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: topics.map((topic) => ({ topic, numPartitions: partitions })) })
  await admin.disconnect()
}

async function transaction<T>(pool: Pool, run: (sql: PoolConnection) => Promise<T>): Promise<T> {
  const connection = await pool.getConnection()
  try {
    await connection.beginTransaction()
    const result = await run(connection)
    await connection.commit()
    return result
  } catch (error) {
    await connection.rollback()
    throw error
  } finally {
    connection.release()
  }
}

/** Each seat is looked at, locked and written by itself. */
async function open(sql: PoolConnection, { requestId, visitor, seats }: OriginalOrder): Promise<void> {
  let amount = 0
  for (const seat of seats) {
    const look = 'SELECT price, status FROM original_seat WHERE seat_id = ? FOR UPDATE'
    const [[row]] = await sql.query<RowDataPacket[]>(look, [seat])
    if (row?.status !== 'AVAILABLE') throw new Error(`${seat} is taken`)
    amount += Number(row.price)
    const write = "UPDATE original_seat SET status = 'RESERVED', request_id = ? WHERE seat_id = ?"
    await sql.query(write, [requestId, seat])
  }
  await sql.query('INSERT INTO original_payment VALUES (?)', [[requestId, visitor, amount, 'PENDING']])
  await sql.query('INSERT INTO original_reservation VALUES (?)', [[randomUUID(), requestId, 'PENDING']])
}

/** The amount. */
async function startCharging(sql: PoolConnection, requestId: string): Promise<number> {
  const look = 'SELECT amount, status FROM original_payment WHERE request_id = ? FOR UPDATE'
  const [[row]] = await sql.query<RowDataPacket[]>(look, [requestId])
  if (row?.status !== 'PENDING') throw new Error('this payment is not PENDING')
  await sql.query("UPDATE original_payment SET status = 'CHARGING' WHERE request_id = ?", [requestId])
  return Number(row.amount)
}

async function complete(sql: PoolConnection, requestId: string): Promise<void> {
  await sql.query("UPDATE original_payment SET status = 'COMPLETED' WHERE request_id = ?", [requestId])
  await sql.query("UPDATE original_reservation SET status = 'CONFIRMED' WHERE request_id = ?", [requestId])
  const mine = 'SELECT seat_id FROM original_seat WHERE request_id = ?'
  const [seats] = await sql.query<RowDataPacket[]>(mine, [requestId])
  for (const { seat_id: seat } of seats)
    await sql.query("UPDATE original_seat SET status = 'COMPLETED' WHERE seat_id = ?", [seat])
}
