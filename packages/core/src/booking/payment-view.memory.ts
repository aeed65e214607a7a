import type { Id, Ms } from '../shared/types.ts'
import type { PaymentStatus } from './booking.ts'
import type { PaymentView } from './payment-view.port.ts'

const keptMs = 24 * 60 * 60_000

export function createMemoryPaymentView(p: { readonly runtime: { now(): Ms } }): PaymentView {
  /** In the order of their deadlines, because a newer status is put at the end. */
  const kept = new Map<Id, { readonly status: PaymentStatus; readonly until: Ms }>()

  const forgetOld = (): void => {
    for (const [requestId, { until }] of kept) {
      if (until > p.runtime.now()) return
      kept.delete(requestId)
    }
  }

  return {
    put: async ({ payments }) => {
      forgetOld()
      for (const status of payments) {
        if ((kept.get(status.requestId)?.status.version ?? 0) >= status.version) continue
        kept.delete(status.requestId)
        kept.set(status.requestId, { status, until: p.runtime.now() + keptMs })
      }
    },
    get: async ({ requestIds }) => {
      forgetOld()
      return requestIds.map((requestId) => kept.get(requestId)?.status ?? null)
    },
  }
}
