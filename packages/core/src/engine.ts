import { type Bookings, createBookings, type Payments } from './booking/bookings.ts'
import { createChargeConsumer } from './booking/charge-loop.ts'
import { createDeparture, type Departure } from './booking/departure.ts'
import { createDueLoop } from './booking/due-loop.ts'
import { createProjection } from './booking/projection.ts'
import { createProjectionLoop } from './booking/projection-loop.ts'
import { createReconcileLoop } from './booking/reconcile-loop.ts'
import { createSettlement } from './booking/settlement.ts'
import { createWorkers } from './booking/workers.ts'
import { createSchedules, type Schedules } from './catalogue/catalogue.ts'
import { closedDoors, demandOptions, doorNames, type EngineOptions, type Role, roles } from './engine-options.ts'
import { createLife, type Life } from './life.ts'
import { createShardedLock, type ShardedLock } from './locking/sharded-lock.ts'
import type { Subscription } from './messaging/event-bus.port.ts'
import { createOutboxLoop } from './messaging/outbox-loop.ts'
import { createParkedLetters, type ParkedLetters } from './messaging/parked-letters.ts'
import { createNoticeConsumer, createNoticeLoop } from './notification/notice-loop.ts'
import { createNotices, type Notices } from './notification/notices.ts'
import type { GatewayEvent } from './payment/payment-gateway.port.ts'
import { createExpiryLoop } from './seating/expiry-loop.ts'
import { createFeedLoop } from './seating/feed-loop.ts'
import { createHoldDesk } from './seating/hold-desk-service.ts'
import { createSeatBooks } from './seating/seat-books.ts'
import type { Seating } from './seating/seating.ts'
import { createSeating } from './seating/seating-service.ts'
import { closeAll } from './shared/bundle.ts'
import { newId } from './shared/ids.ts'
import type { Loop } from './shared/loop.ts'
import { silentObserver } from './shared/observer.ts'
import { withParams } from './shared/params.ts'
import { systemRuntime } from './shared/runtime.ts'
import { createTokens } from './shared/token.ts'
import { createAdmissionLoop } from './waiting-room/admission-loop.ts'
import { createLines } from './waiting-room/lines.ts'
import { createPassGate } from './waiting-room/pass-gate.ts'
import { createSessions, type Sessions } from './waiting-room/session.ts'
import { createWaitingRoom, type WaitingRoom } from './waiting-room/waiting-room.ts'

export interface Engine extends Life {
  readonly schedules: Schedules
  readonly sessions: Sessions
  readonly waitingRoom: WaitingRoom
  readonly seating: Seating
  readonly payments: Payments
  readonly bookings: Bookings
  readonly notices: Notices
  readonly deadLetters: ParkedLetters
  /** How a visitor leaves, with or without seats. */
  readonly leave: Departure
  /** For a host's own work of several steps; no promise of the engine rests on it. */
  readonly locks: ShardedLock
  [Symbol.asyncDispose](): Promise<void>
}

/** @throws TicketingError `CONFIG_INVALID` */
export async function createBookingEngine(options: EngineOptions): Promise<Engine> {
  demandOptions(options)
  const { runtime = systemRuntime, observer = silentObserver, policy = 'nearest' } = options
  let over = false
  const stores = closedDoors(options, () => over)
  const { eventBus, gateway, notifier, outbox, changeFeed: feed, lockStore: locks } = stores
  const { catalogue, bookingStore, paymentView, noticeStore, deadLetters } = stores
  const { admissionQueue: queue, seatInventory: inventory, seatSource: source } = stores
  const tokens = createTokens({ secrets: options.tokenSecrets })
  const worker = newId(runtime)

  const { schedules, records } = createSchedules({ catalogue, runtime, observer })

  const lines = createLines({ queue, catalogue, records, runtime, observer })
  const passGate = createPassGate({ queue, lines, tokens, runtime })
  const waitingRoom = createWaitingRoom({ queue, lines, tokens, runtime, gate: passGate })

  const seatDoors = { inventory, source, feed, locks }
  const books = createSeatBooks({ ...seatDoors, records, runtime, observer, policy })
  const seating = createSeating({ runtime, records, books, source, gate: passGate })
  const holdDesk = createHoldDesk({ runtime, records, books, inventory, source })

  const projection = createProjection({ bookingStore, paymentView, holdDesk, runtime, observer })
  const settlement = createSettlement({ bookingStore, gateway, deadLetters, projection, runtime, observer })
  const secret = options.tokenSecrets[0]!.secret
  const booking = { bookingStore, holdDesk, projection, passGate, runtime, observer, secret }
  const { payments, bookings } = createBookings({ ...booking, settlement, paymentView })
  const workers = createWorkers({ observer })
  const reconcile = createReconcileLoop({ bookingStore, holdDesk, projection, catalogue, runtime, observer })

  const loops: Readonly<Record<Role, readonly Loop[]>> = {
    web: [
      createAdmissionLoop({ lines, records, runtime }),
      createExpiryLoop({ records, books, inventory, onStalePins: reconcile.onStalePins }),
      createFeedLoop({ books }),
    ],
    payment: [createDueLoop({ bookingStore, settlement, projection, workers, worker }), reconcile],
    notification: [createNoticeLoop({ noticeStore, notifier, runtime, observer, worker })],
  }
  const consumers: Readonly<Record<Role, readonly { subscribe(): Promise<Subscription> }[]>> = {
    web: [],
    payment: [createChargeConsumer({ bookingStore, settlement, workers, eventBus, observer })],
    notification: [createNoticeConsumer({ bookingStore, noticeStore, catalogue, eventBus })],
  }
  const mine = options.roles ?? roles
  const myLoops = [
    createOutboxLoop({ outbox, eventBus, runtime, observer }),
    // What a process could not show when it settled, it shows again itself.
    createProjectionLoop({ projection }),
    ...mine.flatMap((role) => loops[role]),
  ]

  const life = createLife({
    runtime,
    observer,
    loops: myLoops,
    consumers: mine.flatMap((role) => consumers[role]),
    finish: async () => {
      try {
        await workers.idle()
        await books.close()
        await options.close?.()
      } finally {
        over = true
        await closeAll(doorNames.map((door) => options[door]))
      }
    },
  })

  return {
    schedules: withParams(schedules),
    sessions: withParams(createSessions({ tokens, runtime })),
    waitingRoom: withParams(waitingRoom),
    seating: withParams(seating),
    payments: withParams(payments),
    bookings: withParams(bookings),
    notices: withParams(createNotices({ bookingStore, noticeStore, catalogue })),
    deadLetters: withParams(
      createParkedLetters({
        deadLetters,
        eventBus,
        // `settle` checks what it is given: a parked body is as untrusted as the webhook was.
        hear: (event) =>
          payments.settle({
            requestId: event.requestId as string,
            event: event as unknown as GatewayEvent,
            source: 'replay',
          }),
      }),
    ),
    ...withParams({ leave: createDeparture({ bookingStore, places: waitingRoom, holds: seating }) }),
    locks: withParams(createShardedLock({ lockStore: locks, runtime })),
    ...life,
    [Symbol.asyncDispose]: life.close,
  }
}
