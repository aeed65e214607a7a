import { type Choice, head, joinPicks } from './choice.ts'
import type { Demand } from './demand.ts'
import type { FreeRow, FreeRun } from './free-row.ts'
import { needsCompany } from './row-table.ts'
import { type SeatGrid, trait } from './seat-grid.ts'

/** Neighbouring seats taken together. */
export interface Fragment {
  readonly state: number
  readonly choice: Choice
  readonly first: number
  readonly last: number
}

/** Every fragment of a row that seats at most the demand, at least `least` persons. */
export function fragmentsOf(grid: SeatGrid, row: FreeRow, demand: Demand, least: number): Fragment[] {
  return row.runs.flatMap((run) => run.takeable.flatMap((_, from) => fragmentsFrom(grid, run, from, demand, least)))
}

function fragmentsFrom(grid: SeatGrid, run: FreeRun, from: number, demand: Demand, least: number): Fragment[] {
  const found: Fragment[] = []
  let state = 0
  let distance = 0
  let accessible = 0
  let picks: Choice['picks'] = null
  for (let to = from; run.takeable[to] === true; to++) {
    const slot = run.first + to
    const seats = to - from + 1
    state = demand.seat(state, slot)
    if (state < 0) break
    distance += grid.distance[slot]!
    accessible += grid.traits[slot]! & trait.accessible
    picks = joinPicks(picks, slot)
    if (seats < least || !inCompany(grid, run.first + from, slot)) continue
    const wasted = accessible - demand.accessible(state)
    const lone = seats === 1 && demand.quantity > 1 ? head.lonePerson : 0
    const orphans = (from === 1 ? 1 : 0) + (run.takeable.length - to === 2 ? 1 : 0)
    found.push({
      state,
      first: run.first + from,
      last: slot,
      choice: {
        head: head.fragment + lone + wasted * head.accessible + orphans * head.orphan,
        distance,
        gap: run.takeable.length - seats,
        seats,
        picks,
      },
    })
  }
  return found
}

/** Whether every companion seat of `first … last` has an accessible one beside it among them. */
export function inCompany(grid: SeatGrid, first: number, last: number): boolean {
  for (let slot = first; slot <= last; slot++) {
    if (!needsCompany(grid, slot)) continue
    const before = slot > first && (grid.traits[slot - 1]! & trait.accessible) !== 0
    const after = slot < last && (grid.traits[slot + 1]! & trait.accessible) !== 0
    if (!before && !after) return false
  }
  return true
}
