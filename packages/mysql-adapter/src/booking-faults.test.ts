import assert from 'node:assert/strict'
import type { Advance, OpenReply, PaymentRecord } from '@b-ticketing/core/ports'
import { createFaultProxy, type FaultProxy } from '@b-ticketing/services'
import { afterEach, expect, test } from 'vitest'
import { messageOf, orderOf, readClaims, readOutbox } from './booking.test-support.ts'
import { openProcess, type Process, type ProcessOptions } from './booking-ground.test-support.ts'
import { describeSql, type TestDatabase } from './mysql.test-support.ts'

await describeSql('payments when replies are lost', (server) => {
  const closing: (() => unknown)[] = []
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close()
  })

  /** A process whose way to the database is the proxy; `fault` happens as its n-th COMMIT is sent. */
  const start = async (fault: (proxy: FaultProxy, commits: number) => void, options: ProcessOptions = {}) => {
    const database = await server.openDatabase()
    const proxy = await createFaultProxy(server)
    let commits = 0
    const onSend = (sql: string) => void (sql === 'COMMIT' && fault(proxy, ++commits))
    const uri = database.uri.replace(`:${server.port}`, `:${proxy.port}`)
    const process = openProcess(uri, { clock: database, onSend, ...options })
    closing.push(database.close, proxy.close, process.close)
    return { database, proxy, ...process, calm: () => calm(database) }
  }

  const calm = (database: TestDatabase): Process => {
    const process = openProcess(database.uri, { clock: database })
    closing.push(process.close)
    return process
  }

  const loseReply = (which: number) => (proxy: FaultProxy, commits: number) => {
    if (commits === which) void proxy.loseNextReply()
  }

  test('open whose COMMIT reply is lost answers that it has opened, once', async () => {
    const { store, database } = await start(loseReply(1))
    const requests = [orderOf('r1', [1, 2]), orderOf('r2', [3]), orderOf('r3', [4])]
    const replies = await store.open({ requests })
    expect(replies.map(({ is }) => is)).toEqual(['opened', 'opened', 'opened'])
    for (const reply of replies) {
      assert.ok(reply.is === 'opened')
      expect(reply.record).toEqual((await store.find({ keys: [{ requestId: reply.record.requestId }] }))[0])
    }
    expect((await readClaims(database)).length).toBe(4)
    expect((await readOutbox(database)).length).toBe(3)
    expect((await store.open({ requests })).map(({ is }) => is)).toEqual(['replayed', 'replayed', 'replayed'])
  })

  test('open whose COMMIT reply is lost, but whose payment has gone on meanwhile, tells how it stands', async () => {
    let other: Process | undefined
    const { store, calm } = await start(loseReply(1), {
      onPause: async () => {
        const [record] = await other!.store.find({ keys: [{ requestId: 'r1' }] })
        await other!.store.advance({ changes: [wakeOf(record!)] })
      },
    })
    other = calm()
    const [reply] = await store.open({ requests: [orderOf('r1', [1])] })
    assert.ok(reply?.is === 'opened')
    expect([reply.record.state, reply.record.version]).toEqual(['CHARGING', 2])
  })

  test('open whose COMMIT never arrived opens with the next one', async () => {
    const { store, database } = await start((proxy, commits) => commits === 1 && proxy.cut())
    expect((await store.open({ requests: [orderOf('r1', [1])] })).map(({ is }) => is)).toEqual(['opened'])
    expect((await store.history({ requestId: 'r1' })).length).toBe(1)
    expect((await readClaims(database)).length).toBe(1)
  })

  test('a batch with losers, a lost reply and a broken connection: each is told the truth', async () => {
    const { store, calm, database } = await start((proxy, commits) => {
      if (commits === 1) void proxy.loseNextReply()
      if (commits === 2) proxy.cut()
    })
    const other = calm()
    await other.store.open({ requests: [orderOf('r0', [9])] })
    await other.store.abandon({ requestIds: ['r2'] })
    const requests = [
      orderOf('r1', [1, 2]),
      orderOf('r2', [3]),
      orderOf('r3', [9, 8]),
      orderOf('r4', [2, 4]),
      orderOf('r5', [5]),
      orderOf('r5', [5]),
      orderOf('r6', [8]),
    ]
    const replies = await store.open({ requests })
    const told = ['opened', 'abandoned', 'seats-taken', 'seats-taken', 'opened', 'replayed', 'opened']
    expect(replies.map(({ is }) => is)).toEqual(told)
    const owners = (await readClaims(database)).map(({ seat, requestId }) => `${seat} ${requestId}`)
    expect(owners.sort()).toEqual(['1 r1', '2 r1', '5 r5', '8 r6', '9 r0'])
  })

  test('advance whose COMMIT reply is lost answers that it has advanced, once', async () => {
    const { store, database } = await start(loseReply(2))
    const records = openedOf(await store.open({ requests: [orderOf('r1', [1]), orderOf('r2', [2])] }))
    const consumed = { consumer: 'c', eventId: 'e1' }
    const changes = [{ ...saleOf(records[0]!), consumed }, failureOf(records[1]!), failureOf(records[0]!)]
    const replies = await store.advance({ changes })
    expect(replies.map(({ is }) => is)).toEqual(['advanced', 'advanced', 'stale'])
    assert.ok(replies[0]?.is === 'advanced')
    expect(replies[0].record).toEqual((await store.find({ keys: [{ requestId: 'r1' }] }))[0])
    expect((await store.history({ requestId: 'r1' })).map(({ to }) => to)).toEqual(['REQUESTED', 'COMPLETED'])
    expect((await readClaims(database)).map(({ requestId, state }) => `${requestId} ${state}`)).toEqual([
      'r1 COMPLETED',
    ])
    expect((await readOutbox(database)).length).toBe(3)
    expect((await store.advance({ changes })).map(({ is }) => is)).toEqual(['consumed', 'stale', 'stale'])
  })

  test('advance whose COMMIT never arrived is not told of the same change that another made meanwhile', async () => {
    let other: Process | undefined
    let change: Advance | undefined
    const { store, calm } = await start((proxy, commits) => commits === 2 && proxy.cut(), {
      onPause: async () => expect((await other!.store.advance({ changes: [change!] }))[0]!.is).toBe('advanced'),
    })
    other = calm()
    change = wakeOf(openedOf(await store.open({ requests: [orderOf('r1', [1])] }))[0]!)
    const [reply] = await store.advance({ changes: [change] })
    assert.ok(reply?.is === 'stale')
    expect(reply.record.state).toBe('CHARGING')
    expect((await other.store.history({ requestId: 'r1' })).length).toBe(2)
  })

  test('a process that is cut off amid a transaction keeps its rows for a while, not for ever', async () => {
    const { store, calm } = await start((proxy, commits) => commits === 2 && proxy.blackHole(true), { timeoutMs: 400 })
    const [record] = openedOf(await store.open({ requests: [orderOf('r1', [1])] }))
    await expect(store.advance({ changes: [failureOf(record!)] })).rejects.toMatchObject({ code: 'BUSY' })
    const [reply] = await calm().store.advance({ changes: [saleOf(record!)] })
    expect(reply!.is).toBe('advanced')
  })

  test('abandon whose COMMIT reply is lost answers, and its tombstones stand', async () => {
    const { store, database } = await start(loseReply(1))
    expect(await store.abandon({ requestIds: ['r1', 'r2'] })).toEqual(['abandoned', 'abandoned'])
    expect((await database.rows('SELECT * FROM bt_payment')).length).toBe(2)
    expect((await store.open({ requests: [orderOf('r1', [1])] }))[0]).toEqual({ is: 'abandoned' })
  })

  test('due whose COMMIT reply is lost hands nothing out twice: the leases end by themselves', async () => {
    const { store, database, calm } = await start(loseReply(2))
    await store.open({ requests: [orderOf('r1', [1])] })
    database.advance(30_000)
    await expect(store.due({ worker: 'w', limit: 10, leaseMs: 5_000 })).rejects.toMatchObject({ code: 'BUSY' })
    const other = calm()
    expect(await other.store.due({ worker: 'w', limit: 10, leaseMs: 5_000 })).toEqual([])
    database.advance(5_000)
    expect(await other.store.due({ worker: 'w', limit: 10, leaseMs: 5_000 })).toHaveLength(1)
  })

  test('I18: no database, no payment: BUSY, and afterwards all is well', async () => {
    const { store, proxy } = await start(() => {}, { timeoutMs: 500 })
    const [record] = openedOf(await store.open({ requests: [orderOf('r1', [1])] }))
    proxy.blackHole(true)
    const busy = { code: 'BUSY', retryInMs: 1_000 }
    await expect(store.open({ requests: [orderOf('r2', [2])] })).rejects.toMatchObject(busy)
    await expect(store.advance({ changes: [failureOf(record!)] })).rejects.toMatchObject(busy)
    await expect(store.find({ keys: [{ requestId: 'r1' }] })).rejects.toMatchObject(busy)
    proxy.blackHole(false)
    proxy.cut()
    expect((await store.advance({ changes: [failureOf(record!)] }))[0]!.is).toBe('advanced')
    expect((await store.open({ requests: [orderOf('r2', [2])] }))[0]!.is).toBe('opened')
  })
})

const openedOf = (replies: readonly OpenReply[]): readonly PaymentRecord[] =>
  replies.map((reply) => {
    assert.ok(reply.is === 'opened')
    return reply.record
  })

const changeOf = ({ requestId, state, version }: PaymentRecord) => ({
  ...{ requestId, from: { state, version }, claims: 'keep' as const, outbox: [] },
})

const wakeOf = (record: PaymentRecord): Advance => ({ ...changeOf(record), to: 'CHARGING', event: 'wake' })

const failureOf = (record: PaymentRecord): Advance => ({
  ...{ ...changeOf(record), to: 'FAILED', claims: 'free', event: 'declined', reason: 'declined', dueInMs: null },
})

const saleOf = (record: PaymentRecord): Advance => ({
  ...{ ...changeOf(record), to: 'COMPLETED', claims: 'sell', event: 'charged', dueInMs: null },
  outbox: [messageOf('payment-completed', record.requestId)],
})
