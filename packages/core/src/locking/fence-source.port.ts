import type { Id } from '../shared/types.ts'

/**
 * The record's epochs for fencing numbers. A lock store asks for one whenever it has no number for a key: on the key's first
 * grant and after it lost its data.
 */
export interface FenceSource {
  /**
   * From 1, grows with every call, never the same twice for a key, also over restarts. Keys are independent.
   * @throws `INVALID` for a key that is not an id, `STORE_FAULT` when 2²¹ − 1 is passed: no number is ever used again.
   */
  next(p: { readonly key: Id }): Promise<number>
}
