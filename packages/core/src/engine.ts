import type { BookingStore } from './booking/booking-store.port.ts'
import type { Bookings, Payments } from './booking/bookings.ts'
import type { PaymentView } from './booking/payment-view.port.ts'
import type { Catalogue } from './catalogue/catalogue.port.ts'
import type { Schedules } from './catalogue/catalogue.ts'
import type { FenceSource } from './locking/fence-source.port.ts'
import type { LockStore } from './locking/lock-store.port.ts'
import type { ChangeFeed } from './messaging/change-feed.port.ts'
import type { DeadLetter, DeadLetters } from './messaging/dead-letters.port.ts'
import type { EventBus } from './messaging/event-bus.port.ts'
import type { Outbox } from './messaging/outbox.port.ts'
import type { NoticeStore } from './notification/notice-store.port.ts'
import type { Notifier } from './notification/notifier.port.ts'
import type { PaymentGateway } from './payment/payment-gateway.port.ts'
import type { SeatInventory } from './seating/seat-inventory.port.ts'
import type { SeatSource } from './seating/seat-source.port.ts'
import type { Seating, SeatNews } from './seating/seating.ts'
import type { Observer } from './shared/observer.ts'
import type { Runtime } from './shared/runtime.ts'
import type { Id, Page } from './shared/types.ts'
import type { AdmissionQueue } from './waiting-room/admission-queue.port.ts'
import type { WaitingRoom } from './waiting-room/waiting-room.ts'

/** Every door of the house. `inMemoryAdapters()` fills them all; a deployment replaces them by name. */
export interface Adapters {
  readonly lockStore: LockStore
  readonly fenceSource: FenceSource
  readonly eventBus: EventBus
  readonly outbox: Outbox
  readonly deadLetters: DeadLetters
  readonly changeFeed: ChangeFeed<SeatNews>
  readonly catalogue: Catalogue
  readonly admissionQueue: AdmissionQueue
  readonly seatInventory: SeatInventory
  readonly seatSource: SeatSource
  readonly bookingStore: BookingStore
  readonly paymentView: PaymentView
  readonly gateway: PaymentGateway
  readonly noticeStore: NoticeStore
  readonly notifier: Notifier
  /** What the adapters opened themselves, closed by `engine.close()`. */
  readonly close?: () => Promise<void>
}

export type Role = 'web' | 'payment' | 'notification'

/** A secret of at least 32 characters. The first signs, all verify. */
export interface TokenSecret {
  readonly kid: string
  readonly secret: string
}

export interface EngineOptions extends Adapters {
  readonly tokenSecrets: readonly TokenSecret[]
  /** Loops that `start` and `tick` run; default: all. The outbox relay runs in every role. */
  readonly roles?: readonly Role[]
  readonly runtime?: Runtime
  readonly observer?: Observer
}

export interface Engine {
  readonly schedules: Schedules
  readonly sessions: Sessions
  readonly waitingRoom: WaitingRoom
  readonly seating: Seating
  readonly payments: Payments
  readonly bookings: Bookings
  readonly notices: { resend(p: { reservationId: Id; by?: Id }): Promise<void> }
  readonly deadLetters: {
    list(p?: { after?: string }): Promise<Page<DeadLetter>>
    /** @throws `NOT_FOUND` */
    replay(p: { id: Id; by?: Id }): Promise<void>
    park(p: { id: Id; source: Id; reason: string; data: Readonly<Record<string, unknown>> }): Promise<void>
  }
  /** Starts every loop of its roles; returns once consumers are subscribed. Repeatable. */
  start(): Promise<void>
  /** Runs every loop once: for tests and schedulers of your own. */
  tick(): Promise<void>
  /** Stops loops and consumers, finishes what is running, closes what the adapters opened. Repeatable. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** The session credential: minted and signed here, so that one browser is one visitor. */
export interface Sessions {
  mint(): { readonly visitor: Id; readonly token: string }
  /** Null for an unknown, altered or other-kind token. */
  verify(p: { token: string }): Id | null
}
