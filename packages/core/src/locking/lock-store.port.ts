import type { Id, Ms } from '../shared/types.ts'

/**
 * Leases judged by the store's own clock: a lease is live while now < `until`, and at `until` exactly it is over. Keys are
 * independent. A store keeps the number of a key's last grant after the lease has ended.
 */
export interface LockStore {
  /**
   * Grants the key if it is free, due, or already this owner's. The owner's own live lease is granted again with the same
   * fence and ends `ttlMs` from now: so a lost reply is repeated. Every other grant has a `fence` above all earlier ones of
   * the key, over restarts and lost data: `epoch · 2³² + counter`. Of parallel callers exactly one is granted.
   * @throws `INVALID` for an id or a ttl that is none; nothing changes.
   */
  acquire(p: { readonly key: Id; readonly owner: Id; readonly ttlMs: Ms }): Promise<LockGrant | LockRefusal>
  /**
   * True: the lease now ends `ttlMs` from the store's now. False: it is not, or no longer, this owner's live grant with this
   * fence; nothing changes.
   */
  renew(p: { readonly key: Id; readonly owner: Id; readonly fence: number; readonly ttlMs: Ms }): Promise<boolean>
  /** True once; false when the lease is not, or no longer, this owner's live grant. Never touches another's lease. */
  release(p: { readonly key: Id; readonly owner: Id; readonly fence: number }): Promise<boolean>
}

export interface LockGrant {
  readonly ok: true
  readonly fence: number
  /** The instant, by the store's clock, at which the lease is over unless it is renewed. */
  readonly until: Ms
}

export interface LockRefusal {
  readonly ok: false
  /** When the present lease is due, at the latest; above 0. */
  readonly retryInMs: Ms
}
