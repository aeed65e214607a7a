import type { Id } from '../shared/types.ts'
import type { PaymentStatus } from './booking.ts'

/**
 * `payment:status:<requestId>`: a fast, forgetful copy of payment states for readers. Whoever must be sure reads the record,
 * from which it is rebuilt at any time.
 */
export interface PaymentView {
  /** Each is applied only if its version is newer than what stands there. Kept for a day. */
  put(p: { readonly payments: readonly PaymentStatus[] }): Promise<void>
  /** Status *i* for requestId *i*; null: not known here. */
  get(p: { readonly requestIds: readonly Id[] }): Promise<readonly (PaymentStatus | null)[]>
}
