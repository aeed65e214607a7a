import type { LockStore } from './lock-store.port.ts'

/** A broken lock, for tests: everybody gets everything. Every promise of the engine must hold over it. */
export function createAlwaysGrantedLockStore(): LockStore {
  let fence = 0
  return {
    acquire: async ({ ttlMs }) => ({ ok: true, fence: ++fence, until: ttlMs }),
    renew: async () => true,
    release: async () => true,
  }
}
