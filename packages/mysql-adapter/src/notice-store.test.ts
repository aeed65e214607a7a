import { systemRuntime } from '@b-ticketing/core'
import { noticeStoreContract } from '@b-ticketing/core/conformance'
import type { Notice } from '@b-ticketing/core/ports'
import { expect, test } from 'vitest'
import { mysqlAdapters } from './index.ts'
import { describeSql } from './mysql.test-support.ts'
import { createMysqlNoticeStore } from './notice-store.ts'

await describeSql('notices', (server) => {
  const subject = async () => {
    const database = await server.openDatabase()
    return { ...database, port: createMysqlNoticeStore(database) }
  }

  for (const { name, run } of noticeStoreContract(subject)) test(name, run)

  test('I12: leases are judged by the database, however wrong the clocks of the processes are', async () => {
    await using database = await server.openDatabase()
    const day = 86_400_000
    const processes = [-day, 0, day].map((off) => {
      const runtime = { ...systemRuntime, now: () => Date.now() + off }
      const { noticeStore, close } = mysqlAdapters({ uri: database.uri }, { runtime })
      return { noticeStore, close }
    })
    const [slow, right, fast] = processes.map(({ noticeStore }) => noticeStore)
    const lease = (store = right) => store!.lease({ worker: 'w', limit: 9, leaseMs: 60_000 })
    await slow!.add({ notices: [noticeOf('b1')], consumed: [] })
    const [leased] = await lease(slow)
    expect(leased).toMatchObject({ reservationId: 'b1' })
    expect([await lease(fast), await lease(right)]).toEqual([[], []])
    const [row] = await database.rows('SELECT due_at FROM bt_notice')
    expect(Math.abs(row?.due_at - (Date.now() + 60_000))).toBeLessThan(30_000)
    for (const { close } of processes) await close()
  })

  test('I16: workers of several processes that lease at once share the notices out', async () => {
    await using database = await server.openDatabase()
    const stores = [database, database.beside(), database.beside()].map(createMysqlNoticeStore)
    const ids = Array.from({ length: 60 }, (_, i) => `b-${i}`)
    await stores[0]!.add({ notices: ids.map(noticeOf), consumed: [] })
    const leased = await Promise.all(
      Array.from({ length: 12 }, (_, i) => stores[i % 3]!.lease({ worker: `w${i}`, limit: 5, leaseMs: 60_000 })),
    )
    expect(
      leased
        .flat()
        .map(({ reservationId }) => reservationId)
        .sort(),
    ).toEqual(ids.sort())
  })

  test('an act whose reply was lost is BUSY and is not done twice', async () => {
    await using database = await server.openDatabase()
    const losing = database.losing()
    const store = createMysqlNoticeStore(losing)
    const audit = { by: 'ann', action: 'notice-resent', subject: 'b1', detail: {} }
    const add = () => store.add({ notices: [noticeOf('b1')], consumed: [], audit })
    losing.lose()
    await expect(add()).rejects.toMatchObject({ code: 'BUSY' })
    expect([await add(), (await database.audit()).length]).toEqual([0, 1])
    const [leased] = await store.lease({ worker: 'w', limit: 1, leaseMs: 60_000 })
    losing.lose()
    await store.mark({ results: [{ id: leased!.id, token: leased!.token, sent: true }] })
    expect(await database.rows('SELECT state, attempts FROM bt_notice')).toEqual([{ state: 'sent', attempts: 1 }])
  })
})

const noticeOf = (reservationId: string): Notice => ({
  ...{
    id: `${reservationId}-0`,
    reservationId,
    requestId: `r-${reservationId}`,
    template: 'payment-completed',
    copy: 0,
  },
  ...{
    to: { address: 'kim@example.com' },
    locale: 'ko',
    amount: { value: 1, currency: 'KRW' },
    seats: ['1'],
    scheduleName: '개막전',
  },
})
