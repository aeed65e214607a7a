import type { Money } from '../shared/money.ts'
import type { Id, Ms, Version } from '../shared/types.ts'
import type { HoldRecord, Part } from './hold.ts'
import type { MapDelta, MapSnapshot, PackedSection, SeatChange } from './occupancy.ts'
import type { SectionState } from './seat-source.port.ts'

export type SeatCommand = {
  readonly operationId: Id
  /** Of what was asked: the same operation with another one is `reused`. Absent: not compared. */
  readonly fingerprint?: string
} & (
  | {
      /** Takes all seats or none. With `replaces`, that hold is released in the same step (or nothing happens). */
      readonly do: 'take'
      readonly holdId: Id
      readonly holder: Id
      readonly epoch: Id
      /** Sections in the order of the venue, seats ascending and each named once. */
      readonly parts: readonly Part[]
      readonly ttlMs: Ms
      /** The hold never ends after this instant (the pass's end). */
      readonly notAfter: Ms
      /** Most seats held + paying + sold (not refunded) of one holder. */
      readonly quota: number
      readonly price: Money
      readonly replaces?: { readonly holdId: Id; readonly version: Version }
      /** Kept with the operation and given back with its repeats; at most 1 kB. */
      readonly memo?: string
    }
  | { readonly do: 'release'; readonly holdId: Id; readonly version: Version; readonly holder: Id }
  | {
      /** → `extendedDeadline`; at the cap the hold is answered unchanged. A hold that was extended has a newer version. */
      readonly do: 'extend'
      readonly holdId: Id
      readonly version: Version
      readonly holder: Id
      readonly ttlMs: Ms
      readonly notAfter: Ms
    }
  | {
      /**
       * Live hold → PAYING(requestId): out of the expiry set, never ends by time. The version stays. `leaseMs` only says when
       * `reap` begins to report it; a projection of this request ends the reports.
       */
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
      /**
       * The record's word, applied seat by seat and only if `recordVersion` is newer than the seat's, which it then is.
       * PAYING, COMPLETED and BLOCKED end an unpinned hold they meet, with all its seats. AVAILABLE frees only what belongs to
       * `owner` (null: what is BLOCKED): never somebody else's hold. With an owner it is compared with the version of that
       * owner's claim alone: a claim that ended stays ended, whatever the record has said of the seat since.
       */
      readonly do: 'project'
      readonly part: Part
      readonly state: 'PAYING' | 'COMPLETED' | 'AVAILABLE' | 'BLOCKED'
      /** requestId of the claim, of AVAILABLE: of the claim that ended; null for a block and its end. */
      readonly owner: Id | null
      /** Whose quota PAYING and COMPLETED count in; else null. */
      readonly holder: Id | null
      readonly recordVersion: Version
    }
  /** The seats `from … from + count − 1` of an elastic section now exist, and all before them. Existing ones are untouched. */
  | { readonly do: 'grow'; readonly section: Id; readonly from: number; readonly count: number }
  /** Releases every unpinned hold whose epoch is another one: the line was reset. */
  | { readonly do: 'reset'; readonly epoch: Id }
  /** Only asks for the first answer to this operation; `stale` when there is none. */
  | { readonly do: 'recall' }
)

export type SeatReply =
  /**
   * `repeated`: this operation was answered before, this holder has a live hold of exactly these seats, or this request has
   * pinned it: nothing changed now.
   */
  | { readonly is: 'hold'; readonly hold: HoldRecord; readonly repeated: boolean; readonly memo?: string }
  | { readonly is: 'done' }
  /** The seats that are not free or do not exist. */
  | { readonly is: 'taken'; readonly parts: readonly Part[] }
  /** `owned`: held + paying + sold at present. */
  | { readonly is: 'quota'; readonly owned: number }
  | { readonly is: 'cooldown'; readonly retryInMs: Ms }
  /** `notAfter` has come, by the store's clock. */
  | { readonly is: 'late' }
  /** No such live hold of this holder and version. */
  | { readonly is: 'stale' }
  /** The hold is PAYING for this request: not for release, extension or another request. */
  | { readonly is: 'paying'; readonly requestId: Id }
  /** This operationId was answered for another fingerprint. */
  | { readonly is: 'reused' }
  /**
   * These sections are not installed (none named: nothing of the schedule is): load them from the SeatSource, install, and
   * commit again. Nothing changed.
   */
  | { readonly is: 'missing'; readonly sections: readonly Id[] }

