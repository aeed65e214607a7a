import type { EventBus, Subscription } from '../messaging/event-bus.port.ts'
import { consumerGroups, type Message } from '../messaging/message.ts'
import { parsePaymentMessage } from '../messaging/payment-message.ts'
import type { Observer } from '../shared/observer.ts'
import type { PaymentRecord } from './booking.ts'
import type { BookingStore } from './booking-store.port.ts'
import type { Settlement } from './settlement.ts'
import type { Workers } from './workers.ts'

type Verdict = 'done' | { readonly poison: string }

/**
 * Consumer of `payment-requested`: inbox and REQUESTED → CHARGING(lease) are one transaction a message; the gateway is called
 * beside it, after the batch is done. A crash in between is finished by the due loop. A throw means the record cannot answer.
 */
export function createChargeConsumer(p: {
  readonly bookingStore: Pick<BookingStore, 'find'>
  readonly settlement: Pick<Settlement, 'apply' | 'follow'>
  readonly workers: Workers
  readonly eventBus: EventBus
  readonly observer: Observer
}): { subscribe(): Promise<Subscription>; handle(batch: readonly Message[]): Promise<readonly Verdict[]> } {
  const wake = async (record: PaymentRecord, eventId: string): Promise<void> => {
    const consumed = { consumer: consumerGroups.payment, eventId }
    const settled = await p.settlement.apply({ record, event: { is: 'wake' }, consumed })
    if (settled.decision.gateway) p.workers.start(() => p.settlement.follow(settled))
  }

  const handle = async (batch: readonly Message[]): Promise<readonly Verdict[]> => {
    await p.workers.room()
    const records = await p.bookingStore.find({ keys: batch.map(({ key }) => ({ requestId: key })) })
    return Promise.all(
      batch.map(async (message, i): Promise<Verdict> => {
        const read = parsePaymentMessage(message)
        if (!read.ok) return { poison: read.problems.join('; ') }
        const record = records[i]
        if (!record) return { poison: 'the record has no such payment' }
        await wake(record, message.eventId)
        return 'done'
      }),
    )
  }

  return {
    handle,
    subscribe: () => p.eventBus.subscribe({ topic: 'payment-requested', group: consumerGroups.payment, handle }),
  }
}
