import type { Advance, AdvanceReply, OpenReply, OpenRequest } from './booking-store.port.ts'
import type { StoredPayment } from './stored-payment.ts'

/** What a store has found that may stand against an `open`. */
export interface OpenFacts {
  /** A tombstone stands under its requestId. */
  readonly tombstone: boolean
  /** Of the same requestId, else of the same (visitor, key). */
  readonly known: StoredPayment | null
  /** The latest of its hold. */
  readonly ofHold: Pick<StoredPayment, 'requestId' | 'state'> | null
  /** One of its seats is blocked, or has a live claim of another payment. */
  readonly seatsTaken: boolean
}

type OpenVerdict =
  | Exclude<OpenReply, { readonly is: 'opened' | 'replayed' }>
  | { readonly is: 'replayed'; readonly known: StoredPayment }

/** Null: nothing stands against it, it may be written. */
export function judgeOpen(request: OpenRequest, facts: OpenFacts): OpenVerdict | null {
  const { tombstone, known, ofHold, seatsTaken } = facts
  if (tombstone) return { is: 'abandoned' }
  if (known) {
    const same = known.fingerprint === request.fingerprint && known.visitor === request.visitor
    return same ? { is: 'replayed', known } : { is: 'key-reused' }
  }
  if (ofHold && ofHold.state !== 'FAILED') {
    return { is: ofHold.state === 'COMPLETED' ? 'paid' : 'running', requestId: ofHold.requestId }
  }
  return seatsTaken ? { is: 'seats-taken' } : null
}

/** Null: its guard holds, it may be written. `seatsAllow`: false when the seats are not there to be sold or taken again. */
export function judgeAdvance(
  row: StoredPayment,
  change: Advance,
  facts: { readonly consumed: boolean; readonly seatsAllow: boolean },
): Exclude<AdvanceReply['is'], 'advanced' | 'unknown'> | null {
  if (facts.consumed) return 'consumed'
  if (row.state !== change.from.state || row.version !== change.from.version) return 'stale'
  return facts.seatsAllow ? null : 'seats-gone'
}
