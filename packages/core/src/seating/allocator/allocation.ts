import type { Id } from '../../shared/types.ts'
import type { Part } from '../hold.ts'

export const allocationPolicies = ['nearest', 'yield', 'first-fit'] as const
/**
 * What makes seats good: nearness to the section's focal point; nearness in bands of 4 seat pitches, then leaving little gap;
 * or nothing but the order of the rows.
 */
export type AllocationPolicy = (typeof allocationPolicies)[number]
export const togethers = ['adjacent', 'row', 'any'] as const
export type Together = (typeof togethers)[number]

export interface AllocationRequest {
  /** Seats wanted in all; with `parts` their sum. */
  readonly quantity: number
  /** Seats by grade, for parties of mixed prices: an assignment exists → it is found. */
  readonly parts?: readonly { readonly grade: Id; readonly quantity: number }[]
  /** Default `any`: the whole ladder. */
  readonly together?: Together
  /** A wall: nothing outside is given. */
  readonly section?: Id
  /** A wish: other sections count as section changes. */
  readonly preferredSection?: Id
  /** A wall. */
  readonly grade?: Id
  /** At least so many accessible seats (≤ quantity). */
  readonly accessible?: number
  readonly channels?: readonly Id[]
}

/** 1 adjacent · 2 adjacent, leaves an orphan · 3 same row, split · 4 stacked in neighbouring rows · 5 same section · 6 other sections · 7 created seats */
export type Rung = 1 | 2 | 3 | 4 | 5 | 6 | 7

/** Lexicographic, smaller is better, all integers (distances in 1/1000 seat pitch). */
export interface AllocationScore {
  readonly rung: Rung
  readonly fragments: number
  readonly lonePersons: number
  readonly sectionChanges: number
  readonly accessibleWasted: number
  readonly orphans: number
  readonly quality: number
  readonly residualGap: number
  readonly sectionRank: number
  readonly rowRank: number
  readonly start: number
}

export interface Allocation {
  /** Existing seats to take. Empty parts of rung 7 are filled after `create`. */
  readonly parts: readonly Part[]
  /** Rung 7: so many seats are to be created in this elastic section, beside `parts`. */
  readonly create?: { readonly section: Id; readonly count: number }
  readonly score: AllocationScore
  readonly explain?: AllocationExplanation
}

export interface AllocationExplanation {
  readonly rung: Rung
  readonly score: AllocationScore
  /** The best allocation that does without at least one of the chosen seats; null when there is none. */
  readonly runnerUp: { readonly parts: readonly Part[]; readonly score: AllocationScore } | null
  readonly withAccessible: boolean
}

export type AllocationResult =
  | { readonly ok: true; readonly value: Allocation }
  | { readonly ok: false; readonly reason: 'SEATS_UNAVAILABLE'; readonly largestFit: number }
