import type { AllocationPolicy } from './allocation.ts'
import { earlier, keepStarts, later, lowestBit, runEnd, runStart } from './bit-row.ts'
import type { OccupancyIndex } from './occupancy-index.ts'
import { qualityOf } from './quality.ts'
import { sale } from './seat-grid.ts'
import type { SeatMasks } from './seat-masks.ts'
import { wholeFits, wholeRow } from './whole-row.ts'
import { createWinnerTree } from './winner-tree.ts'

/**
 * For parties of one size: the best adjacent seats of every row, and the best row of any range of rows. Rows are looked at
 * again only when one of their bits is no longer what it was.
 */
export interface RunIndex {
  /** The row (of `first … end − 1`) with the best window: fewest orphans, then quality, residual gap, rank. −1: none has one. */
  best(first: number, end: number): number
  /** Of the best window of a row that has one: its first slot, … */
  slot(row: number): number
  /** … how many slots it takes (more than the party in a row that is sold whole), … */
  length(row: number): number
  /** … and its part of the score. */
  orphans(row: number): number
  quality(row: number): number
  gap(row: number): number
  /** Grows when a row is looked at again: what was made of the above is good as long as it stays. */
  looks(row: number): number
}

/** Weight of an orphan in a cost: above every quality. */
const orphanCost = 2 ** 50

export function createRunIndex(
  index: OccupancyIndex,
  masks: SeatMasks,
  quantity: number,
  policy: AllocationPolicy,
): RunIndex {
  const { grid, changedWords: log, free: now } = index
  const { rowWord, wordRow, rowSale, distanceBefore } = grid
  const { visible, takeable } = masks
  const seen = new Int32Array(grid.words)
  const cost = new Float64Array(grid.rows)
  const gap = new Int32Array(grid.rows)
  const start = new Int32Array(grid.rows)
  const length = new Int32Array(grid.rows).fill(quantity)
  const looks = new Int32Array(grid.rows)
  const tree = createWinnerTree(cost, gap)
  const room = longestRow(rowWord)
  const free = new Int32Array(room)
  const starts = new Int32Array(room)
  const left = new Int32Array(room)
  const right = new Int32Array(room)
  let read = Number.NEGATIVE_INFINITY

  /** Brings everything up to date with the occupancy. */
  function sync(): void {
    if (read === log.head) return
    if (log.head - read > log.size) rebuild()
    else for (let i = read; i < log.head; i++) follow(log.words[i & (log.size - 1)]!)
    read = log.head
    log.unread = -1
  }

  function rebuild(): void {
    for (let row = 0; row < grid.rows; row++) look(row)
    tree.rebuild()
  }

  function follow(word: number): void {
    if (seen[word] === now[word]) return
    const row = wordRow[word]!
    look(row)
    tree.update(row)
  }

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

  function pick(row: number, words: number, orphans: number): void {
    const first = rowWord[row]! * 32
    let bestQuality = Number.POSITIVE_INFINITY
    let bestGap = 0
    let bestSlot = -1
    for (let at = 0; at < words; at++) {
      if (starts[at] === 0) continue
      const l = left[at]!
      const r = right[at]!
      let bits = starts[at]! & (orphans === 0 ? ~(l | r) : orphans === 1 ? l ^ r : l & r)
      for (; bits !== 0; bits &= bits - 1) {
        const slot = at * 32 + lowestBit(bits)
        const distance = distanceBefore[first + slot + quantity]! - distanceBefore[first + slot]!
        const quality = policy === 'nearest' ? distance : qualityOf(policy, distance, quantity)
        if (quality > bestQuality) continue
        const slack = policy === 'first-fit' ? 0 : runLength(slot, words) - quantity
        if (quality === bestQuality && slack >= bestGap) continue
        bestQuality = quality
        bestGap = slack
        bestSlot = slot
      }
    }
    cost[row] = orphans * orphanCost + bestQuality
    gap[row] = bestGap
    start[row] = first + bestSlot
  }

  const runLength = (slot: number, words: number): number => runEnd(free, 0, words * 32, slot) - runStart(free, 0, slot)

  function lookWhole(row: number): void {
    const slots = wholeRow(grid, row, starts)
    if (slots === null || !wholeFits(rowSale[row]!, slots.length, quantity)) return
    const first = slots[0]!
    const end = first + slots.length
    if (slots.at(-1) !== end - 1) return
    cost[row] = qualityOf(policy, distanceBefore[end]! - distanceBefore[first]!, slots.length)
    gap[row] = policy === 'first-fit' ? 0 : slots.length - quantity
    start[row] = first
    length[row] = slots.length
  }

  return {
    best(first, end) {
      sync()
      return tree.best(first, end)
    },
    slot: (row) => start[row]!,
    length: (row) => length[row]!,
    orphans: (row) => orphansIn(cost[row]!),
    quality: (row) => cost[row]! - orphansIn(cost[row]!) * orphanCost,
    gap: (row) => gap[row]!,
    looks: (row) => looks[row]!,
  }
}

const orphansIn = (cost: number): number => (cost < orphanCost ? 0 : cost < 2 * orphanCost ? 1 : 2)

function longestRow(rowWord: Int32Array): number {
  let longest = 1
  for (let row = 1; row < rowWord.length; row++) longest = Math.max(longest, rowWord[row]! - rowWord[row - 1]!)
  return longest
}
