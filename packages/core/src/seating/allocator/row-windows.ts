import type { AllocationPolicy } from './allocation.ts'
import { earlier, keepStarts, later, lowestBit, runEnd, runStart } from './bit-row.ts'
import type { OccupancyIndex } from './occupancy-index.ts'
import { qualityOf } from './quality.ts'
import { sale } from './seat-grid.ts'
import type { SeatMasks } from './seat-masks.ts'
import { wholeFits, wholeRow } from './whole-row.ts'

/** For parties of one size: the best adjacent seats of every row, as far as it was looked at. One entry a row. */
export interface RowWindows {
  /** Orphans and quality as one number; infinite where no window is. */
  readonly cost: Float64Array
  readonly gap: Int32Array
  /** First slot. */
  readonly start: Int32Array
  /** Slots taken: more than the party in a row that is sold whole. */
  readonly length: Int32Array
  /** The words of the occupancy as they were when their row was looked at. */
  readonly seen: Int32Array
  /** How often a row was looked at: what was made of its window is good as long as this stays. */
  readonly looks: Int32Array
  look(row: number): void
}

/** Weight of an orphan in a cost: above every quality. */
export const orphanCost = 2 ** 50

export function createRowWindows(
  index: OccupancyIndex,
  masks: SeatMasks,
  quantity: number,
  policy: AllocationPolicy,
): RowWindows {
  const { grid, free: now } = index
  const { rowWord, rowSale, distanceBefore } = grid
  const { visible, takeable } = masks
  const seen = new Int32Array(grid.words)
  const cost = new Float64Array(grid.rows)
  const gap = new Int32Array(grid.rows)
  const start = new Int32Array(grid.rows)
  const length = new Int32Array(grid.rows).fill(quantity)
  const looks = new Int32Array(grid.rows)
  const room = longestRow(rowWord)
  const free = new Int32Array(room)
  const starts = new Int32Array(room)
  const left = new Int32Array(room)
  const right = new Int32Array(room)

  return { cost, gap, start, length, seen, looks, look }

  function look(row: number): void {
    const from = rowWord[row]!
    const words = rowWord[row + 1]! - from
    looks[row] = looks[row]! + 1
    for (let at = 0; at < words; at++) {
      const bits = now[from + at]!
      seen[from + at] = bits
      free[at] = bits & visible[from + at]!
      starts[at] = free[at]! & takeable[from + at]!
    }
    cost[row] = Number.POSITIVE_INFINITY
    if (rowSale[row] !== sale.seats) return lookWhole(row)
    keepStarts(starts, words, quantity)
    const orphans = fewestOrphans(words)
    if (orphans < 3) pick(row, words, orphans)
  }

  /** Marks the starts that shut in a seat on the left or on the right; 3 when there is no start at all. */
  function fewestOrphans(words: number): number {
    let none = 0
    let one = 0
    let two = 0
    for (let at = 0; at < words; at++) {
      const on = starts[at]!
      if (on === 0) continue
      const l = earlier(free, at, 0, 1) & ~earlier(free, at, 0, 2)
      const r = later(free, at, words, quantity) & ~later(free, at, words, quantity + 1)
      left[at] = l
      right[at] = r
      none |= on & ~(l | r)
      one |= on & (l ^ r)
      two |= on & l & r
    }
    return none !== 0 ? 0 : one !== 0 ? 1 : two !== 0 ? 2 : 3
  }

  /** The best of the starts with so many orphans. Gaps are measured only where qualities are equal. */
  function pick(row: number, words: number, orphans: number): void {
    const first = rowWord[row]! * 32
    let best = -1
    let bestQuality = Number.POSITIVE_INFINITY
    /** −1: not measured. */
    let bestGap = -1
    for (let at = 0; at < words; at++) {
      if (starts[at] === 0) continue
      const [l, r] = [left[at]!, right[at]!]
      let bits = starts[at]! & (orphans === 0 ? ~(l | r) : orphans === 1 ? l ^ r : l & r)
      for (; bits !== 0; bits &= bits - 1) {
        const slot = at * 32 + lowestBit(bits)
        const quality = qualityAt(first + slot)
        if (quality > bestQuality) continue
        const isTie = quality === bestQuality
        if (isTie && bestGap < 0) bestGap = gapAt(best, words)
        const slack = isTie ? gapAt(slot, words) : -1
        if (isTie && slack >= bestGap) continue
        best = slot
        bestQuality = quality
        bestGap = slack
      }
    }
    cost[row] = orphans * orphanCost + bestQuality
    gap[row] = bestGap < 0 ? gapAt(best, words) : bestGap
    start[row] = first + best
  }

  function qualityAt(slot: number): number {
    const distance = distanceBefore[slot + quantity]! - distanceBefore[slot]!
    return policy === 'nearest' ? distance : qualityOf(policy, distance, quantity)
  }

  function gapAt(slot: number, words: number): number {
    if (policy === 'first-fit') return 0
    return runEnd(free, 0, words * 32, slot) - runStart(free, 0, slot) - quantity
  }

  function lookWhole(row: number): void {
    const slots = wholeRow(index, masks, row)
    if (slots === null || !wholeFits(rowSale[row]!, slots.length, quantity)) return
    const first = slots[0]!
    const end = first + slots.length
    if (slots.at(-1) !== end - 1) return
    cost[row] = qualityOf(policy, distanceBefore[end]! - distanceBefore[first]!, slots.length)
    gap[row] = policy === 'first-fit' ? 0 : slots.length - quantity
    start[row] = first
    length[row] = slots.length
  }
}

function longestRow(rowWord: Int32Array): number {
  let longest = 1
  for (let row = 1; row < rowWord.length; row++) longest = Math.max(longest, rowWord[row]! - rowWord[row - 1]!)
  return longest
}
