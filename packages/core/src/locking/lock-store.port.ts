import type { Id, Ms } from '../shared/types.ts'

/** Leases judged by the store's own clock. */
export interface LockStore {
  /**
   * Grants the key if it is free, due, or already this owner's (a lost reply repeated: same fence). `fence` grows with every
   * grant of a key, over restarts and lost data: `epoch · 2³² + counter`.
   */
  acquire(p: {
    readonly key: Id
    readonly owner: Id
    readonly ttlMs: Ms
  }): Promise<
    { readonly ok: true; readonly fence: number; readonly until: Ms } | { readonly ok: false; readonly retryInMs: Ms }
  >
  /** True: the lease now ends `ttlMs` from the store's now. False: it is not (or no longer) this owner's grant. */
  renew(p: { readonly key: Id; readonly owner: Id; readonly fence: number; readonly ttlMs: Ms }): Promise<boolean>
  /** True once; false when the lease is not (or no longer) this owner's grant. Never touches another's lease. */
  release(p: { readonly key: Id; readonly owner: Id; readonly fence: number }): Promise<boolean>
}
