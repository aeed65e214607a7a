import type { AllocationPolicy } from './allocation.ts'
import { bestOf, type Choice, type Front, head, join, withHead } from './choice.ts'
import { type ChoiceTable, put } from './choice-table.ts'
import type { Demand } from './demand.ts'
import type { Fragment } from './fragment.ts'
import type { SeatGrid } from './seat-grid.ts'

/** Parties in neighbouring rows, one fragment a row, each sharing a position with the next. */
export interface Stacks {
  /** The best over exactly `rows` rows. */
  best(rows: number): Choice | null
}

/** Stacks that end in this fragment of a row. */
interface Ending {
  readonly fragment: Fragment
  readonly table: ChoiceTable
}

/** `fragments` by row, in rank order. */
export function createStacks(
  grid: SeatGrid,
  fragments: readonly (readonly Fragment[])[],
  demand: Demand,
  policy: AllocationPolicy,
): Stacks {
  /** By height − 1 and row of the last fragment. */
  const heights: (readonly (readonly Ending[])[])[] = [
    fragments.map((row) =>
      row
        .filter(({ state }) => state !== demand.full)
        .map((fragment) => ({ fragment, table: new Map([[fragment.state, [fragment.choice]]]) })),
    ),
  ]

  const grow = (below: readonly (readonly Ending[])[]): readonly (readonly Ending[])[] =>
    fragments.map((row, rank) => (rank === 0 ? [] : row.flatMap((fragment) => onTop(below[rank - 1]!, fragment))))

  function onTop(below: readonly Ending[], fragment: Fragment): readonly Ending[] {
    const table = new Map<number, Front>()
    for (const ending of below) {
      if (!overlap(grid, ending.fragment, fragment)) continue
      for (const [state, front] of ending.table) {
        // Complete stacks do not grow, and what a further row would have to waste is not worth keeping.
        const joined = state === demand.full ? -1 : demand.join(state, fragment.state)
        if (joined < 0) continue
        const wasted = demand.accessible(state) + demand.accessible(fragment.state) - demand.accessible(joined)
        for (const choice of front)
          put(table, joined, withHead(join(choice, fragment.choice), wasted * head.accessible), policy)
      }
    }
    return table.size === 0 ? [] : [{ fragment, table }]
  }

  return {
    best(rows) {
      while (heights.length < rows) heights.push(grow(heights.at(-1)!))
      let front: Front | undefined
      for (const endings of heights[rows - 1]!)
        for (const { table } of endings) front = [...(front ?? []), ...(table.get(demand.full) ?? [])]
      return bestOf(front?.length === 0 ? undefined : front, policy)
    },
  }
}

const overlap = (grid: SeatGrid, a: Fragment, b: Fragment): boolean =>
  grid.position[a.first]! <= grid.position[b.last]! && grid.position[b.first]! <= grid.position[a.last]!
