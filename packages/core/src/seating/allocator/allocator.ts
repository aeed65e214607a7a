import type { Section } from '../../catalogue/venue.ts'
import { TicketingError } from '../../shared/errors.ts'
import type { Id } from '../../shared/types.ts'
import type { Part } from '../hold.ts'
import type { PackedSection, SeatChange, SeatCode } from '../occupancy.ts'
import type { AllocationPolicy, AllocationRequest, AllocationResult } from './allocation.ts'
import { adjacentAllocation, isBefore, stepAllocation } from './allocation-of.ts'
import { slotsOf } from './choice.ts'
import { createCommonAnswers } from './common-answers.ts'
import { createLadder, type Reach, type Step } from './ladder.ts'
import { OccupancyIndex } from './occupancy-index.ts'
import { isCommon, requestProblem } from './request-check.ts'
import type { RunIndex } from './run-index.ts'
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
  /** `apply` for all seats of a part at once: what follows an allocation. */
  mark(part: Part, code: SeatCode): void
  /** @throws TicketingError `QUANTITY_INVALID`, `INVALID`, `NOT_FOUND` (section) */
  allocate(p: AllocateParams): AllocationResult
}

/** `sections` in venue order. */
export function createAllocator(sections: readonly Section[]): Allocator {
  const index = new OccupancyIndex(sections)
  const { grid } = index
  const kindOf = createSearches(index)
  const commonAnswer = createCommonAnswers(index, kindOf)
  const everywhere = sections.map((_, rank) => rank)

  return {
    replace: (state) => index.replace(state),
    apply: (change) => index.apply(change),
    mark: (part, code) => index.mark(part, code),
    allocate,
  }

  function allocate({ request, policy = 'nearest', explain = false }: AllocateParams): AllocationResult {
    if (!explain && isCommon(request)) {
      const answer = commonAnswer(request, policy)
      if (answer !== null) return answer
    } else demandRequest(request)
    const kind = kindOf(request, policy)
    const reach = reachOf(request)
    if (explain) return explained(kind, reach)
    if (!kind.plain) return kind.remember(reach, () => climb(kind, reach))
    const row = adjacentRow(kind.runs(), reach)
    if (row >= 0) return { ok: true, value: adjacentAllocation(grid, kind.runs(), row, reach.preferred) }
    return kind.remember(reach, () => climb(kind, { ...reach, from: 3 }))
  }

  function reachOf({ together = 'any', section, preferredSection }: AllocationRequest): Reach {
    const wall = rankOf(section)
    return { together, sections: wall < 0 ? everywhere : [wall], preferred: rankOf(preferredSection), from: 1 }
  }

  function rankOf(id: Id | undefined): number {
    if (id === undefined) return -1
    const rank = grid.rankOf.get(id)
    if (rank === undefined) throw new TicketingError('NOT_FOUND', `no section ${id}`)
    return rank
  }

  /** Rungs 1 and 2 of most requests: the best row is known already. On the same rung the preferred section comes first. */
  function adjacentRow(runs: RunIndex, { sections: within, preferred }: Reach): number {
    const bestOf = (rank: number) => runs.bestOf(grid.sectionRow[rank]!, grid.sectionRow[rank + 1]!)
    if (within.length === 1) return bestOf(within[0]!)
    const best = runs.best()
    if (best < 0 || preferred < 0) return best
    const own = bestOf(preferred)
    return own >= 0 && runs.orphans(own) > 0 === runs.orphans(best) > 0 ? own : best
  }

  function climb(kind: SearchKind, reach: Reach): AllocationResult {
    const found = firstStep(kind, reach)
    if (found !== null) return { ok: true, value: stepAllocation(index, found.step, kind, reach) }
    // With accessible seats, if there are any: what fits without them fits with them.
    const [widest] = kind.ladders().slice(-1)
    return { ok: false, reason: 'SEATS_UNAVAILABLE', largestFit: widest!.largest({ ...reach, from: 1 }) }
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
    const second = runnerUp(kind, reach, found)
    const other = second && stepAllocation(index, second.step, kind, reach)
    const explain = {
      rung: value.score.rung,
      score: value.score,
      runnerUp: other && { parts: other.parts, score: other.score },
      withAccessible: kind.passes[found.pass]!.withAccessible,
    }
    return { ok: true, value: { ...value, explain } }
  }

  /** Every other allocation does without at least one of the chosen seats. */
  function runnerUp(kind: SearchKind, reach: Reach, chosen: Found): Found | null {
    let second: Found | null = null
    for (const slot of slotsOf(chosen.step.choice)) {
      const other = firstStep(kind, reach, slot)
      if (other !== null && (second === null || comesBefore(other, second, kind.policy))) second = other
    }
    return second
  }
}

interface Found {
  /** Which of the ladders. */
  readonly pass: number
  readonly step: Step
}

function demandRequest(request: AllocationRequest): void {
  const problem = requestProblem(request)
  if (problem) throw problem
}

const comesBefore = (a: Found, b: Found, policy: AllocationPolicy): boolean =>
  a.pass === b.pass ? isBefore(a.step, b.step, policy) : a.pass < b.pass
