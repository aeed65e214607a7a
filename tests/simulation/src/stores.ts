import type { Adapters } from '@b-ticketing/core'
import { createAlwaysGrantedLockStore, createMemoryPaymentView, inMemoryAdapters } from '@b-ticketing/core/memory'
import type { Notifier } from '@b-ticketing/core/ports'
import type { LossyStore, Plan } from './plan.ts'
import type { Random } from './random.ts'
import type { VirtualProcess } from './scheduler.ts'
import type { TracedRecord } from './traced-record.ts'

/** The stores all processes share, with a clock of their own that never skews and never dies. */
export interface Stores {
  readonly adapters: Omit<Adapters, 'close' | 'gateway' | 'notifier'>
  /** Restarts the store empty, or fails over to a copy that lags behind. */
  lose(store: LossyStore): string
}

export function createStores(p: {
  readonly plan: Plan
  readonly record: TracedRecord
  readonly machine: VirtualProcess
  readonly random: Random
}): Stores {
  const { random } = p
  const memory = inMemoryAdapters({ runtime: p.machine.runtime, record: p.record })
  const { gateway: _gateway, notifier: _notifier, close: _close, ...adapters } = memory
  const lockStore = p.plan.locks === 'honest' ? adapters.lockStore : createAlwaysGrantedLockStore()
  // Now and then a copy is taken, as a replica does that lags behind.
  let failOver = memory.admissionQueue.replicate()
  let copiedAt = p.machine.runtime.now()

  const loseLine = (): string => {
    const how = random.pick(['empty', 'restart', 'failover'] as const)
    if (how === 'failover') failOver()
    else memory.admissionQueue.restart({ empty: how === 'empty' })
    if (copiedAt + 5_000 < p.machine.runtime.now()) {
      failOver = memory.admissionQueue.replicate()
      copiedAt = p.machine.runtime.now()
    }
    return how
  }

  let view = adapters.paymentView
  const paymentView: typeof view = { put: (q) => view.put(q), get: (q) => view.get(q) }

  return {
    adapters: { ...adapters, lockStore, paymentView },
    lose: (store) => {
      if (store === 'admissionQueue') return loseLine()
      if (store === 'paymentView') view = createMemoryPaymentView({ runtime: p.machine.runtime })
      else memory[store].lose()
      return 'empty'
    },
  }
}

/** Mail that sometimes does not go out, or is refused by an unlucky server. */
export function createMailServer(p: { readonly random: Random; readonly troubled: () => boolean }): Notifier {
  return {
    send: async () => {
      if (p.troubled() && p.random.chance(0.25)) return 'try-later'
      return 'sent'
    },
  }
}
