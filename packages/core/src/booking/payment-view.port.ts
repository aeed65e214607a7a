import type { Id } from '../shared/types.ts'
import type { PaymentStatus } from './booking.ts'

/** A fast, forgetful copy of payment states; rebuilt from the record at any time. */
export interface PaymentView {
  /** Each is applied only if its version is newer. */
  put(p: { readonly payments: readonly PaymentStatus[] }): Promise<void>
  get(p: { readonly requestIds: readonly Id[] }): Promise<readonly (PaymentStatus | null)[]>
}
