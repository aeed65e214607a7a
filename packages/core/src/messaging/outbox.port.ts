import type { Id, Ms } from '../shared/types.ts'
import type { Message } from './message.ts'

export interface OutboxRow {
  /** Order within the lane. */
  readonly seq: number
  readonly message: Message
}

/** Rows are written by `BookingStore` in the transaction of their cause; lane = crc32(requestId) mod 64. */
export interface Outbox {
  /**
   * Leases up to `lanes` lanes that have unpublished rows and no live lease, and returns each lane's oldest rows in order
   * (≤ `limit` in all, a lane without rows in the answer is not leased). The lease ends `leaseMs` from the store's now; then
   * any relay may lease the lane again, with a new token. Nothing to do answers `[]`.
   * @throws `INVALID` for counts or times that are not positive integers, or a relay that is no id.
   */
  lease(p: {
    readonly relay: Id
    readonly lanes: number
    readonly leaseMs: Ms
    readonly limit: number
  }): Promise<readonly { readonly lane: number; readonly token: Id; readonly rows: readonly OutboxRow[] }[]>
  /**
   * Marks rows published and gives the lane back; rows of the lane that are not named stay and come again. A token is the
   * lane's until the lane is given back or leased again, however late; another one changes nothing.
   */
  mark(p: {
    readonly published: readonly { readonly lane: number; readonly token: Id; readonly eventIds: readonly Id[] }[]
  }): Promise<void>
}
