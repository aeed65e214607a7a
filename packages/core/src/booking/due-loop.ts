import { paymentTimes } from '../payment/payment.ts'
import type { Loop } from '../shared/loop.ts'
import type { Id } from '../shared/types.ts'
import { isOpen, type PaymentRecord } from './booking.ts'
import type { BookingStore } from './booking-store.port.ts'
import type { Projection } from './projection.ts'
import type { Settlement } from './settlement.ts'
import type { Workers } from './workers.ts'

/**
 * Takes every payment and refund whose `dueAt` has come, with or without Kafka: asks the gateway and goes on from its answer.
 * A tick starts the work and does not wait for slow gateways: `workers.idle` does.
 */
export function createDueLoop(p: {
  readonly bookingStore: Pick<BookingStore, 'due'>
  readonly settlement: Pick<Settlement, 'settle' | 'refund'>
  readonly projection: Pick<Projection, 'show'>
  readonly workers: Workers
  /** Of this process. */
  readonly worker: Id
}): Loop {
  const finish = (record: PaymentRecord): Promise<unknown> => {
    if (isOpen(record)) return p.settlement.settle({ record, event: { is: 'due' } })
    // Decided: its money is on the way back, or its freed seats are shown once more in case a crash came between.
    return record.refund === 'PENDING' ? p.settlement.refund(record) : p.projection.show(record)
  }

  return {
    name: 'due',
    everyMs: 250,
    async tick() {
      const limit = Math.min(256, p.workers.free())
      if (limit === 0) return
      const records = await p.bookingStore.due({ worker: p.worker, limit, leaseMs: paymentTimes.leaseMs })
      for (const record of records) p.workers.start(() => finish(record))
    },
  }
}
