import type { Ms, Version } from '../shared/types.ts'
import { isOpen, type PaymentRecord } from './booking.ts'
import type { Advance, OpenRequest } from './booking-store.port.ts'

/** A payment as the record keeps it. */
export type StoredPayment = Omit<PaymentRecord, 'storeTime'>

/** What the store adds to a command: its clock, and the version of the seats' owner (a new one unless the claims are kept). */
interface Stamp {
  readonly now: Ms
  readonly recordVersion: Version
}

/** The row that an `open` writes. */
export function openedPayment(request: OpenRequest, { now, recordVersion }: Stamp): StoredPayment {
  const { requestId, reservationId, visitor, idempotencyKey, fingerprint, hold, buyer, paymentToken } = request
  return {
    requestId,
    reservationId,
    scheduleId: hold.scheduleId,
    visitor,
    idempotencyKey,
    fingerprint,
    hold,
    amount: hold.amount,
    buyer,
    paymentToken,
    state: 'REQUESTED',
    reason: null,
    refund: 'none',
    version: 1,
    recordVersion,
    booking: null,
    attempts: 0,
    createdAt: now,
    updatedAt: now,
    chargeUntil: now + request.chargeWithinMs,
    dueAt: now + request.leaseMs,
  }
}

/** The row after an `advance` whose guard held. */
export function advancedPayment(row: StoredPayment, change: Advance, { now, recordVersion }: Stamp): StoredPayment {
  const decided = change.to === 'COMPLETED' || change.to === 'FAILED'
  const { dueInMs } = change
  return {
    ...row,
    state: change.to,
    version: row.version + 1,
    recordVersion,
    updatedAt: now,
    reason: change.reason === undefined ? row.reason : change.reason,
    refund: change.refund ?? row.refund,
    booking: change.booking ?? row.booking,
    attempts: change.attempts ?? row.attempts,
    paymentToken: decided ? null : row.paymentToken,
    dueAt: dueInMs === undefined ? row.dueAt : dueInMs === null ? null : now + dueInMs,
  }
}

/** The `dueAt` of a payment that `due` hands out: a lease, or null where nothing is left to be asked again. */
export const leasedUntil = (row: Pick<StoredPayment, 'state' | 'refund'>, now: Ms, leaseMs: Ms): Ms | null =>
  isOpen(row) || row.refund === 'PENDING' ? now + leaseMs : null
