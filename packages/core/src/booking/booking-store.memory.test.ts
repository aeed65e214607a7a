import { expect, test } from 'vitest'
import { outboxRows } from '../messaging/outbox.memory.ts'
import { claims, seatBlocks, seatKey } from '../seating/seating-tables.memory.ts'
import { auditRows } from '../shared/audit.memory.ts'
import { manualRuntime } from '../shared/contract.ts'
import { createMemoryRecord } from '../shared/record.memory.ts'
import { bookingStoreContract } from './booking-store.contract.ts'
import { createMemoryBookingStore } from './booking-store.memory.ts'
import { paymentViewContract } from './payment-view.contract.ts'
import { createMemoryPaymentView } from './payment-view.memory.ts'

const store = bookingStoreContract(() => {
  const runtime = manualRuntime()
  const record = createMemoryRecord()
  return {
    port: createMemoryBookingStore({ record, runtime }),
    now: runtime.now,
    advance: runtime.advance,
    audit: async () => [...record.table(auditRows).values()],
    claims: async () => [...record.table(claims).values()],
    outbox: async () => [...record.table(outboxRows).values()].map(({ lane, message }) => ({ lane, message })),
  }
})
for (const { name, run } of store) test(name, run)

const view = paymentViewContract(() => {
  const runtime = manualRuntime()
  return { port: createMemoryPaymentView({ runtime }), now: runtime.now, advance: runtime.advance }
})
for (const { name, run } of view) test(name, run)

test('a seat that an operator blocked meanwhile is not claimed', async () => {
  const runtime = manualRuntime()
  const record = createMemoryRecord()
  const port = createMemoryBookingStore({ record, runtime })
  record.table(seatBlocks).set(seatKey('game-1', 'A', 1), { blocked: true, recordVersion: 1 })
  const [reply] = await port.open({
    requests: [
      {
        requestId: 'r1',
        reservationId: 'b1',
        visitor: 'v1',
        idempotencyKey: 'k1',
        fingerprint: 'f1',
        hold: {
          holdId: 'h1',
          version: 1,
          scheduleId: 'game-1',
          holder: 'v1',
          parts: [{ section: 'A', seats: [1] }],
          seats: [],
          amount: { value: 1, currency: 'KRW' },
        },
        buyer: { email: 'kim@example.com' },
        paymentToken: 'tok_approve',
        leaseMs: 30_000,
        chargeWithinMs: 45_000,
        outbox: [],
      },
    ],
  })
  expect(reply).toEqual({ is: 'seats-taken' })
})
