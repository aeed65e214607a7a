import type { Brand } from '../shared/brand.ts'
import type { Id, Ms } from '../shared/types.ts'

/** The key to seats and payment. Made only by admission, or by verifying its signature. */
export type Pass = Brand<PassClaims & { readonly token: string }, 'Pass'>

export interface PassClaims {
  readonly scheduleId: Id
  readonly epoch: Id
  readonly number: number
  readonly visitor: Id
  readonly expiresAt: Ms
}

/**
 * The door between the waiting room and the rooms behind it: writing routes pass it, batched to one command per turn. It refuses
 * numbers known as left, done or expired and other epochs; an unknown number is accepted by its signature and registered again.
 */
export interface PassGate {
  /** @throws TicketingError `PASS_EXPIRED` (also left, done, old epoch), `BUSY` when the line's store cannot answer. */
  demand(p: { readonly pass: Pass }): Promise<void>
  /** Reads: the signature, the epoch and the clock only; costs no store. @throws `PASS_EXPIRED`. */
  glance(p: { readonly pass: Pass }): void
}
