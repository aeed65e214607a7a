import type { Section } from '../catalogue/venue.ts'
import { TicketingError } from '../shared/errors.ts'
import type { Id } from '../shared/types.ts'
import {
  type Allocation,
  type AllocationPolicy,
  type AllocationRequest,
  type AllocationResult,
  allocationPolicies,
} from './allocation.ts'
import { adjacentAllocation, isBefore, stepAllocation } from './allocation-of.ts'
import { slotsOf } from './choice.ts'
import { createLadder, type Reach, type Step } from './ladder.ts'
import type { PackedSection, SeatChange } from './occupancy.ts'
import { createOccupancyIndex } from './occupancy-index.ts'
import { checkRequest } from './request-check.ts'
import { createSearches, type SearchKind } from './searches.ts'

export interface AllocateParams {
  readonly request: AllocationRequest
  readonly policy?: AllocationPolicy
  /** Also says why: rung, score and the runner-up. Costs several times as much. */
  readonly explain?: boolean
}

/**
 * Best available seats of one schedule. Pure: the same changes and the same request give the same seats, on every machine.
 * It marks nothing; whoever takes the seats applies the change.
 */
export interface Allocator {
  /** Seats nobody has reported on are not free. Unknown sections and seats are passed over. */
  replace(state: Pick<PackedSection, 'section' | 'count' | 'codes'>): void
  apply(change: Pick<SeatChange, 'section' | 'seat' | 'code'>): void
  /** @throws TicketingError `QUANTITY_INVALID`, `INVALID`, `NOT_FOUND` (section) */
  allocate(p: AllocateParams): AllocationResult
}

/** `sections` in venue order. */
export function createAllocator(sections: readonly Section[]): Allocator {
  const index = createOccupancyIndex(sections)
  const kindOf = createSearches(index)
  const everywhere = sections.map((_, rank) => rank)

  /** Rungs 1 and 2 of most requests: the best row is known already. */
  function adjacent(kind: SearchKind, reach: Reach): Allocation | null {
    const runs = kind.runs()
    const { grid } = index
    const rank = reach.sections.length === 1 ? reach.sections[0]! : -1
    const row = rank < 0 ? runs.best(0, grid.rows) : runs.best(grid.sectionRow[rank]!, grid.sectionRow[rank + 1]!)
    if (row < 0) return null
    return adjacentAllocation(grid, runs.window(preferredRow(row, reach.preferred)), reach.preferred)

    /** On the same rung, the preferred section comes first. */
    function preferredRow(best: number, preferred: number): number {
      if (preferred < 0 || grid.rowSection[best] === preferred || rank >= 0) return best
      const own = runs.best(grid.sectionRow[preferred]!, grid.sectionRow[preferred + 1]!)
      return own >= 0 && Math.min(1, runs.orphans(own)) === Math.min(1, runs.orphans(best)) ? own : best
    }
  }

  function rankOf(id: Id | undefined): number {
    if (id === undefined) return -1
    const rank = index.grid.rankOf.get(id)
    if (rank === undefined) throw new TicketingError('NOT_FOUND', `no section ${id}`)
    return rank
  }

  return {
    replace: index.replace,
    apply: index.apply,
    allocate({ request, policy = 'nearest', explain = false }) {
      checkRequest(request)
      if (!allocationPolicies.includes(policy)) throw new TicketingError('INVALID', 'unknown allocation policy')
      const wall = rankOf(request.section)
      const reach: Reach = {
        together: request.together ?? 'any',
        sections: wall < 0 ? everywhere : [wall],
        preferred: rankOf(request.preferredSection),
        from: 1,
      }
      const kind = kindOf(request, policy)
      if (!explain && kind.plain) {
        const value = adjacent(kind, reach)
        if (value !== null) return { ok: true, value }
        return kind.remember(reach, () => climb(kind, { ...reach, from: 3 }))
      }
      return explain ? explained(kind, reach) : kind.remember(reach, () => climb(kind, reach))
    },
  }

  function climb(kind: SearchKind, reach: Reach): AllocationResult {
    const found = firstStep(kind, reach)
    if (found !== null) return { ok: true, value: stepAllocation(index, found.step, kind, reach) }
    const largest = kind
      .ladders()
      .at(-1)!
      .largest({ ...reach, from: 1 })
    return { ok: false, reason: 'SEATS_UNAVAILABLE', largestFit: largest }
  }

  interface Found {
    readonly pass: number
    readonly step: Step
  }

  /** The whole ladder without accessible seats, then the whole ladder with them. */
  function firstStep(kind: SearchKind, reach: Reach, spared = -1): Found | null {
    for (const [pass, ladder] of kind.ladders().entries()) {
      const sparing = spared < 0 ? ladder : createLadder({ ...kind.passes[pass]!.search, spared }, ladder)
      const step = sparing.climb(pass === 0 ? reach : { ...reach, from: 1 })
      if (step !== null) return { pass, step }
    }
    return null
  }

  function explained(kind: SearchKind, reach: Reach): AllocationResult {
    const found = firstStep(kind, reach)
    if (found === null) return climb(kind, reach)
    const value = stepAllocation(index, found.step, kind, reach)
    // Every other allocation lacks at least one of the chosen seats.
    let second: Found | null = null
    for (const slot of slotsOf(found.step.choice)) {
      const other = firstStep(kind, reach, slot)
      if (other !== null && (second === null || comesBefore(other, second, kind.policy))) second = other
    }
    const runnerUp = second && stepAllocation(index, second.step, kind, reach)
    const explain = {
      rung: value.score.rung,
      score: value.score,
      runnerUp: runnerUp && { parts: runnerUp.parts, score: runnerUp.score },
      withAccessible: kind.passes[found.pass]!.withAccessible,
    }
    return { ok: true, value: { ...value, explain } }
  }

  function comesBefore(a: Found, b: Found, policy: AllocationPolicy): boolean {
    return a.pass === b.pass ? isBefore(a.step, b.step, policy) : a.pass < b.pass
  }
}
