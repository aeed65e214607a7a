import type { Id, Ms } from '../shared/types.ts'
import type { Message } from './message.ts'

export const outboxLanes = 64

export interface OutboxRow {
  /** Order within the lane. */
  readonly seq: number
  readonly message: Message
}

/** Rows are written by `BookingStore` in the transaction of their cause; lane = crc32(requestId) mod 64. */
export interface Outbox {
  /** Leases up to `lanes` lanes that have rows and no live lease, and returns each lane's oldest rows in order (≤ `limit` in all). */
  lease(p: {
    readonly relay: Id
    readonly lanes: number
    readonly leaseMs: Ms
    readonly limit: number
  }): Promise<readonly { readonly lane: number; readonly token: Id; readonly rows: readonly OutboxRow[] }[]>
  /** Marks rows published and gives the lane back. A token that is no longer the lane's changes nothing. */
  mark(p: {
    readonly published: readonly { readonly lane: number; readonly token: Id; readonly eventIds: readonly Id[] }[]
  }): Promise<void>
}
