import { createBatch } from '../shared/batch.ts'
import { demandSignal } from '../shared/demand.ts'
import { TicketingError } from '../shared/errors.ts'
import { demandId } from '../shared/ids.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id } from '../shared/types.ts'
import { isFinal, type PaymentRecord, type PaymentStatus, statusOf } from './booking.ts'
import type { BookingStore } from './booking-store.port.ts'
import type { PaymentView } from './payment-view.port.ts'
import type { Payments } from './payments.ts'
import type { Projection } from './projection.ts'

/** How often a watcher looks for what other processes did. */
const watchEveryMs = 1_000

/** `payments.status` and `payments.watch`. Only final states are taken from the view; the rest is confirmed by the record. */
export function createPaymentStatus(p: {
  readonly bookingStore: Pick<BookingStore, 'find'>
  readonly paymentView: PaymentView
  readonly projection: Pick<Projection, 'listen'>
  readonly runtime: Runtime
}): Pick<Payments, 'status' | 'watch'> {
  const seen = createBatch<Id, PaymentStatus | null>({
    runtime: p.runtime,
    // A view that cannot answer knows nothing: the record does.
    run: (_, requestIds) => p.paymentView.get({ requestIds }).catch(() => requestIds.map(() => null)),
  })
  const recorded = createBatch<Id, PaymentRecord | null>({
    runtime: p.runtime,
    run: (_, ids) => p.bookingStore.find({ keys: ids.map((requestId) => ({ requestId })) }),
  })

  const read = async (requestId: Id, visitor: Id | undefined): Promise<PaymentStatus> => {
    const view = await seen('view', requestId)
    const record = view && isFinal(view) ? null : await recorded('find', requestId)
    const status = record ? statusOf(record) : view && isFinal(view) ? view : null
    if (status && (visitor === undefined || status.visitor === visitor)) return status
    throw new TicketingError('NOT_FOUND', 'no such payment')
  }

  return {
    status: async ({ requestId, visitor }) => read(demandId(requestId, 'requestId'), demandId(visitor, 'visitor')),

    async *watch({ requestId, visitor, signal }) {
      demandId(requestId, 'requestId')
      demandSignal(signal)
      let shown = 0
      while (!signal?.aborted) {
        const wake = new AbortController()
        const stop = p.projection.listen(requestId, () => wake.abort('changed'))
        try {
          const status = await read(requestId, visitor)
          if (status.version > shown) yield status
          if (isFinal(status)) return
          shown = Math.max(shown, status.version)
          const either = signal ? AbortSignal.any([signal, wake.signal]) : wake.signal
          await p.runtime.sleep({ ms: watchEveryMs, signal: either })
        } finally {
          stop()
        }
      }
    },
  }
}
