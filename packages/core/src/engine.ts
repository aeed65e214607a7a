import type { BookingStore } from './booking/booking-store.port.ts'
import { type Bookings, createBookings, type Payments } from './booking/bookings.ts'
import { createChargeConsumer } from './booking/charge-loop.ts'
import { createDeparture, type Departure } from './booking/departure.ts'
import { createDueLoop } from './booking/due-loop.ts'
import type { PaymentView } from './booking/payment-view.port.ts'
import { createProjection } from './booking/projection.ts'
import { createProjectionLoop } from './booking/projection-loop.ts'
import { createReconcileLoop } from './booking/reconcile-loop.ts'
import { createSettlement } from './booking/settlement.ts'
import { createWorkers } from './booking/workers.ts'
import type { Catalogue } from './catalogue/catalogue.port.ts'
import { createSchedules, type Schedules } from './catalogue/catalogue.ts'
import type { LockStore } from './locking/lock-store.port.ts'
import { createShardedLock, type ShardedLock } from './locking/sharded-lock.ts'
import type { ChangeFeed } from './messaging/change-feed.port.ts'
import type { DeadLetters } from './messaging/dead-letters.port.ts'
import type { EventBus, Subscription } from './messaging/event-bus.port.ts'
import type { Outbox } from './messaging/outbox.port.ts'
import { createOutboxLoop } from './messaging/outbox-loop.ts'
import { createParkedLetters, type ParkedLetters } from './messaging/parked-letters.ts'
import { createNoticeConsumer, createNoticeLoop } from './notification/notice-loop.ts'
import type { NoticeStore } from './notification/notice-store.port.ts'
import { createNotices, type Notices } from './notification/notices.ts'
import type { Notifier } from './notification/notifier.port.ts'
import type { GatewayEvent, PaymentGateway } from './payment/payment-gateway.port.ts'
import { type AllocationPolicy, allocationPolicies } from './seating/allocator/allocation.ts'
import { createExpiryLoop } from './seating/expiry-loop.ts'
import { createFeedLoop } from './seating/feed-loop.ts'
import { createHoldDesk } from './seating/hold-desk-service.ts'
import { createSeatBooks } from './seating/seat-books.ts'
import type { SeatInventory, SeatNews } from './seating/seat-inventory.port.ts'
import type { SeatSource } from './seating/seat-source.port.ts'
import type { Seating } from './seating/seating.ts'
import { createSeating } from './seating/seating-service.ts'
import { closeAll } from './shared/bundle.ts'
import { TicketingError } from './shared/errors.ts'
import { failClosed } from './shared/fail-closed.ts'
import { newId } from './shared/ids.ts'
import { type Loop, repeat } from './shared/loop.ts'
import { type Observer, silentObserver } from './shared/observer.ts'
import { withParams } from './shared/params.ts'
import { type Runtime, systemRuntime } from './shared/runtime.ts'
import { createTokens, type TokenSecret } from './shared/token.ts'
import { createAdmissionLoop } from './waiting-room/admission-loop.ts'
import type { AdmissionQueue } from './waiting-room/admission-queue.port.ts'
import { createLines } from './waiting-room/lines.ts'
import { createPassGate } from './waiting-room/pass-gate.ts'
import { createSessions, type Sessions } from './waiting-room/session.ts'
import { createWaitingRoom, type WaitingRoom } from './waiting-room/waiting-room.ts'

/**
 * Every door of the house. `inMemoryAdapters()` fills them all; a deployment replaces them by name. An adapter that opened
 * something carries `[Symbol.asyncDispose]`, which `engine.close()` calls once.
 */
export interface Adapters {
  readonly lockStore: LockStore
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
  /** Closes what a host opened beside its adapters; `engine.close()` calls it before it closes them. */
  readonly close?: () => Promise<void>
}

export const roles = ['web', 'payment', 'notification'] as const
export type Role = (typeof roles)[number]

