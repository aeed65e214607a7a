import type { HoldDesk } from '../seating/hold-desk.ts'
import { createBatch } from '../shared/batch.ts'
import type { Observer } from '../shared/observer.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id } from '../shared/types.ts'
import { type PaymentRecord, type PaymentStatus, projectionOf, statusOf } from './booking.ts'
import type { BookingStore } from './booking-store.port.ts'
import type { PaymentView } from './payment-view.port.ts'

/** Step (c) of every change: what the record committed, shown by the fast stores and told to who waits in this process. */
export interface Projection {
  /** Never fails: what could not be shown is remembered for `repair`. Seats are told only when their owner changed. */
  show(record: PaymentRecord, p?: { readonly seats?: boolean }): Promise<void>
  /** Shows again, from the record, all that failed until now; what fails again is left for the next time. */
  repair(): Promise<void>
  /** Calls back on every change of this payment in this process, until the returned function is called. */
  listen(requestId: Id, onChange: () => void): () => void
}

const repairBatch = 256
/** Beyond this the reconciler, which needs no memory, does the work. */
const mostRemembered = 10_000

export function createProjection(p: {
  readonly bookingStore: Pick<BookingStore, 'find'>
  readonly paymentView: PaymentView
  readonly holdDesk: Pick<HoldDesk, 'project'>
  readonly runtime: Pick<Runtime, 'defer'>
  readonly observer: Observer
}): Projection {
  const failed = new Set<Id>()
  const listeners = new Map<Id, Set<() => void>>()

  const put = createBatch<PaymentStatus, void>({
    runtime: p.runtime,
    run: async (_, payments) => {
      await p.paymentView.put({ payments })
      return payments.map(() => undefined)
    },
  })

  const tell = (requestId: Id): void => {
    for (const onChange of listeners.get(requestId) ?? []) onChange()
  }

  const show: Projection['show'] = async (record, { seats = true } = {}) => {
    tell(record.requestId)
    const done = await Promise.allSettled([
      put('view', statusOf(record)),
      seats ? p.holdDesk.project(projectionOf(record)) : undefined,
    ])
    const fault = done.find((result) => result.status === 'rejected')
    if (!fault) return
    p.observer.count('projection_failures')
    p.observer.log('warn', 'projection failed, to be repaired', { requestId: record.requestId, error: fault.reason })
    if (failed.size < mostRemembered) failed.add(record.requestId)
  }

  return {
    show,

    async repair() {
      const due = [...failed]
      for (let at = 0; at < due.length; at += repairBatch) {
        const requestIds = due.slice(at, at + repairBatch)
        const records = await p.bookingStore.find({ keys: requestIds.map((requestId) => ({ requestId })) })
        for (const requestId of requestIds) failed.delete(requestId)
        await Promise.all(records.map((record) => record && show(record)))
      }
    },

    listen(requestId, onChange) {
      const mine = listeners.get(requestId) ?? new Set()
      listeners.set(requestId, mine.add(onChange))
      return () => {
        mine.delete(onChange)
        if (mine.size === 0 && listeners.get(requestId) === mine) listeners.delete(requestId)
      }
    },
  }
}
