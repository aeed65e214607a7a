import { demandCount, demandSignal } from '../shared/demand.ts'
import { demandId } from '../shared/ids.ts'
import type { Id, Ms } from '../shared/types.ts'
import { maxLeaseMs } from './lock.ts'

export interface LockOptions {
  /** How long the lease lives without renewal; default: the lock's. */
  readonly ttlMs?: Ms
  /** Retries after the first refusal, at most 16; default: the lock's. 0 asks once and waits for nobody. */
  readonly retries?: number
  /** Renews the lease until it is released. Without it, it frees itself. */
  readonly renew?: boolean
  /** Who asks, in this process. Whoever holds or awaits a lease is refused another one: an owner never nests. */
  readonly owner?: Id
  /** Ends the waiting, not the lease. */
  readonly signal?: AbortSignal
}

/** The options of one acquisition, checked. */
export interface LockTerms {
  readonly ttlMs: Ms
  readonly retries: number
  readonly renew: boolean
  readonly owner: Id | undefined
  readonly signal: AbortSignal | undefined
}

/** @throws TicketingError `INVALID` */
export function readLockOptions(
  options: LockOptions,
  defaults: { readonly ttlMs: Ms; readonly retries: number },
): LockTerms {
  const { owner } = options
  const signal = demandSignal(options.signal)
  return {
    ttlMs: demandCount(options.ttlMs ?? defaults.ttlMs, 'ttlMs', { max: maxLeaseMs }),
    retries: demandCount(options.retries ?? defaults.retries, 'retries', { min: 0, max: 16 }),
    renew: options.renew === true,
    owner: owner === undefined ? undefined : demandId(owner, 'owner'),
    signal,
  }
}
