import { type Choice, head, joinPicks } from './choice.ts'
import type { Demand } from './demand.ts'
import { type Fragment, inCompany } from './fragment.ts'
import type { OccupancyIndex } from './occupancy-index.ts'
import { type SeatGrid, sale, trait } from './seat-grid.ts'
import type { SeatMasks } from './seat-masks.ts'

/**
 * The slots of a row that is sold whole; null when a seat of it is not free, or not for this request. A seat that the venue
 * blocks is left out, unless somebody has opened it.
 */
export function wholeRow(index: OccupancyIndex, { takeable }: SeatMasks, row: number): readonly number[] | null {
  const { grid, free } = index
  const slots: number[] = []
  for (let slot = grid.rowWord[row]! * 32; slot < grid.rowWord[row + 1]! * 32; slot++) {
    if (grid.slotSeat[slot]! < 0) continue
    const bit = free[slot >>> 5]! & (1 << (slot & 31))
    if ((bit & takeable[slot >>> 5]!) !== 0) slots.push(slot)
    else if (bit !== 0 || (grid.traits[slot]! & trait.blocked) === 0) return null
  }
  return slots.length > 0 ? slots : null
}

/** Whether a party of `quantity` may have the whole row of `size` seats. */
export const wholeFits = (how: number, size: number, quantity: number): boolean =>
  how === sale.wholeToAny ? quantity <= size : quantity === size

/** Every state the whole row can bring about: with everybody seated, or with fewer persons where the section allows that. */
export function wholeRowFragments(grid: SeatGrid, slots: readonly number[], how: number, demand: Demand): Fragment[] {
  const choice = wholeChoice(grid, slots, demand)
  if (choice === null) return []
  return [...wholeStates(slots, how, demand)].map((state) => ({
    state,
    first: slots[0]!,
    last: slots.at(-1)!,
    choice: {
      ...choice,
      head: choice.head - demand.accessible(state) * head.accessible,
      gap: slots.length - demand.persons(state),
    },
  }))
}

function wholeStates(slots: readonly number[], how: number, demand: Demand): ReadonlySet<number> {
  let states = new Set([0])
  for (const slot of slots) {
    const next = new Set(how === sale.wholeToAny ? states : [])
    for (const state of states) next.add(demand.seat(state, slot))
    next.delete(-1)
    states = next
  }
  states.delete(0)
  return states
}

function wholeChoice(grid: SeatGrid, slots: readonly number[], demand: Demand): Choice | null {
  const choice = { head: 0, distance: 0, gap: 0, seats: slots.length, picks: null as Choice['picks'] }
  let first = slots[0]!
  for (const [i, slot] of slots.entries()) {
    choice.distance += grid.distance[slot]!
    choice.head += (grid.traits[slot]! & trait.accessible) * head.accessible
    choice.picks = joinPicks(choice.picks, slot)
    if (slots[i + 1] === slot + 1) continue
    if (!inCompany(grid, first, slot)) return null
    choice.head += head.fragment + (first === slot && demand.quantity > 1 ? head.lonePerson : 0)
    first = slots[i + 1]!
  }
  return choice
}
