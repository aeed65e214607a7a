import type { Part } from '../hold.ts'
import type { Allocation, AllocationPolicy } from './allocation.ts'
import { compareChoices, readHead, slotsOf } from './choice.ts'
import type { Reach, Step } from './ladder.ts'
import type { OccupancyIndex } from './occupancy-index.ts'
import { qualityOf } from './quality.ts'
import type { RunIndex } from './run-index.ts'
import type { SearchKind } from './searches.ts'
import type { SeatGrid } from './seat-grid.ts'

/** The best adjacent seats of a row, for a party that asked for no accessible ones. */
export function adjacentAllocation(grid: SeatGrid, runs: RunIndex, row: number, preferred: number): Allocation {
  const rank = grid.rowSection[row]!
  const first = runs.slot(row)
  const orphans = runs.orphans(row)
  return {
    parts: [{ section: grid.sections[rank]!.id, seats: seatsFrom(grid, first, runs.length(row)) }],
    score: {
      rung: orphans === 0 ? 1 : 2,
      fragments: 1,
      lonePersons: 0,
      sectionChanges: preferred >= 0 && preferred !== rank ? 1 : 0,
      accessibleWasted: 0,
      orphans,
      quality: runs.quality(row),
      residualGap: runs.gap(row),
      sectionRank: rank,
      rowRank: row - grid.sectionRow[rank]!,
      start: grid.position[first]!,
    },
  }
}

function seatsFrom(grid: SeatGrid, first: number, length: number): readonly number[] {
  const seats: number[] = []
  let ascending = true
  for (let slot = first; slot < first + length; slot++) {
    const seat = grid.slotSeat[slot]!
    if (slot > first && seat < grid.slotSeat[slot - 1]!) ascending = false
    seats.push(seat)
  }
  return ascending ? seats : seats.sort((a, b) => a - b)
}

export function stepAllocation(index: OccupancyIndex, step: Step, { policy }: SearchKind, reach: Reach): Allocation {
  const { grid } = index
  const { choice, rung } = step
  const slots = slotsOf(choice).sort((a, b) => a - b)
  const row = grid.wordRow[slots[0]! >>> 5]!
  const rank = grid.rowSection[row]!
  const counted = readHead(choice)
  return {
    ...partsOf(index, step, slots),
    score: {
      rung,
      fragments: counted.fragments,
      lonePersons: counted.lonePersons,
      sectionChanges: counted.sectionChanges - (reach.preferred < 0 ? 1 : 0),
      accessibleWasted: counted.accessible,
      orphans: counted.orphans,
      quality: qualityOf(policy, choice.distance, choice.seats),
      residualGap: policy === 'first-fit' ? 0 : choice.gap,
      sectionRank: rank,
      rowRank: row - grid.sectionRow[rank]!,
      start: grid.position[slots[0]!]!,
    },
  }
}

/** Seats by section in venue order; what is still to be created is told apart. */
function partsOf(
  { grid, counts }: OccupancyIndex,
  { creates }: Step,
  slots: readonly number[],
): Pick<Allocation, 'parts' | 'create'> {
  const seats = new Map<number, number[]>()
  let count = 0
  for (const slot of slots) {
    const rank = grid.rowSection[grid.wordRow[slot >>> 5]!]!
    const seat = grid.slotSeat[slot]!
    if (rank === creates && seat >= counts[rank]!) count++
    else seats.set(rank, [...(seats.get(rank) ?? []), seat])
  }
  const parts: Part[] = [...seats].map(([rank, list]) => ({
    section: grid.sections[rank]!.id,
    seats: list.sort((a, b) => a - b),
  }))
  return creates < 0 ? { parts } : { parts, create: { section: grid.sections[creates]!.id, count } }
}

/** Order of two finds on the same ladder. */
export const isBefore = (a: Step, b: Step, policy: AllocationPolicy): boolean =>
  a.rung !== b.rung ? a.rung < b.rung : compareChoices(a.choice, b.choice, policy) < 0
