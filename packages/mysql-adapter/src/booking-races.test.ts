import assert from 'node:assert/strict'
import type { Advance, OpenReply, OpenRequest, PaymentRecord } from '@b-ticketing/core/ports'
import { afterEach, expect, test } from 'vitest'
import { orderOf, readClaims } from './booking.test-support.ts'
import { openProcess, type Process, type ProcessOptions } from './booking-ground.test-support.ts'
import { createDice } from './dice.test-support.ts'
import { describeSql, type TestDatabase } from './mysql.test-support.ts'

await describeSql('races for seats', (server) => {
  const closing: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  const openDatabase = async (): Promise<TestDatabase> => {
    const database = await server.openDatabase()
    closing.push(database.close)
    return database
  }

  const start = (database: TestDatabase, options: ProcessOptions = {}): Process => {
    const made = openProcess(database.uri, options)
    closing.push(made.close)
    return made
  }

  test('I1, I16: 64 buyers in 4 processes fight for 40 seats: each seat has one owner, each buyer a true answer', async () => {
    const database = await openDatabase()
    const processes = Array.from({ length: 4 }, () => start(database))
    const dice = createDice(7)
    const answers = new Map<string, OpenReply>()
    for (let round = 0; round < 4; round++) {
      await Promise.all(
        processes.map(async ({ store }, i) => {
          // What arrives in a turn of one process travels as one call.
          const requests = Array.from({ length: 16 }, (_, buyer): OpenRequest => {
            const seats = new Set(Array.from({ length: 1 + dice(4) }, () => dice(40)))
            return orderOf(`r-${round}-${i}-${buyer}`, [...seats])
          })
          const replies = await store.open({ requests })
          for (const [n, reply] of replies.entries()) answers.set(requests[n]!.requestId, reply)
        }),
      )
    }
    const claims = await readClaims(database)
    const opened = [...answers].filter(([, { is }]) => is === 'opened')
    expect(answers.size).toBe(256)
    expect([...answers].every(([, { is }]) => is === 'opened' || is === 'seats-taken')).toBe(true)
    // Nobody has a seat who was not told so, and whoever was told so has all of them.
    for (const [requestId, reply] of opened) {
      assert.ok(reply.is === 'opened')
      const seats = claims.filter((claim) => claim.requestId === requestId).map(({ seat }) => seat)
      expect(seats.sort()).toEqual([...reply.record.hold.parts[0]!.seats].sort())
    }
    expect(new Set(claims.map(({ requestId }) => requestId)).size).toBe(opened.length)
    expect(new Set(claims.map(({ seat }) => seat)).size).toBe(claims.length)
    expect(opened.length).toBeGreaterThan(5)
  })

  test('I1: seats that come free under fire go to one, under a newer version than before', async () => {
    const database = await openDatabase()
    const processes = Array.from({ length: 4 }, () => start(database))
    const owners: PaymentRecord[] = []
    await Promise.all(
      processes.map(async ({ store }, i) => {
        for (let n = 0; n < 25; n++) {
          const [reply] = await store.open({ requests: [orderOf(`r-${i}-${n}`, [1, 2])] })
          if (reply?.is !== 'opened') continue
          owners.push(reply.record)
          const [freed] = await store.advance({ changes: [failureOf(reply.record)] })
          assert.ok(freed?.is === 'advanced')
          owners.push(freed.record)
        }
      }),
    )
    // As committed: of each payment first the opening, then the end, and nobody in between.
    const history = await database.rows('SELECT request_id, to_state FROM bt_history ORDER BY record_version')
    expect(history.length).toBe(owners.length)
    for (let i = 0; i < history.length; i += 2) {
      expect([history[i]!.to_state, history[i + 1]!.to_state]).toEqual(['REQUESTED', 'FAILED'])
      expect(history[i]!.request_id).toBe(history[i + 1]!.request_id)
    }
    expect(history.length).toBeGreaterThan(40)
    expect(await readClaims(database)).toEqual([])
  })

  test('sales of overlapping seats in opposite order: no deadlock comes through', async () => {
    const database = await openDatabase()
    const processes = Array.from({ length: 4 }, () => start(database))
    const forward = Array.from({ length: 30 }, (_, seat) => seat)
    for (let round = 0; round < 20; round++) {
      const replies = await Promise.all(
        processes.map(({ store }, i) => {
          const seats = i % 2 ? forward : [...forward].reverse()
          return store.open({ requests: [orderOf(`r-${round}-${i}`, seats)] })
        }),
      )
      const opened = replies.flat().flatMap((reply) => (reply.is === 'opened' ? [reply.record] : []))
      expect(opened).toHaveLength(1)
      await processes[0]!.store.advance({ changes: opened.map(failureOf) })
    }
  })

  test('a deadlock with somebody else is rolled back and repeated, and no error surfaces', async () => {
    const database = await openDatabase()
    const { store, errors } = start(database)
    const other = await database.pool.getConnection()
    closing.push(() => other.release())
    await other.query('SET SESSION innodb_lock_wait_timeout = 30')
    await other.query('START TRANSACTION')
    const claim = 'INSERT INTO bt_claim VALUES ?'
    const heavy = Array.from({ length: 500 }, (_, seat) => ['game-9', 'Z', seat, 'other'])
    await other.query(claim, [[...heavy, ['game-1', 'A', 9, 'other']]])
    const opening = store.open({ requests: [orderOf('deadlocked', [1, 9])] })
    // It has claimed 1 by then and waits for 9; now the other wants 1. The one that did less is the victim.
    await expect.poll(() => isWaiting(database, 'deadlocked'), { interval: 200 }).toBe(true)
    await other.query(claim, [[['game-1', 'A', 1, 'other']]])
    await expect.poll(() => errors).toContain(1213)
    await other.query('ROLLBACK')
    expect((await opening)[0]!.is).toBe('opened')
    expect((await readClaims(database)).map(({ seat }) => seat).sort()).toEqual([1, 9])
  })

  test('a lock that is waited for too long is rolled back and repeated, whole', async () => {
    const database = await openDatabase()
    const { store, errors } = start(database, { timeoutMs: 2_000 })
    const [opened] = await store.open({ requests: [orderOf('r1', [1])] })
    assert.ok(opened?.is === 'opened')
    const other = await database.pool.getConnection()
    closing.push(() => other.release())
    await other.query('START TRANSACTION')
    await other.query("SELECT * FROM bt_payment WHERE request_id = 'r1' FOR UPDATE")
    await other.query("INSERT INTO bt_claim VALUES ('game-1', 'A', 3, 'other')")
    const opening = store.open({ requests: [orderOf('r2', [2, 3])] })
    const failing = store.advance({ changes: [failureOf(opened.record)] })
    await expect.poll(() => errors.filter((errno) => errno === 1205).length).toBeGreaterThan(1)
    await other.query('ROLLBACK')
    expect([(await opening)[0]!.is, (await failing)[0]!.is]).toEqual(['opened', 'advanced'])
    expect(await store.history({ requestId: 'r1' })).toHaveLength(2)
  })

  test('a block and a sale of one seat at once: never both', async () => {
    const database = await openDatabase()
    const [one, two] = [start(database), start(database)]
    const outcomes = new Set<string>()
    for (let seat = 0; seat < 40; seat++) {
      const block = async () => {
        const connection = await database.pool.getConnection()
        try {
          await connection.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED')
          await connection.query('START TRANSACTION')
          await connection.query("INSERT INTO bt_seat_block VALUES ('game-1', 'A', ?, 1, 0)", [seat])
          const [owned] = await connection.query(
            "SELECT 1 FROM bt_claim WHERE schedule_id = 'game-1' AND section = 'A' AND seat = ? LOCK IN SHARE MODE",
            [seat],
          )
          const isFree = (owned as unknown[]).length === 0
          await connection.query(isFree ? 'COMMIT' : 'ROLLBACK')
          return isFree
        } catch {
          await connection.query('ROLLBACK')
          return false
        } finally {
          connection.release()
        }
      }
      const { store } = seat % 2 ? one : two
      const [isBlocked, [reply]] = await Promise.all([block(), store.open({ requests: [orderOf(`r${seat}`, [seat])] })])
      outcomes.add(`${reply!.is} ${isBlocked}`)
      expect(isBlocked && reply!.is === 'opened').toBe(false)
    }
    expect([...outcomes].some((outcome) => outcome.startsWith('opened'))).toBe(true)
  })

  test('I15: one key in 4 processes at once opens one payment, and all are told of it', async () => {
    const database = await openDatabase()
    const processes = Array.from({ length: 4 }, () => start(database))
    for (let round = 0; round < 15; round++) {
      const one = orderOf(`r${round}`, [round * 2, round * 2 + 1])
      const replies = await Promise.all(processes.map(({ store }) => store.open({ requests: [one, one] })))
      const told = replies.flat().map(({ is }) => is)
      expect(told.filter((is) => is === 'opened')).toHaveLength(1)
      expect(told.filter((is) => is === 'replayed')).toHaveLength(7)
    }
  })

  test('I6: changes of one payment in 4 processes at once: one is made, and each is told the truth', async () => {
    const database = await openDatabase()
    const processes = Array.from({ length: 4 }, () => start(database))
    for (let round = 0; round < 15; round++) {
      const [reply] = await processes[0]!.store.open({ requests: [orderOf(`r${round}`, [round])] })
      assert.ok(reply?.is === 'opened')
      const { record } = reply
      const consumed = { consumer: 'c', eventId: `e${round}` }
      const replies = await Promise.all(
        processes.map(({ store }) =>
          store.advance({ changes: [{ ...failureOf(record), consumed }, failureOf(record)] }),
        ),
      )
      const told = replies.flat().map(({ is }) => is)
      expect(told.filter((is) => is === 'advanced')).toHaveLength(1)
      expect(told.every((is) => is === 'advanced' || is === 'stale' || is === 'consumed')).toBe(true)
      expect(await processes[1]!.store.history({ requestId: record.requestId })).toHaveLength(2)
    }
  })
})

/** The server looks at its transactions anew only for those who ask less than ten times a second. */
const isWaiting = async ({ rows }: TestDatabase, requestId: string): Promise<boolean> => {
  const waiting = `SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE ?`
  return (await rows(waiting, [`%${requestId}%`])).length > 0
}

const failureOf = ({ requestId, state, version }: PaymentRecord): Advance => ({
  ...{ requestId, from: { state, version }, to: 'FAILED', claims: 'free', event: 'declined', reason: 'declined' },
  ...{ dueInMs: null, outbox: [] },
})
