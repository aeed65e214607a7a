import type { Id, Version } from '../shared/types.ts'

/** The record's word on who owns a seat: at most one live claim a seat, (scheduleId, seatId) is its primary key. */
export interface Claim {
  readonly scheduleId: Id
  readonly section: Id
  readonly seat: number
  /** The payment that owns it. */
  readonly requestId: Id
  readonly holder: Id
  readonly state: 'PAYING' | 'COMPLETED'
  /** Grows with every change of a seat's owner; what projections are compared by. */
  readonly recordVersion: Version
}
