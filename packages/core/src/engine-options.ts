import type { BookingStore } from './booking/booking-store.port.ts'
import type { PaymentView } from './booking/payment-view.port.ts'
import type { Catalogue } from './catalogue/catalogue.port.ts'
import type { LockStore } from './locking/lock-store.port.ts'
import type { ChangeFeed } from './messaging/change-feed.port.ts'
import type { DeadLetters } from './messaging/dead-letters.port.ts'
import type { EventBus } from './messaging/event-bus.port.ts'
import type { Outbox } from './messaging/outbox.port.ts'
import type { NoticeStore } from './notification/notice-store.port.ts'
import type { Notifier } from './notification/notifier.port.ts'
import type { PaymentGateway } from './payment/payment-gateway.port.ts'
import { type AllocationPolicy, allocationPolicies } from './seating/allocator/allocation.ts'
import type { SeatInventory, SeatNews } from './seating/seat-inventory.port.ts'
import type { SeatSource } from './seating/seat-source.port.ts'
import { TicketingError } from './shared/errors.ts'
import { failClosed } from './shared/fail-closed.ts'
import type { Observer } from './shared/observer.ts'
import type { Runtime } from './shared/runtime.ts'
import type { TokenSecret } from './shared/token.ts'
import type { AdmissionQueue } from './waiting-room/admission-queue.port.ts'

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

export type Door = Exclude<keyof Adapters, 'close'>

/** The doors without which nothing runs, by name. */
const doors: Readonly<Record<Door, true>> = {
  ...{ lockStore: true, eventBus: true, outbox: true, deadLetters: true, changeFeed: true },
  ...{ catalogue: true, admissionQueue: true, seatInventory: true, seatSource: true, bookingStore: true },
  ...{ paymentView: true, gateway: true, noticeStore: true, notifier: true },
}

export const doorNames = Object.keys(doors) as readonly Door[]

/** I18: behind every door a fault fails closed. Once `isOver`, every call is `CLOSED`. */
export const closedDoors = (adapters: Adapters, isOver: () => boolean): Pick<Adapters, Door> =>
  Object.fromEntries(doorNames.map((door) => [door, failClosed(adapters[door], isOver)])) as unknown as Pick<
    Adapters,
    Door
  >

/** @throws TicketingError `CONFIG_INVALID` that names all that is missing. */
export function demandOptions(options: EngineOptions): void {
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
