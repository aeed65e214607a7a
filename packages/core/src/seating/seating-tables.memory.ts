import { defineTable } from '../shared/record.memory.ts'
import type { Id, Ms, Version } from '../shared/types.ts'
import type { Claim } from './claim.ts'
import type { HoldRecord } from './hold.ts'

/** Live claims only, by `seatKey`: the primary key that gives a seat at most one owner. Written by booking. */
export const claims = defineTable<Claim>('claim')

/** By `seatKey`; a seat without a row is blocked if its venue says so. */
export const seatBlocks = defineTable<{ readonly blocked: boolean; readonly recordVersion: Version }>('seat-block')

/** Holds written behind, by holdId. A row that ended stays for a while, so that a late `held` does not bring it back. */
export const holdRows = defineTable<HoldRow>('hold')

/** How many seats an elastic section has created, by `scheduleId/section`. */
export const createdSeats = defineTable<number>('created-seats')

/** What each creating operation made, by `scheduleId/section/operationId`. */
export const seatCreations = defineTable<{ readonly from: number; readonly count: number }>('seat-creation')

export interface HoldRow {
  readonly scheduleId: Id
  readonly version: Version
  /** Null: it ended, at this version. */
  readonly hold: HoldRecord | null
  readonly keptUntil: Ms
}

export const seatKey = (scheduleId: Id, section: Id, seat: number): string => `${scheduleId}/${section}/${seat}`
