import type { Brand } from '../shared/brand.ts'
import type { Id, Ms } from '../shared/types.ts'

/** The visitor's place, signed: everything a poll needs besides the line's shared document. */
export type QueueTicket = Brand<string, 'QueueTicket'>

export interface QueueTicketClaims {
  readonly scheduleId: Id
  readonly epoch: Id
  /** Issued number, or the pre-queue rank of a sale that has not opened. */
  readonly place: { readonly number: number } | { readonly rank: number }
  readonly visitor: Id
  readonly issuedAt: Ms
  readonly expiresAt: Ms
}
