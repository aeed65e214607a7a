import type { AllocationPolicy } from './allocation.ts'
import type { OccupancyIndex } from './occupancy-index.ts'
import { createRowWindows, orphanCost, type RowWindows } from './row-windows.ts'
import type { SeatMasks } from './seat-masks.ts'
import { WinnerTree } from './winner-tree.ts'
import type { WordLog } from './word-log.ts'

/**
 * For parties of one size: the row with the best adjacent seats, of any range of rows. A row is looked at again only when
 * one of its bits is no longer what it was. A class, as the tree is: several of them are asked in turn on the hottest path,
 * and the engine inlines methods across instances better than closures.
 */
export class RunIndex {
  private readonly windows: RowWindows
  private readonly tree: WinnerTree
  private readonly log: WordLog
  private readonly now: Int32Array
  private readonly seen: Int32Array
  private readonly wordRow: Int32Array
  private readonly rows: number
  /** Changes taken in; −1 before the first look. */
  private read = -1

  constructor(index: OccupancyIndex, masks: SeatMasks, quantity: number, policy: AllocationPolicy) {
    this.windows = createRowWindows(index, masks, quantity, policy)
    this.tree = new WinnerTree(this.windows.cost, this.windows.gap)
    this.log = index.changedWords
    this.now = index.free
    this.seen = this.windows.seen
    this.wordRow = index.grid.wordRow
    this.rows = index.grid.rows
  }

  /** The row with the best window: fewest orphans, then quality, residual gap, rank. −1: none has one. */
  best(): number {
    this.sync()
    return this.tree.best()
  }

  /** The same among the rows `first … end − 1`. */
  bestOf(first: number, end: number): number {
    this.sync()
    return this.tree.bestOf(first, end)
  }

  /** Of the best window of a row that has one: its first slot, … */
  slot(row: number): number {
    return this.windows.start[row]!
  }

  /** … how many slots it takes (more than the party in a row that is sold whole), … */
  length(row: number): number {
    return this.windows.length[row]!
  }

  /** … and its part of the score. */
  orphans(row: number): number {
    const cost = this.windows.cost[row]!
    return cost < orphanCost ? 0 : cost < 2 * orphanCost ? 1 : 2
  }

  quality(row: number): number {
    return this.windows.cost[row]! - this.orphans(row) * orphanCost
  }

  gap(row: number): number {
    return this.windows.gap[row]!
  }

  /** Grows when a row is looked at again: what was made of the above is good as long as it stays. */
  looks(row: number): number {
    return this.windows.looks[row]!
  }

  private sync(): void {
    const { log, read } = this
    if (read === log.head) return
    if (read < 0 || log.head - read >= log.size) this.rebuild()
    else for (let i = read; i < log.head; i++) this.follow(log.at(i))
    this.read = log.head
    log.markRead()
  }

  private rebuild(): void {
    for (let row = 0; row < this.rows; row++) this.windows.look(row)
    this.tree.rebuild()
  }

  private follow(word: number): void {
    if (this.seen[word] === this.now[word]) return
    const row = this.wordRow[word]!
    this.windows.look(row)
    this.tree.update(row)
  }
}
