import assert from 'node:assert/strict'
import type { Advance, PaymentRecord } from '@b-ticketing/core/ports'
import { ownSql, sqlKinds } from '@b-ticketing/services'
import { createPool, type RowDataPacket } from 'mysql2/promise'
import { afterAll, describe, expect, test } from 'vitest'
import { messageOf, orderOf } from './booking.test-support.ts'
import { auditRecord } from './booking-audit.test-support.ts'
import { openProcess, type Process } from './booking-ground.test-support.ts'
import { createDice } from './dice.test-support.ts'
import { mysqlAdapters } from './index.ts'

/** What a process was told, by requestId: the newest record. */
type Told = Map<string, PaymentRecord>

for (const kind of sqlKinds) {
  const server = await ownSql(kind)
  afterAll(() => server?.close())

  describe.skipIf(server === null)(`payments on a ${kind} that is killed`, () => {
    if (server === null) return void describe.todo(`needs ${kind}`)

    test('I1, I5, I6: kill -9 in a burst: what was told stands, the rest is whole or not there', async () => {
      const { uri } = await server.createDatabase()
      const adapters = mysqlAdapters({ uri })
      await adapters.migrate()
      await adapters.close()
      const told: Told = new Map()
      let faults = 0
      for (let round = 0; round < 2; round++) {
        const processes = Array.from({ length: 4 }, () => openProcess(uri, { timeoutMs: 2_000 }))
        const before = told.size
        let over = false
        const burst = processes.map(async (process, i) => {
          for (let n = 0; !over && n < 2_000; n++) {
            const dice = createDice(round * 1_000_000 + i * 10_000 + n)
            await sell(process, `${round}-${i}-${n}`, dice, told).catch((error) => {
              expect(error).toMatchObject({ name: 'TicketingError', code: 'BUSY' })
              faults++
              over = true
            })
          }
        })
        await expect.poll(() => told.size, { interval: 5 }).toBeGreaterThan(before + 60)
        await server.kill()
        await Promise.all(burst)
        await Promise.all(processes.map((process) => process.close()))
        await server.start()
      }
      expect(faults).toBeGreaterThan(1)
      const pool = createPool({ uri })
      const rows = async (sql: string, values: unknown[] = []) => (await pool.query<RowDataPacket[]>(sql, values))[0]
      expect(await auditRecord({ rows })).toEqual([])
      const reader = openProcess(uri)
      for (const [requestId, record] of told) {
        const history = await reader.store.history({ requestId })
        expect(history[record.version - 1]).toMatchObject({ version: record.version, to: record.state })
      }
      expect((await rows("SELECT 1 FROM bt_payment WHERE state = 'COMPLETED'")).length).toBeGreaterThan(10)
      await reader.close()
      await pool.end()
    }, 90_000)
  })
}

/** One turn: some requests for few seats, then what becomes of them. */
async function sell({ store }: Process, name: string, dice: (sides: number) => number, told: Told): Promise<void> {
  const requests = Array.from({ length: 1 + dice(6) }, (_, i) => {
    const seat = dice(400)
    return orderOf(`r-${name}-${i}`, [seat, seat + 1])
  })
  const opened = (await store.open({ requests })).flatMap((reply) => (reply.is === 'opened' ? [reply.record] : []))
  for (const record of opened) told.set(record.requestId, record)
  const changes = opened.map((record) => (dice(3) ? failureOf(record) : saleOf(record)))
  for (const reply of await store.advance({ changes })) {
    assert.ok(reply.is === 'advanced')
    told.set(reply.record.requestId, reply.record)
  }
}

const failureOf = ({ requestId, state, version }: PaymentRecord): Advance => ({
  ...{
    requestId,
    from: { state, version },
    to: 'FAILED',
    claims: 'free',
    event: 'declined',
    dueInMs: null,
    outbox: [],
  },
})

const saleOf = (record: PaymentRecord): Advance => ({
  ...{ ...failureOf(record), to: 'COMPLETED', claims: 'sell', event: 'charged' },
  outbox: [messageOf('payment-completed', record.requestId)],
})
