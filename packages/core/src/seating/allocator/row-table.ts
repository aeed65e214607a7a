import type { AllocationPolicy } from './allocation.ts'
import { type Choice, type Front, head, join, noSeats, withHead } from './choice.ts'
import { type ChoiceTable, put } from './choice-table.ts'
import type { Demand } from './demand.ts'
import type { FreeRow } from './free-row.ts'
import { type SeatGrid, trait } from './seat-grid.ts'

/** What has happened in the current run up to a slot. `waiting`: the last seat is a companion's, an accessible one must follow. */
const at = {
  start: 0,
  leftOne: 1,
  leftMore: 2,
  gapOne: 3,
  gapMore: 4,
  tookOne: 5,
  tookMore: 6,
  waitOne: 7,
  waitMore: 8,
}
const waysCount = 9

/** The cheapest ways to take 0, 1, 2 … seats anywhere in a row, sold seat by seat. */
export function rowTable(grid: SeatGrid, row: FreeRow, demand: Demand, policy: AllocationPolicy): ChoiceTable {
  const lone = demand.quantity > 1 ? head.lonePerson : 0
  let done: ChoiceTable = new Map([[0, [noSeats]]])
  for (const run of row.runs) {
    if (!run.takeable.includes(true)) continue
    let ways: ChoiceTable[] = [done]
    for (const [i, takeable] of run.takeable.entries()) {
      const next: Map<number, Front>[] = Array.from({ length: waysCount }, () => new Map())
      for (const [way, table] of ways.entries())
        for (const [state, front] of table ?? []) {
          leave(way, state, front, next)
          if (takeable) take(way, state, front, run.first + i, run.takeable.length, next)
        }
      ways = next
    }
    done = endRun(ways)
  }
  return done

  function leave(way: number, state: number, front: Front, next: readonly Map<number, Front>[]): void {
    if (way >= at.waitOne) return
    const to =
      way === at.start ? at.leftOne : way <= at.leftMore ? at.leftMore : way <= at.gapMore ? at.gapMore : at.gapOne
    const cost = way === at.tookOne ? lone : 0
    for (const choice of front) put(next[to]!, state, withHead(choice, cost), policy)
  }

  function take(
    way: number,
    state: number,
    front: Front,
    slot: number,
    length: number,
    next: readonly Map<number, Front>[],
  ): void {
    const reached = demand.seat(state, slot)
    const accessible = (grid.traits[slot]! & trait.accessible) !== 0
    if (reached < 0 || (way >= at.waitOne && !accessible)) return
    const goesOn = way >= at.tookOne
    const beside = goesOn && (grid.traits[slot - 1]! & trait.accessible) !== 0
    const waits = needsCompany(grid, slot) && !beside
    const to = goesOn ? (waits ? at.waitMore : at.tookMore) : waits ? at.waitOne : at.tookOne
    const orphan = way === at.leftOne || way === at.gapOne ? head.orphan : 0
    const wasted = accessible && demand.accessible(reached) === demand.accessible(state) ? head.accessible : 0
    const seat: Choice = {
      head: (goesOn ? 0 : head.fragment) + orphan + wasted,
      distance: grid.distance[slot]!,
      gap: (way <= at.leftMore ? length : 0) - 1,
      seats: 1,
      picks: slot,
    }
    for (const choice of front) put(next[to]!, reached, join(choice, seat), policy)
  }

  function endRun(ways: readonly ChoiceTable[]): ChoiceTable {
    const ended = new Map<number, Front>()
    for (const [way, table] of ways.entries()) {
      if (way >= at.waitOne) continue
      const cost = way === at.gapOne ? head.orphan : way === at.tookOne ? lone : 0
      for (const [state, front] of table) for (const choice of front) put(ended, state, withHead(choice, cost), policy)
    }
    return ended
  }
}

/** A companion seat that is not itself accessible: given only beside an accessible one. */
export const needsCompany = (grid: SeatGrid, slot: number): boolean =>
  (grid.traits[slot]! & (trait.companion | trait.accessible)) === trait.companion
