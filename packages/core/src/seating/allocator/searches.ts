import { TicketingError } from '../../shared/errors.ts'
import {
  type AllocationPolicy,
  type AllocationRequest,
  type AllocationResult,
  allocationPolicies,
} from './allocation.ts'
import { createDemand } from './demand.ts'
import { createLadder, type Ladder, type Reach } from './ladder.ts'
import type { OccupancyIndex } from './occupancy-index.ts'
import { once } from './once.ts'
import { RunIndex } from './run-index.ts'
import { createSeatMasks, type SeatMasks } from './seat-masks.ts'
import type { Search } from './section-choices.ts'

/** Requests that differ at most in how far they reach. What was found for one is worth keeping for the next. */
export interface SearchKind {
  readonly policy: AllocationPolicy
  /** No parts and no accessible seats asked for: one index answers the first two rungs. */
  readonly plain: boolean
  /** One a ladder: first without accessible seats, then with them; the second is left out where it is the same. */
  readonly passes: readonly { readonly search: Search; readonly withAccessible: boolean }[]
  readonly runs: () => RunIndex
  readonly ladders: () => readonly Ladder[]
  /** Computes only if anything changed since this reach was last asked for. */
  remember(reach: Reach, compute: () => AllocationResult): AllocationResult
}

/** Kinds kept at once: far more than a sale has, few enough that odd requests cannot fill the memory. */
const mostKinds = 64

export function createSearches(
  index: OccupancyIndex,
): (request: AllocationRequest, policy: AllocationPolicy) => SearchKind {
  const kinds = new Map<string | number, SearchKind>()
  const masks = new Map<string, SeatMasks>()

  return (request, policy) => {
    const key = keyOf(request, policy)
    const known = kinds.get(key)
    if (known !== undefined) return known
    const kind = createKind(request, policy)
    keep(kinds, key, kind)
    return kind
  }

  function createKind(request: AllocationRequest, policy: AllocationPolicy): SearchKind {
    if (!allocationPolicies.includes(policy)) throw new TicketingError('INVALID', 'unknown allocation policy')
    const demand = createDemand(index.grid, request)
    const pass = (withAccessible: boolean) => ({
      withAccessible,
      search: { index, masks: masksFor(request, withAccessible), demand, policy, spared: -1 },
    })
    const asked = (request.accessible ?? 0) > 0
    const [without, withThem] = [pass(false), pass(true)]
    const same = equalMasks(without.search.masks, withThem.search.masks)
    const passes = asked ? [withThem] : same ? [without] : [without, withThem]
    const answers = new Map<string, { readonly version: number; readonly result: AllocationResult }>()
    return {
      policy,
      plain: !asked && request.parts === undefined,
      passes,
      runs: once(() => new RunIndex(index, without.search.masks, request.quantity, policy)),
      ladders: once(() => passes.map(({ search }) => createLadder(search))),
      remember({ together, sections, preferred }, compute) {
        const key = `${together} ${sections.length === 1 ? sections[0] : ''} ${preferred}`
        const known = answers.get(key)
        if (known?.version === index.version) return known.result
        const result = compute()
        keep(answers, key, { version: index.version, result })
        return result
      },
    }
  }

  function masksFor(request: AllocationRequest, withAccessible: boolean): SeatMasks {
    const channels = [...new Set(request.channels)].filter((id) => index.grid.channels.includes(id)).sort()
    const grades = gradesOf(request)
    const key = JSON.stringify([channels, grades, withAccessible])
    const known = masks.get(key)
    if (known !== undefined) return known
    const made = createSeatMasks(index.grid, {
      channels: new Set(channels),
      grades: grades && new Set(grades),
      withAccessible,
    })
    keep(masks, key, made)
    return made
  }
}

/** A number for the common request: it is looked up on every allocation. */
function keyOf(request: AllocationRequest, policy: AllocationPolicy): string | number {
  const { quantity, parts, grade, accessible, channels } = request
  const number = allocationPolicies.indexOf(policy) * 1024 + quantity
  if (parts === undefined && grade === undefined && !accessible && channels === undefined) return number
  return JSON.stringify([number, parts ?? null, grade ?? null, accessible ?? 0, channels ?? null])
}

/** The grades a request may be given; undefined for all. */
function gradesOf({ parts, grade }: AllocationRequest): readonly string[] | undefined {
  const wanted = parts?.map((part) => part.grade)
  if (grade === undefined) return wanted && [...new Set(wanted)].sort()
  return wanted === undefined || wanted.includes(grade) ? [grade] : []
}

const equalMasks = (a: SeatMasks, b: SeatMasks): boolean => a.takeable.every((word, at) => word === b.takeable[at])

/** Adds to a map that forgets its oldest entry when it is full. */
function keep<K, V>(map: Map<K, V>, key: K, value: V): void {
  if (map.size >= mostKinds && !map.has(key)) map.delete(map.keys().next().value as K)
  map.set(key, value)
}
