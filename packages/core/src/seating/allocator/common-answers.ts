import type { AllocationPolicy, AllocationRequest, AllocationResult } from './allocation.ts'
import { adjacentAllocation } from './allocation-of.ts'
import type { OccupancyIndex } from './occupancy-index.ts'
import type { RunIndex } from './run-index.ts'
import type { SearchKind } from './searches.ts'

/**
 * Rungs 1 and 2 of requests that name nothing but a quantity, as most do. The last answer of each quantity is good until
 * something happens in its row. Null: further down the ladder.
 */
export type CommonAnswers = (request: AllocationRequest, policy: AllocationPolicy) => AllocationResult | null

interface Lane {
  readonly runs: RunIndex
  /** There are no accessible seats that could help when all others are gone. */
  readonly final: boolean
  row: number
  looks: number
  answer: AllocationResult | null
  /** Version of the occupancy at which `refusal` was found. */
  refusedAt: number
  refusal: AllocationResult | null
}

/** Larger parties look their index up on every request. */
const lanesPerPolicy = 10

export function createCommonAnswers(
  index: OccupancyIndex,
  kindOf: (request: AllocationRequest, policy: AllocationPolicy) => SearchKind,
): CommonAnswers {
  const lanes: Record<AllocationPolicy, (Lane | undefined)[]> = { nearest: [], yield: [], 'first-fit': [] }

  return ({ quantity, together }, policy) => {
    const lane = laneOf(quantity, policy)
    const row = lane.runs.best()
    if (row < 0) return together === 'adjacent' && lane.final ? refuse(lane, quantity, policy) : null
    const looks = lane.runs.looks(row)
    if (lane.answer !== null && lane.row === row && lane.looks === looks) return lane.answer
    lane.row = row
    lane.looks = looks
    lane.answer = { ok: true, value: adjacentAllocation(index.grid, lane.runs, row, -1) }
    return lane.answer
  }

  function laneOf(quantity: number, policy: AllocationPolicy): Lane {
    return lanes[policy]?.[quantity] ?? openLane(quantity, policy)
  }

  function openLane(quantity: number, policy: AllocationPolicy): Lane {
    const kind = kindOf({ quantity }, policy)
    const final = kind.passes.length === 1
    const lane = { runs: kind.runs(), final, row: -1, looks: 0, answer: null, refusedAt: -1, refusal: null }
    if (quantity <= lanesPerPolicy) lanes[policy][quantity] = lane
    return lane
  }

  function refuse(lane: Lane, quantity: number, policy: AllocationPolicy): AllocationResult {
    if (lane.refusal !== null && lane.refusedAt === index.version) return lane.refusal
    let largestFit = quantity - 1
    while (largestFit > 0 && laneOf(largestFit, policy).runs.best() < 0) largestFit--
    lane.refusedAt = index.version
    lane.refusal = { ok: false, reason: 'SEATS_UNAVAILABLE', largestFit }
    return lane.refusal
  }
}
