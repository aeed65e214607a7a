import { isSet, type Words } from './bit-row.ts'
import type { SeatGrid } from './seat-grid.ts'
import type { SeatMasks } from './seat-masks.ts'

/** A maximal stretch of free neighbours, as orphans see it. */
export interface FreeRun {
  /** Slot of its first seat. */
  readonly first: number
  /** For each of its seats, whether the request may be given it. */
  readonly takeable: readonly boolean[]
}

export interface FreeRow {
  readonly row: number
  readonly runs: readonly FreeRun[]
  readonly takeable: number
}

/** `spared`: a slot that is free for everybody but not given to this request. */
export function freeRow(grid: SeatGrid, free: Words, masks: SeatMasks, row: number, spared = -1): FreeRow {
  const runs: { first: number; takeable: boolean[] }[] = []
  const end = grid.rowWord[row + 1]! * 32
  let count = 0
  for (let word = grid.rowWord[row]!; word < grid.rowWord[row + 1]!; word++) {
    const seen = free[word]! & masks.visible[word]!
    if (seen === 0) continue
    for (let slot = word * 32; slot < Math.min(end, word * 32 + 32); slot++) {
      if (!((seen >>> (slot & 31)) & 1)) continue
      const takeable = isSet(masks.takeable, 0, slot) && slot !== spared
      const last = runs.at(-1)
      if (last !== undefined && last.first + last.takeable.length === slot) last.takeable.push(takeable)
      else runs.push({ first: slot, takeable: [takeable] })
      if (takeable) count++
    }
  }
  return { row, runs, takeable: count }
}
