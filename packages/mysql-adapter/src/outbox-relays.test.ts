import type { Id, Message, Outbox } from '@b-ticketing/core/ports'
import { createFaultProxy } from '@b-ticketing/services'
import { afterEach, expect, test } from 'vitest'
import { messageOf, readOutbox } from './booking.test-support.ts'
import { openProcess } from './booking-ground.test-support.ts'
import { describeSql, type TestDatabase } from './mysql.test-support.ts'
import { appendOutbox } from './outbox-rows.ts'

const leaseMs = 30_000
const batch = { lanes: 64, leaseMs, limit: 256 }

/** A broker that acknowledges, and remembers in which order. */
interface Broker {
  readonly published: { readonly key: Id; readonly n: number; readonly by: Id }[]
}

await describeSql('relays of the outbox', (server) => {
  const closing: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  const openDatabase = async () => {
    const database = await server.openDatabase()
    closing.push(database.close)
    return database
  }

  const relayOn = (database: TestDatabase, onSend?: (sql: string) => void, uri = database.uri): Outbox => {
    const process = openProcess(uri, { clock: database, ...(onSend && { onSend }) })
    closing.push(process.close)
    return process.outbox
  }

  test('I11, I16: a long outbox, written to all the while by many and read by three relays, one of them frozen past its lease', async () => {
    const database = await openDatabase()
    const broker: Broker = { published: [] }
    const [frozen, one, two] = [relayOn(database), relayOn(database), relayOn(database)]
    const keys = Array.from({ length: 80 }, (_, i) => `key-${i}`)
    await append(database, keys, 0, 8)
    // Publishes a part of what it leased, and sleeps.
    const stale = await frozen.lease({ relay: 'frozen', ...batch, lanes: 20, limit: 100 })
    for (const { rows } of stale) for (const { message } of rows.slice(0, 2)) publish(broker, 'frozen', message)
    const writing = Promise.all(
      [0, 1, 2, 3].map((part) =>
        append(
          database,
          keys.filter((_, i) => i % 4 === part),
          8,
          30,
        ),
      ),
    )
    let isWritten = false
    void writing.then(() => {
      isWritten = true
    })
    const relays = [drain(broker, one, 'one', () => isWritten), drain(broker, two, 'two', () => isWritten)]
    await Promise.all([writing, ...relays])
    const held = new Set(stale.map(({ lane }) => lane))
    const left = await readOutbox(database)
    expect(left.length).toBeGreaterThan(0)
    expect(left.every(({ lane }) => held.has(lane))).toBe(true)

    database.advance(leaseMs)
    await Promise.all([drain(broker, one, 'one', () => true), drain(broker, two, 'two', () => true)])
    expect(await readOutbox(database)).toEqual([])
    // It wakes, and marks what is not its own any more: rows that came since stay.
    await append(database, keys, 30, 31)
    await frozen.mark({
      published: stale.map(({ lane, token, rows }) => ({
        ...{ lane, token },
        eventIds: [...rows.map(({ message }) => message.eventId), ...keys.map((key) => eventId(key, 30))],
      })),
    })
    expect((await readOutbox(database)).length).toBe(keys.length)
    await drain(broker, one, 'one', () => true)

    for (const key of keys) {
      const all = broker.published.filter((entry) => entry.key === key)
      const firsts = [...new Set(all.map(({ n }) => n))]
      expect(firsts, key).toEqual(Array.from({ length: 31 }, (_, n) => n))
      // Nothing is published twice but what the frozen one had published and could not mark.
      const awake = all.filter(({ by }) => by !== 'frozen').map(({ n }) => n)
      expect(awake, key).toEqual(firsts)
    }
    expect(new Set(broker.published.map(({ by }) => by)).size).toBe(3)
  }, 60_000)

  test('a row that is not committed yet holds nobody up, and comes when it is', async () => {
    const database = await openDatabase()
    const relay = relayOn(database)
    await append(database, ['key-1'], 0, 1)
    const connection = await database.pool.getConnection()
    await connection.query('START TRANSACTION')
    const row = [0, 'late', 'payment-requested', 'key-2', 1, 0, '{}']
    await connection.query(
      'INSERT INTO bt_outbox (lane, event_id, topic, message_key, message_schema, at, data) VALUES (?)',
      [row],
    )
    await append(database, ['key-1'], 1, 2)
    const leased = await relay.lease({ relay: 'r', ...batch })
    expect(leased.flatMap(({ rows }) => rows.map(({ message }) => message.at))).toEqual([0, 1])
    await connection.query('COMMIT')
    connection.release()
    const later = await relay.lease({ relay: 'r', ...batch })
    expect(later.flatMap(({ rows }) => rows.map(({ message }) => message.eventId))).toEqual(['late'])
  })

  test('lease and mark whose COMMIT replies are lost lose no lane and publish nothing again', async () => {
    const database = await openDatabase()
    const proxy = await createFaultProxy(server)
    closing.push(proxy.close)
    let commits = 0
    const lose = (sql: string) => void (sql === 'COMMIT' && ++commits % 2 === 1 && void proxy.loseNextReply())
    const relay = relayOn(database, lose, database.uri.replace(`:${server.port}`, `:${proxy.port}`))
    await append(database, ['key-1', 'key-2', 'key-3'], 0, 3)
    const leased = await relay.lease({ relay: 'r', ...batch })
    expect(leased.flatMap(({ rows }) => rows)).toHaveLength(9)
    expect(await relayOn(database).lease({ relay: 'other', ...batch })).toEqual([])
    await relay.mark({ published: published(leased) })
    expect(await readOutbox(database)).toEqual([])
    await append(database, ['key-1', 'key-2', 'key-3'], 3, 4)
    expect((await relayOn(database).lease({ relay: 'other', ...batch })).length).toBe(leased.length)
    expect(commits).toBe(4)
  })
})

const eventId = (key: Id, n: number): Id => `${key}-${n}`

/** Message by message, each in a transaction of its own, keys in step. */
async function append(database: TestDatabase, keys: readonly Id[], from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) {
    const messages = keys.map(
      (key): Message => ({ ...messageOf('payment-requested', key), eventId: eventId(key, n), at: n }),
    )
    await database.inTransaction((tx) => appendOutbox(tx, messages))
  }
}

const publish = ({ published }: Broker, by: Id, { key, at }: Message) => published.push({ key, n: at, by })

type Leased = Awaited<ReturnType<Outbox['lease']>>

const published = (leased: Leased) =>
  leased.map(({ lane, token, rows }) => ({ lane, token, eventIds: rows.map(({ message }) => message.eventId) }))

/** Leases, publishes and marks until nothing is to be had any more. */
async function drain(broker: Broker, outbox: Outbox, relay: Id, isOver: () => boolean): Promise<void> {
  for (let turn = 0; turn < 2_000; turn++) {
    const wasOver = isOver()
    const leased = await outbox.lease({ relay, lanes: 24, leaseMs, limit: 50 })
    for (const { rows } of leased) for (const { message } of rows) publish(broker, relay, message)
    await outbox.mark({ published: published(leased) })
    if (leased.length === 0 && wasOver) return
  }
}