export interface EngineOptions extends Adapters {
  readonly tokenSecrets: readonly TokenSecret[]
  /** Whose loops `start` and `tick` run; default: all. The outbox relay and the repair of projections run in every role. */
  readonly roles?: readonly Role[]
  /** What the best seats are; default `nearest`. */
  readonly policy?: AllocationPolicy
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
  readonly notices: Notices
  readonly deadLetters: ParkedLetters
  /** How a visitor leaves, with or without seats. */
  readonly leave: Departure
  /** For a host's own work of several steps; no promise of the engine rests on it. */
  readonly locks: ShardedLock
  /** Starts every loop of its roles; returns once consumers are subscribed. Repeatable. */
  start(): Promise<void>
  /** Runs every loop once: for tests and schedulers of your own. Throws, when all have run, what the first that failed threw. */
  tick(): Promise<void>
  /** Stops loops and consumers, finishes what is running, closes what the adapters opened. Repeatable. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

/** @throws TicketingError `CONFIG_INVALID` */
export async function createBookingEngine(options: EngineOptions): Promise<Engine> {
  demandOptions(options)
  const { runtime = systemRuntime, observer = silentObserver, policy = 'nearest' } = options
  const stores = closedDoors(options)
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
      await workers.idle()
      await books.close()
      await options.close?.()
      await closeAll(doorNames.map((door) => options[door]))
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

type Door = Exclude<keyof Adapters, 'close'>

/** The doors without which nothing runs, by name. */
const doors: Readonly<Record<Door, true>> = {
  ...{ lockStore: true, eventBus: true, outbox: true, deadLetters: true, changeFeed: true },
  ...{ catalogue: true, admissionQueue: true, seatInventory: true, seatSource: true, bookingStore: true },
  ...{ paymentView: true, gateway: true, noticeStore: true, notifier: true },
}

const doorNames = Object.keys(doors) as readonly Door[]

/** I18: behind every door a fault fails closed. */
const closedDoors = (adapters: Adapters): Pick<Adapters, Door> =>
  Object.fromEntries(doorNames.map((door) => [door, failClosed(adapters[door])])) as unknown as Pick<Adapters, Door>

/** @throws TicketingError `CONFIG_INVALID` that names all that is missing. */
function demandOptions(options: EngineOptions): void {
  const has = (value: unknown, names: readonly string[]): boolean =>
    typeof value === 'object' && value !== null && names.every((name) => typeof Reflect.get(value, name) === 'function')
  const isObject = (value: unknown): boolean => has(value, [])
  if (!isObject(options)) throw new TicketingError('CONFIG_INVALID', 'an engine needs its adapters and tokenSecrets')
  const { runtime, observer, policy, roles: mine = roles } = options
  const problems = doorNames
    .filter((door) => !isObject(Reflect.get(options, door)))
    .map((door) => `the adapter ${door} is missing`)
  if (runtime !== undefined && !has(runtime, ['now', 'random', 'sleep', 'defer'])) problems.push('runtime is not one')
  if (observer !== undefined && !has(observer, ['log', 'count', 'gauge'])) problems.push('observer is not one')
  if (policy !== undefined && !allocationPolicies.includes(policy)) problems.push('policy is not one')
  if (!Array.isArray(mine) || !mine.every((role) => roles.includes(role)))
    problems.push('roles are not a list of roles')
  if (problems.length > 0) throw new TicketingError('CONFIG_INVALID', problems.join('; '), { details: { problems } })
}

/** Start, tick and close: the loops and consumers of one engine. */
function createLife(p: {
  readonly runtime: Runtime
  readonly observer: Observer
  readonly loops: readonly Loop[]
  readonly consumers: readonly { subscribe(): Promise<Subscription> }[]
  readonly finish: () => Promise<void>
}): Pick<Engine, 'start' | 'tick' | 'close'> {
  const stopping = new AbortController()
  const { signal } = stopping
  let running: readonly Promise<void>[] = []
  let subscribed: Promise<readonly Subscription[]> | null = null
  let closed: Promise<void> | null = null

  const close = async (): Promise<void> => {
    stopping.abort()
    const subscriptions = (await subscribed?.catch(() => [])) ?? []
    await Promise.all(subscriptions.map((subscription) => subscription.close()))
    await Promise.all(running)
    await p.finish()
  }

  return {
    start: async () => {
      if (signal.aborted) throw new TicketingError('CLOSED', 'the engine is closed')
      if (!subscribed) {
        subscribed = Promise.all(p.consumers.map((consumer) => consumer.subscribe()))
        running = p.loops.map((loop) => repeat({ loop, runtime: p.runtime, signal, observer: p.observer }))
      }
      await subscribed
    },
    tick: async () => {
      // One loop that fails, perhaps for want of a broker, does not stop the others.
      const failures: unknown[] = []
      for (const loop of p.loops) await loop.tick().catch((error: unknown) => failures.push(error))
      if (failures.length > 0) throw failures[0]
    },
    close: () => {
      closed ??= close()
      return closed
    },
  }
}
