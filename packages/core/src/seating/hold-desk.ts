import type { Id, Ms, Version } from '../shared/types.ts'
import type { Claim } from './claim.ts'
import type { Hold, Part } from './hold.ts'
import type { SeatOwner } from './seat-inventory.port.ts'

export type PinReply =
  /** The seats are PAYING for this request, also when they were so before. */
  | { readonly is: 'pinned'; readonly hold: Hold }
  /** No live hold of this id, version and holder: it ended, expired, or was never theirs. Nothing changed. */
  | { readonly is: 'stale' }
  /** Another request has pinned this hold. Nothing changed. */
  | { readonly is: 'paying'; readonly requestId: Id }

/** What a commit of the record said about the seats of one payment. */
export type SeatProjection = {
  readonly scheduleId: Id
  readonly parts: readonly Part[]
  readonly requestId: Id
  /** Of the record's change; a seat that knows a newer one is left alone. */
  readonly recordVersion: Version
} & (
  | { readonly state: 'PAYING' | 'COMPLETED'; readonly holder: Id }
  /** This payment's claims ended: seats that belong to somebody else by now are left alone. */
  | { readonly state: 'AVAILABLE' }
)

/**
 * What the rooms behind seating ask of holds, batched to one call per turn. Every method is repeatable, and throws `BUSY`
 * when the store cannot answer (then the same call, repeated, is safe).
 */
export interface HoldDesk {
  /** Live or paying, whoever owns it: the caller compares `holder`. Null: unknown or ended. `hold.requestId` names its payment. */
  find(p: { readonly scheduleId: Id; readonly holdId: Id }): Promise<Hold | null>
  /** Step (a): a live hold becomes PAYING(requestId) and no longer ends by time. Its version stays. `leaseMs`: stale pins are reported after it. */
  pin(p: {
    readonly scheduleId: Id
    readonly holdId: Id
    readonly version: Version
    readonly holder: Id
    readonly requestId: Id
    readonly leaseMs: Ms
  }): Promise<PinReply>
  /** Frees what is still PAYING for this request. Only after the record refused it for certain, or holds its tombstone. */
  unpin(p: { readonly scheduleId: Id; readonly requestId: Id }): Promise<void>
  /** Step (c): seat by seat, only where newer. */
  project(p: SeatProjection): Promise<void>
  /** Every PAYING or COMPLETED seat as the fast store sees it. */
  owners(p: { readonly scheduleId: Id }): Promise<readonly (SeatOwner & { readonly section: Id })[]>
  /** Every live claim as the record sees it. `blocks`: those the fast store missed and was shown on the way. */
  claims(p: { readonly scheduleId: Id }): Promise<{
    readonly claims: readonly Claim[]
    readonly blocks: readonly { readonly section: Id; readonly seat: number }[]
  }>
}

/** Told by the expiry loop: pins whose lease is over, for booking to abandon or confirm. */
export type OnStalePins = (p: { readonly scheduleId: Id; readonly requestIds: readonly Id[] }) => Promise<void>
