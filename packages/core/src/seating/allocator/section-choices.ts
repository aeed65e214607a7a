import type { AllocationPolicy } from './allocation.ts'
import { addToFront, bestOf, type Choice, type Front, head } from './choice.ts'
import { type ChoiceTable, emptyTable, joinTables, put } from './choice-table.ts'
import type { Demand } from './demand.ts'
import { type Fragment, fragmentsOf } from './fragment.ts'
import { type FreeRow, freeRow } from './free-row.ts'
import type { OccupancyIndex } from './occupancy-index.ts'
import { once } from './once.ts'
import { rowTable } from './row-table.ts'
import { sale } from './seat-grid.ts'
import type { SeatMasks } from './seat-masks.ts'
import { createStacks } from './stack.ts'
import { wholeRow, wholeRowFragments } from './whole-row.ts'

/** What the choices are made for. */
export interface Search {
  readonly index: OccupancyIndex
  readonly masks: SeatMasks
  readonly demand: Demand
  readonly policy: AllocationPolicy
  /** A slot that is free for everybody but not given to this request; −1 for none. */
  readonly spared: number
}

/** The best choices within one section, each computed when first asked for. */
export interface SectionChoices {
  /** All seats adjacent: `[without an orphan, with one]`. */
  adjacent(): readonly [Choice | null, Choice | null]
  /** All seats in one row. */
  inRow(): Choice | null
  /** One fragment in each of `rows` neighbouring rows. */
  stacked(rows: number): Choice | null
  /** All seats anywhere in the section. */
  anywhere(): Choice | null
  /** Anything, for every state of the demand. */
  table(): ChoiceTable
  /** Most persons, of those the demand allows, that fit when seats must be adjacent, or at least in one row. */
  largest(together: 'adjacent' | 'row'): number
}

export function createSectionChoices(search: Search, section: number): SectionChoices {
  const { index, demand, policy } = search
  const { grid } = index
  const [first, end] = [grid.sectionRow[section]!, grid.sectionRow[section + 1]!]
  const rows = once(() => Array.from({ length: end - first }, (_, i) => readRow(search, first + i)))
  const table = once(() => rows().reduce((all, row) => joinTables(all, row.table(), demand, policy), emptyTable))
  const room = once(() => rows().reduce((sum, row) => sum + row.room, 0))
  const anywhere = once(() => (room() < demand.quantity ? null : bestOf(table().get(demand.full), policy)))
  const stacks = once(() =>
    createStacks(
      grid,
      rows().map((row) => row.fragments(1)),
      demand,
      policy,
    ),
  )

  return {
    adjacent: once(() => adjacentOf(rows(), demand, policy)),
    inRow: once(() => {
      let best: Front | undefined
      for (const row of rows()) {
        if (row.room < demand.quantity) continue
        for (const choice of row.table().get(demand.full) ?? []) best = addToFront(best, choice, policy)
      }
      return bestOf(best, policy)
    }),
    // Seats that do not fit into the section do not fit into neighbouring rows of it.
    stacked: (count) => (anywhere() === null ? null : stacks().best(count)),
    anywhere,
    table,
    largest(together) {
      const states =
        together === 'row'
          ? rows().flatMap((row) => [...row.table().keys()])
          : rows().flatMap((row) => row.fragments(1).map(({ state }) => state))
      return largestOf(states, demand)
    },
  }
}

/** Most persons of a state that has all the accessible seats asked for. */
export function largestOf(states: Iterable<number>, demand: Demand): number {
  let largest = 0
  const wanted = demand.accessible(demand.full)
  for (const state of states)
    if (demand.accessible(state) === wanted) largest = Math.max(largest, demand.persons(state))
  return largest
}

interface RowChoices {
  /** No party of more persons fits into the row. */
  readonly room: number
  fragments(least: number): readonly Fragment[]
  table(): ChoiceTable
}

function readRow({ index, masks, demand, policy, spared }: Search, row: number): RowChoices {
  const { grid, free } = index
  const how = grid.rowSale[row]!
  if (how === sale.seats) {
    const seats: FreeRow = freeRow(grid, free, masks, row, spared)
    return {
      room: seats.takeable,
      fragments: (least) => (seats.takeable < least ? [] : fragmentsOf(grid, seats, demand, least)),
      table: once(() => (seats.takeable === 0 ? emptyTable : rowTable(grid, seats, demand, policy))),
    }
  }
  const slots = wholeRow(index, masks, row)
  const whole = slots === null || slots.includes(spared) ? [] : wholeRowFragments(grid, slots, how, demand)
  return {
    room: slots?.length ?? 0,
    fragments: () => whole.filter(({ choice }) => choice.head < 2 * head.fragment),
    table() {
      const table = new Map(emptyTable)
      for (const { state, choice } of whole) put(table, state, choice, policy)
      return table
    },
  }
}

function adjacentOf(
  rows: readonly RowChoices[],
  demand: Demand,
  policy: AllocationPolicy,
): readonly [Choice | null, Choice | null] {
  const fronts: [Front | undefined, Front | undefined] = [undefined, undefined]
  for (const row of rows)
    for (const { state, choice } of row.fragments(demand.quantity)) {
      if (state !== demand.full) continue
      const rung = choice.head % head.accessible > 0 ? 1 : 0
      fronts[rung] = addToFront(fronts[rung], choice, policy)
    }
  return [bestOf(fronts[0], policy), bestOf(fronts[1], policy)]
}
