import type { Id, Ms, Version } from '../shared/types.ts'
import { type ChangeLog, createChangeLog } from './change-log.ts'
import { createDeadlines } from './deadlines.ts'
import { afterExpiry, type ExpiryRow, type HoldRecord, incarnationSpan, isDue, noExpiries } from './hold.ts'
import type { ChangeOrigin } from './occupancy.ts'
import { createOperationLog, type OperationLog } from './operation-log.ts'
import type { SectionState } from './seat-source.port.ts'
import { createSectionStore, type SectionStore } from './section-store.ts'

export interface Pin {
  readonly requestId: Id
  readonly holdId: Id
  readonly leaseUntil: Ms
  /** The record has spoken of this payment: it is the record's to finish, no longer reported as stale. */
  readonly settled: boolean
}

/** All a seat inventory in memory knows of one schedule. Each method is one synchronous step. */
export interface ScheduleStore {
  readonly sections: ReadonlyMap<Id, SectionStore>
  readonly holds: ReadonlyMap<Id, HoldRecord>
  readonly pins: ReadonlyMap<Id, Pin>
  readonly operations: OperationLog
  readonly log: ChangeLog
  incarnation(): number
  version(): Version
  nextVersion(): Version
  holdsOf(holder: Id): readonly HoldRecord[]
  /** Seats held + paying + sold of a holder. */
  owned(holder: Id): number
  expiries(holder: Id): ExpiryRow
  /** A release or payment ends the row of expiries; a pause goes on. */
  endExpiryRow(holder: Id): void
  putHold(hold: HoldRecord): void
  /** Keeps the hold's record in step with an extension or pin. */
  updateHold(hold: HoldRecord): void
  /** Frees what the hold still has. */
  endHold(holdId: Id, origin: ChangeOrigin): void
  putPin(pin: Pin): void
  /** The pin and its hold end once none of their seats is PAYING for the request. */
  forgetPin(requestId: Id): void
  /** Frees at most `limit` due holds; true when more may be due. */
  freeDue(now: Ms, limit?: number): boolean
  addSections(incarnation: number, states: readonly SectionState[]): void
}

export function createScheduleStore(): ScheduleStore {
  const sections = new Map<Id, SectionStore>()
  const holds = new Map<Id, HoldRecord>()
  const pins = new Map<Id, Pin>()
  const byHolder = new Map<Id, Set<Id>>()
  const owned = new Map<Id, number>()
  const rows = new Map<Id, ExpiryRow>()
  const deadlines = createDeadlines()
  let incarnation = 0
  let version: Version = 0
  const log = createChangeLog(version)
  const nextVersion = (): Version => ++version

  const count = (holder: Id, by: 1 | -1): void => {
    const seats = (owned.get(holder) ?? 0) + by
    if (seats === 0) owned.delete(holder)
    else owned.set(holder, seats)
  }

  const endHold = (holdId: Id, origin: ChangeOrigin): void => {
    const hold = holds.get(holdId)
    if (!hold) return
    for (const { section, seats } of hold.parts) {
      const store = sections.get(section)
      for (const seat of seats) if (isOf(hold, store, seat)) store!.put(seat, undefined, origin)
    }
    forgetHold(hold)
  }

  const forgetHold = (hold: HoldRecord): void => {
    holds.delete(hold.holdId)
    const ids = byHolder.get(hold.holder)
    ids?.delete(hold.holdId)
    if (ids?.size === 0) byHolder.delete(hold.holder)
  }

  const putHold = (hold: HoldRecord): void => {
    holds.set(hold.holdId, hold)
    const ids = byHolder.get(hold.holder)
    if (ids) ids.add(hold.holdId)
    else byHolder.set(hold.holder, new Set([hold.holdId]))
    deadlines.add(hold.expiresAt, hold.holdId)
    for (const { section, seats } of hold.parts) {
      const cell = { is: 'held', holdId: hold.holdId, holder: hold.holder } as const
      for (const seat of seats) sections.get(section)?.put(seat, cell, 'USER')
    }
  }

  const createSection = (state: SectionState): SectionStore => {
    const { section } = state
    return createSectionStore({
      section,
      count: state.count,
      version: nextVersion(),
      onOwned: count,
      onChange: (seat, code, origin) => {
        const change = { section, seat, code, version: nextVersion(), origin }
        log.add(change)
        return change.version
      },
    })
  }

  return {
    sections,
    holds,
    pins,
    operations: createOperationLog(),
    log,
    incarnation: () => incarnation,
    version: () => version,
    nextVersion,
    holdsOf: (holder) => [...(byHolder.get(holder) ?? [])].map((holdId) => holds.get(holdId)!),
    owned: (holder) => owned.get(holder) ?? 0,
    expiries: (holder) => rows.get(holder) ?? noExpiries,
    endExpiryRow: (holder) => {
      const row = rows.get(holder)
      if (row) rows.set(holder, { ...row, expiries: 0 })
    },
    putHold,
    updateHold: (hold) => {
      holds.set(hold.holdId, hold)
      if (hold.requestId === null) deadlines.add(hold.expiresAt, hold.holdId)
    },
    endHold,
    putPin: (pin) => {
      pins.set(pin.requestId, pin)
    },
    forgetPin: (requestId) => {
      const pin = pins.get(requestId)
      pins.delete(requestId)
      const hold = pin && holds.get(pin.holdId)
      if (hold) forgetHold(hold)
    },
    freeDue: (now, limit = Number.POSITIVE_INFINITY) => {
      for (let freed = 0; freed < limit; ) {
        const holdId = deadlines.takeDue(now)
        if (holdId === null) return false
        const hold = holds.get(holdId)
        if (!hold || !isDue(hold, now)) continue
        endHold(holdId, 'EXPIRY')
        rows.set(hold.holder, afterExpiry(rows.get(hold.holder) ?? noExpiries, hold.expiresAt))
        freed++
      }
      return true
    },
    addSections: (newer, states) => {
      incarnation = newer
      version = Math.max(version, newer * incarnationSpan)
      for (const state of states) sections.set(state.section, createSection(state))
    },
  }
}

const isOf = (hold: HoldRecord, store: SectionStore | undefined, seat: number): boolean => {
  const cell = store?.cell(seat)
  if (!cell || cell.is === 'blocked') return false
  return cell.is === 'held' ? cell.holdId === hold.holdId : cell.is === 'PAYING' && cell.requestId === hold.requestId
}
