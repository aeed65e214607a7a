import { crc32 } from '../shared/crc32.ts'
import { TicketingError } from '../shared/errors.ts'
import type { Id, Ms } from '../shared/types.ts'

/** One lease of one shard. Ends by `release`, or by its time; `signal` aborts when it is lost, with a `LOCK_LOST` as reason. */
export interface Lease extends AsyncDisposable {
  readonly resource: string
  readonly shard: Id
  /** Unique to this acquisition. */
  readonly owner: Id
  /** Written with whatever is written under the lock; the target refuses a lower one. */
  readonly fence: number
  readonly signal: AbortSignal
  /** Asks the store for `ttlMs` (the lock's own) from now. @throws `LOCK_LOST` when it is no longer this owner's. */
  extend(p?: { readonly ttlMs?: Ms }): Promise<void>
  /** True: it was held to the end. False: it was lost before. Repeatable. */
  release(): Promise<boolean>
}

/** Leases of all shards that several resources map to, held under one owner. */
export interface LeaseSet extends AsyncDisposable {
  readonly owner: Id
  /** One per shard, in the order of the shards. */
  readonly leases: readonly Lease[]
  /** Aborts when any of them is lost. */
  readonly signal: AbortSignal
  /** The number for writes to this resource. @throws `INVALID` for a resource that is not part of the set. */
  fenceOf(resource: string): number
  /** @throws `LOCK_LOST` */
  extend(p?: { readonly ttlMs?: Ms }): Promise<void>
  release(): Promise<boolean>
}

/** Of the epoch; the counter has the lower 32 bits, so that every fence is a safe integer. */
export const maxFenceEpoch = 2 ** 21 - 1

/** @throws TicketingError `STORE_FAULT` when either part is out of its range: a number that may repeat is never handed out. */
export function fencingNumber(epoch: number, counter: number): number {
  if (!within(epoch, maxFenceEpoch) || !within(counter, 2 ** 32 - 1)) {
    throw new TicketingError('STORE_FAULT', 'the fencing numbers of this key are used up')
  }
  return epoch * 2 ** 32 + counter
}

const within = (value: number, max: number): boolean => Number.isSafeInteger(value) && value >= 1 && value <= max

/** The target's rule: what carries a lower number than was seen before is refused. */
export const admitsFence = (seen: number | null, fence: number): boolean =>
  Number.isSafeInteger(fence) && fence >= 0 && (seen === null || fence >= seen)

/** Maps any name to one of `shards` keys. */
export const shardOf = (resource: string, shards: number): number => crc32(resource) % shards

export const shardKey = (shard: number): Id => `lock-${shard}`

/**
 * Pause before retry `attempt` (from 0): doubles each time, and jitter takes away up to half, so that every pause is longer
 * than the one before it. `dice` is below 1.
 */
export const lockBackoffMs = (attempt: number, dice: number): Ms =>
  Math.ceil(firstPauseMs * 2 ** attempt * (1 - dice / 2))

const firstPauseMs = 50

/** No lease is asked for longer than a day: what lives on must be renewed. */
export const maxLeaseMs: Ms = 86_400_000

/** @throws TicketingError `INVALID` for anything but a name of 1 to 512 characters. */
export function demandResource(value: unknown): string {
  if (typeof value === 'string' && value.length >= 1 && value.length <= 512) return value
  throw new TicketingError('INVALID', 'resource must be a name of 1 to 512 characters')
}

export const lockLost = (resource: string): TicketingError =>
  new TicketingError('LOCK_LOST', 'the lease is no longer held', { details: { resource } })

export const lockBusy = (resource: string, retryInMs: Ms, cause?: unknown): TicketingError =>
  new TicketingError('LOCK_BUSY', 'the lock is held by another', { retryInMs, cause, details: { resource } })
