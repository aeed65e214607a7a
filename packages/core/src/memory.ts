import { createMemoryBookingStore } from './booking/booking-store.memory.ts'
import { createMemoryPaymentView } from './booking/payment-view.memory.ts'
import { createMemoryCatalogue } from './catalogue/catalogue.memory.ts'
import type { Adapters } from './engine-options.ts'
import { createMemoryFenceSource } from './locking/fence-source.memory.ts'
import type { FenceSource } from './locking/fence-source.port.ts'
import { createMemoryLockStore, type MemoryLockStore } from './locking/lock-store.memory.ts'
import { createMemoryAnswerStore } from './messaging/answer-store.memory.ts'
import type { AnswerStore } from './messaging/answer-store.port.ts'
import { createMemoryChangeFeed } from './messaging/change-feed.memory.ts'
import { createMemoryDeadLetters } from './messaging/dead-letters.memory.ts'
import { createMemoryEventBus } from './messaging/event-bus.memory.ts'
import { createMemoryOutbox } from './messaging/outbox.memory.ts'
import { createMemoryNoticeStore } from './notification/notice-store.memory.ts'
import { createMemoryNotifier, type Mail } from './notification/notifier.memory.ts'
import { createScriptedGateway, type ScriptedGateway } from './payment/payment-gateway.memory.ts'
import type { GatewayWebhook } from './payment/payment-gateway.port.ts'
import { createMemorySeatInventory, type MemorySeatInventory } from './seating/seat-inventory.memory.ts'
import { createMemorySeatSource } from './seating/seat-source.memory.ts'
import { createMemoryRecord, type MemoryRecord } from './shared/record.memory.ts'
import { type Runtime, systemRuntime } from './shared/runtime.ts'
import { createMemoryAdmissionQueue, type MemoryAdmissionQueue } from './waiting-room/admission-queue.memory.ts'

/** Every door in cardboard, over one record: a whole sale in one process, gone when it ends. */
export interface MemoryAdapters extends Adapters {
  readonly lockStore: MemoryLockStore
  /** What a lock store on a real deployment takes to survive a loss of its data. */
  readonly fenceSource: FenceSource
  /** First answers by idempotency key, for hosts. */
  readonly answerStore: AnswerStore
  readonly admissionQueue: MemoryAdmissionQueue
  readonly seatInventory: MemorySeatInventory
  readonly gateway: ScriptedGateway
  readonly notifier: ReturnType<typeof createMemoryNotifier>
  /** What a database is on a real deployment: audits read it behind the engine's back. */
  readonly record: MemoryRecord
}

/**
 * `deliver` gets the scripted gateway's webhooks; without it their news is found by asking the gateway. `record`: tables of
 * one's own, for an audit that watches them.
 */
export function inMemoryAdapters(
  p: {
    readonly runtime?: Runtime
    readonly deliver?: (webhook: GatewayWebhook) => unknown
    readonly record?: MemoryRecord
  } = {},
): MemoryAdapters {
  const { runtime = systemRuntime, deliver, record = createMemoryRecord() } = p
  const fenceSource = createMemoryFenceSource({ record })
  const deadLetters = createMemoryDeadLetters({ record, runtime })
  return {
    record,
    fenceSource,
    deadLetters,
    lockStore: createMemoryLockStore({ runtime, fenceSource }),
    eventBus: createMemoryEventBus({ runtime, deadLetters }),
    outbox: createMemoryOutbox({ record, runtime }),
    changeFeed: createMemoryChangeFeed({ runtime }),
    catalogue: createMemoryCatalogue({ record, runtime }),
    admissionQueue: createMemoryAdmissionQueue({ runtime }),
    seatInventory: createMemorySeatInventory({ runtime }),
    seatSource: createMemorySeatSource({ record, runtime }),
    bookingStore: createMemoryBookingStore({ record, runtime }),
    paymentView: createMemoryPaymentView({ runtime }),
    gateway: createScriptedGateway({ runtime, ...(deliver && { deliver }) }),
    answerStore: createMemoryAnswerStore({ record }),
    noticeStore: createMemoryNoticeStore({ record, runtime }),
    notifier: createMemoryNotifier({ runtime }),
  }
}

export { createMemoryBookingStore } from './booking/booking-store.memory.ts'
export { createMemoryPaymentView } from './booking/payment-view.memory.ts'
export { createMemoryCatalogue } from './catalogue/catalogue.memory.ts'
export { createAlwaysGrantedLockStore } from './locking/always-granted.memory.ts'
export { createMemoryFenceSource } from './locking/fence-source.memory.ts'
export { createMemoryLockStore } from './locking/lock-store.memory.ts'
export { createMemoryAnswerStore } from './messaging/answer-store.memory.ts'
export { createMemoryChangeFeed } from './messaging/change-feed.memory.ts'
export { createMemoryDeadLetters } from './messaging/dead-letters.memory.ts'
export { createMemoryEventBus } from './messaging/event-bus.memory.ts'
export { createMemoryOutbox } from './messaging/outbox.memory.ts'
export { createMemoryNoticeStore } from './notification/notice-store.memory.ts'
export { createMemoryNotifier } from './notification/notifier.memory.ts'
export type { LedgerEntry, SandboxToken, ScriptedGateway } from './payment/payment-gateway.memory.ts'
export { createScriptedGateway, sandboxTokens } from './payment/payment-gateway.memory.ts'
export { createMemorySeatInventory } from './seating/seat-inventory.memory.ts'
export { createMemorySeatSource } from './seating/seat-source.memory.ts'
export type { MemoryRecord, Table } from './shared/record.memory.ts'
export { createMemoryRecord } from './shared/record.memory.ts'
export { createMemoryAdmissionQueue } from './waiting-room/admission-queue.memory.ts'
export type { Mail }
