import type { Id } from '../shared/types.ts'

/** The record's epoch for fencing numbers: grows with every call, below 2²¹, never the same twice for a key. */
export interface FenceSource {
  next(p: { readonly key: Id }): Promise<number>
}
