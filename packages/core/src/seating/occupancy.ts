import { TicketingError } from '../shared/errors.ts'
import type { Id, Ms, Version } from '../shared/types.ts'

/** State of a seat as the world sees it, and its code in packed maps. PAYING is shown as RESERVED. */
export const seatStates = ['AVAILABLE', 'RESERVED', 'COMPLETED', 'BLOCKED'] as const
export type SeatState = (typeof seatStates)[number]
export type SeatCode = 0 | 1 | 2 | 3
export const blockedCode: SeatCode = 3

/**
 * One section, packed: seat *i* (venue order, created seats after the listed ones) is bits 2(*i* mod 4) of byte *i* div 4,
 * least significant first. `codes` has ⌈count / 4⌉ bytes.
 */
export interface PackedSection {
  readonly section: Id
  /** Seats that exist: listed ones + those an elastic section has created. */
  readonly count: number
  readonly codes: Uint8Array
  /** Grows with every change of this section. */
  readonly version: Version
}

export interface MapSnapshot {
  readonly is: 'snapshot'
  /** The schedule's version: not below any of its sections'. */
  readonly version: Version
  readonly storeTime: Ms
  readonly sections: readonly PackedSection[]
}

/** Every change after `from`, in order; applying it to the snapshot at `from` gives the snapshot at `version`. */
export interface MapDelta {
  readonly is: 'delta'
  readonly from: Version
  readonly version: Version
  readonly storeTime: Ms
  readonly changes: readonly SeatChange[]
}

/** Why a seat changed. */
export type ChangeOrigin = 'USER' | 'EXPIRY' | 'PAYMENT' | 'ADMIN'

export interface SeatChange {
  readonly section: Id
  readonly seat: number
  readonly code: SeatCode
  readonly version: Version
  readonly origin: ChangeOrigin
}

/** Bytes that hold `count` codes. */
export const packedLength = (count: number): number => (count + 3) >> 2

/** Code of seat `seat`; 0 beyond the end. */
export const codeAt = (codes: Uint8Array, seat: number): SeatCode =>
  (((codes[seat >> 2] ?? 0) >> ((seat & 3) << 1)) & 3) as SeatCode

/** Changes `codes` in place: for the owner of a copy. `seat` must lie within it. */
export function setCode(codes: Uint8Array, seat: number, code: SeatCode): void {
  const shift = (seat & 3) << 1
  codes[seat >> 2] = (codes[seat >> 2]! & ~(3 << shift)) | (code << shift)
}

/** The same codes but for one seat; grows when `seat` lies beyond the end. The original stays as it is. */
export function withCode(codes: Uint8Array, seat: number, code: SeatCode): Uint8Array {
  const changed = new Uint8Array(Math.max(codes.length, packedLength(seat + 1)))
  changed.set(codes)
  setCode(changed, seat, code)
  return changed
}

export function packCodes(list: readonly SeatCode[]): Uint8Array {
  const codes = new Uint8Array(packedLength(list.length))
  list.forEach((code, seat) => {
    setCode(codes, seat, code)
  })
  return codes
}

/** How many of the first `count` seats have each code: `[available, reserved, completed, blocked]`. @throws `INVALID` beyond the end. */
export function countCodes(codes: Uint8Array, count: number): readonly [number, number, number, number] {
  if (!(count <= codes.length * 4)) throw new TicketingError('INVALID', 'count must not go beyond the end of the codes')
  const counts: [number, number, number, number] = [0, 0, 0, 0]
  for (let seat = 0; seat < count; seat++) counts[codeAt(codes, seat)]++
  return counts
}

/**
 * The snapshot at the delta's version, as a new value; null when the delta starts after the snapshot (a gap: read the
 * store). A delta that starts earlier is fine: what the snapshot has already is passed over. A change beyond the end of a
 * section grows it; a change of a section the snapshot does not hold is none of its business.
 */
export function applyDelta(snapshot: MapSnapshot, delta: MapDelta): MapSnapshot | null {
  if (delta.from > snapshot.version) return null
  if (delta.version <= snapshot.version) return snapshot
  const changed = new Map<Id, PackedSection>()
  const known = new Map(snapshot.sections.map((section) => [section.section, section]))
  for (const change of delta.changes) {
    const before = changed.get(change.section) ?? known.get(change.section)
    if (before === undefined || change.version <= snapshot.version) continue
    const count = Math.max(before.count, change.seat + 1)
    const codes = changed.has(change.section) ? before.codes : before.codes.slice()
    changed.set(change.section, { ...before, count, version: change.version, codes: grown(codes, count) })
    setCode(changed.get(change.section)!.codes, change.seat, change.code)
  }
  return {
    ...snapshot,
    version: delta.version,
    storeTime: delta.storeTime,
    sections: snapshot.sections.map((section) => changed.get(section.section) ?? section),
  }
}

/** `codes` itself when it is long enough. */
function grown(codes: Uint8Array, count: number): Uint8Array {
  if (codes.length >= packedLength(count)) return codes
  const longer = new Uint8Array(packedLength(count))
  longer.set(codes)
  return longer
}