export type HoldKey = { readonly holder: Id } | { readonly holdId: Id } | { readonly requestId: Id }

/** A seat that belongs to a payment. */
export interface SeatOwner {
  readonly seat: number
  readonly state: 'PAYING' | 'COMPLETED'
  readonly requestId: Id
  /** Null: pinned, and not projected yet. */
  readonly recordVersion: Version | null
}

/** What a call changed: all changes with a version in (`from`, `version`], in order, the due holds it freed among them. */
export interface SeatNews {
  readonly from: Version
  readonly version: Version
  readonly changes: readonly SeatChange[]
}

/**
 * The fast side of seating: packed sections, holds and deadlines. It stores, it does not judge: choosing seats is core's.
 * Every method first frees what is due in the sections it touches, by the store's own clock: a hold is free at its exact
 * deadline. "Unknown" is never "free". Versions are `incarnation · 2³² + counter` of the schedule: each change takes the next.
 * Of five expiries of a holder in a row (`coolDown`), the fifth's deadline begins the cool-down; a release or pin ends the row.
 */
export interface SeatInventory {
  /**
   * Reply *i* answers command *i*, in order; each is all-or-nothing and, by its operationId, repeatable: an answer that
   * changed something is given again (for the longest hold + 1 h), a refusal is judged again. `fresh` is the state after the
   * batch of every installed section a command named, so that losers of a race can choose again.
   */
  commit(p: { readonly scheduleId: Id; readonly commands: readonly SeatCommand[] }): Promise<
    SeatNews & {
      readonly replies: readonly SeatReply[]
      readonly fresh: readonly PackedSection[]
    }
  >
  /** With `since` of this incarnation and within the log (4 096 entries): a delta; else a snapshot. Missing sections are named. */
  read(p: {
    readonly scheduleId: Id
    readonly sections: readonly Id[]
    readonly since?: Version
  }): Promise<MapSnapshot | MapDelta | { readonly is: 'missing'; readonly sections: readonly Id[] }>
  /** Live and pinned holds; list *i* answers key *i*. `missing`: nothing of this schedule is installed. */
  holds(p: {
    readonly scheduleId: Id
    readonly keys: readonly HoldKey[]
  }): Promise<readonly (readonly HoldRecord[])[] | 'missing'>
  /** Frees at most `limit` due holds, and names at most `limit` pins whose lease is over and that no projection has settled. Never frees a pin. */
  reap(p: { readonly scheduleId: Id; readonly limit: number }): Promise<
    SeatNews & {
      readonly stalePins: readonly Id[]
      readonly more: boolean
    }
  >
  /**
   * Installs what is absent, which is what the store cannot vouch for. `present` changes nothing, whatever the incarnation: of
   * two loaders at once the second throws away nothing that was held since the first. A loader of an older incarnation than
   * the schedule's installs nothing (`present`). Claims and blocks win over holds; due holds and those that lost a seat are
   * left out; restored holds keep their version. No delta spans an installation.
   */
  install(p: {
    readonly scheduleId: Id
    readonly incarnation: number
    readonly sections: readonly SectionState[]
  }): Promise<readonly ('installed' | 'present')[]>
  /** Owner of each seat as this store sees it, for reconciling with the record. */
  owners(p: { readonly scheduleId: Id; readonly section: Id }): Promise<readonly SeatOwner[] | 'missing'>
}
