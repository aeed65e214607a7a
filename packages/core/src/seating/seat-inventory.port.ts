import type { Money } from '../shared/money.ts'
import type { Id, Ms, Version } from '../shared/types.ts'
import type { HoldRecord, Part } from './hold.ts'
import type { MapDelta, MapSnapshot, PackedSection, SeatChange } from './occupancy.ts'
import type { SectionState } from './seat-source.port.ts'

export type SeatCommand = { readonly operationId: Id } & (
  | {
      /** Takes all seats or none. With `replaces`, that hold is released in the same step (or nothing happens). */
      readonly do: 'take'
      readonly holdId: Id
      readonly holder: Id
      readonly epoch: Id
      readonly parts: readonly Part[]
      readonly ttlMs: Ms
      /** The hold never ends after this instant (the pass's end). */
      readonly notAfter: Ms
      /** Most seats held + paying + sold (not refunded) of one holder. */
      readonly quota: number
      readonly price: Money
      readonly replaces?: { readonly holdId: Id; readonly version: Version }
    }
  | { readonly do: 'release'; readonly holdId: Id; readonly version: Version; readonly holder: Id }
  | {
      /** → now + ttl, never past created + 3 · ttl nor `notAfter`; at the cap the hold is answered unchanged. */
      readonly do: 'extend'
      readonly holdId: Id
      readonly version: Version
      readonly holder: Id
      readonly ttlMs: Ms
      readonly notAfter: Ms
    }
  | {
      /** Live hold → PAYING(requestId): out of the expiry set, never ends by time. `leaseMs` only says when `reap` reports it. */
      readonly do: 'pin'
      readonly holdId: Id
      readonly version: Version
      readonly holder: Id
      readonly requestId: Id
      readonly leaseMs: Ms
    }
  /** Frees the seats still PAYING for this request; anything else is untouched. */
  | { readonly do: 'unpin'; readonly requestId: Id }
  | {
      /** The record's word, applied seat by seat only if `recordVersion` is newer than the seat's. Ends the hold or pin it settles. */
      readonly do: 'project'
      readonly part: Part
      readonly state: 'PAYING' | 'COMPLETED' | 'AVAILABLE' | 'BLOCKED'
      /** requestId of the claim; null for AVAILABLE and BLOCKED. */
      readonly owner: Id | null
      /** Whose quota it counts in; null with a null owner. */
      readonly holder: Id | null
      readonly recordVersion: Version
    }
  /** The seats `from … from + count − 1` of an elastic section now exist. */
  | { readonly do: 'grow'; readonly section: Id; readonly from: number; readonly count: number }
)

export type SeatReply =
  | { readonly is: 'hold'; readonly hold: HoldRecord; readonly repeated: boolean }
  | { readonly is: 'done' }
  | { readonly is: 'taken'; readonly parts: readonly Part[] }
  | { readonly is: 'quota'; readonly owned: number }
  | { readonly is: 'cooldown'; readonly retryInMs: Ms }
  /** No such live hold of this holder and version. */
  | { readonly is: 'stale' }
  /** These sections are not installed: load them from the SeatSource, install, and commit again. Nothing changed. */
  | { readonly is: 'missing'; readonly sections: readonly Id[] }

/**
 * The fast side of seating: packed sections, holds and deadlines. It stores, it does not judge: choosing seats is core's.
 * Every method first frees what is due in the sections it touches, by the store's own clock. "Unknown" is never "free".
 */
export interface SeatInventory {
  /**
   * Reply *i* answers command *i*; each is all-or-nothing and, by its operationId, repeatable (the first answer again, for
   * the longest hold + 1 h). `fresh` is the state after the batch of every section a command named, so that losers of a race
   * can choose again.
   */
  commit(p: { readonly scheduleId: Id; readonly commands: readonly SeatCommand[] }): Promise<{
    readonly replies: readonly SeatReply[]
    readonly fresh: readonly PackedSection[]
    readonly changes: readonly SeatChange[]
  }>
  /** With `since` of this incarnation and within the log (4 096 entries): a delta; else a snapshot. Missing sections are named. */
  read(p: {
    readonly scheduleId: Id
    readonly sections: readonly Id[]
    readonly since?: Version
  }): Promise<MapSnapshot | MapDelta | { readonly is: 'missing'; readonly sections: readonly Id[] }>
  /** Live and pinned holds; list *i* answers key *i*. */
  holds(p: {
    readonly scheduleId: Id
    readonly keys: readonly ({ readonly holder: Id } | { readonly holdId: Id } | { readonly requestId: Id })[]
  }): Promise<readonly (readonly HoldRecord[])[]>
  /** Frees at most `limit` due holds, and names pins whose lease is over. Never frees a pin. */
  reap(p: { readonly scheduleId: Id; readonly limit: number }): Promise<{
    readonly freed: readonly SeatChange[]
    readonly stalePins: readonly Id[]
    readonly more: boolean
  }>
  /** Installs what is absent or of an older incarnation; `present` changes nothing. */
  install(p: {
    readonly scheduleId: Id
    readonly incarnation: number
    readonly sections: readonly SectionState[]
  }): Promise<readonly ('installed' | 'present')[]>
  /** Owner of each seat as this store sees it, for reconciling with the record. */
  owners(p: {
    readonly scheduleId: Id
    readonly section: Id
  }): Promise<
    | readonly {
        readonly seat: number
        readonly state: 'PAYING' | 'COMPLETED'
        readonly requestId: Id
        readonly recordVersion: Version | null
      }[]
    | 'missing'
  >
}
