import type { Section } from '../catalogue/venue.ts'
import type { Words } from './bit-row.ts'
import type { Part } from './hold.ts'
import { codeAt, type PackedSection, type SeatChange, type SeatCode } from './occupancy.ts'
import { createSeatGrid, type SeatGrid } from './seat-grid.ts'

/**
 * Which seats of a schedule are free, as the allocator reads it: one bit a seat, kept up to date change by change. Seats
 * nobody has reported on yet are not free. What was computed from the bits is kept by its reader and brought up to date
 * from `changedWords`.
 */
export interface OccupancyIndex {
  readonly grid: SeatGrid
  /** A set bit is a free seat; a slot of the grid. */
  readonly free: Words
  /** Grows with every change. */
  readonly version: () => number
  /** `version` at the last change of a section. */
  readonly sectionVersion: Float64Array
  /** Seats that exist, by section: listed ones and those that were created. */
  readonly counts: Int32Array
  readonly changedWords: WordLog
  /** Unknown sections and seats are passed over. A change beyond the end of an elastic section says that it grew. */
  apply(change: Pick<SeatChange, 'section' | 'seat' | 'code'>): void
  /** `apply` for all seats of a part at once. */
  mark(part: Part, code: SeatCode): void
  /** Every seat of the section as it is now. */
  replace(state: Pick<PackedSection, 'section' | 'count' | 'codes'>): void
}

/** The words of `free` that changed, oldest first, as far back as `size`. */
export interface WordLog {
  readonly size: number
  readonly words: Int32Array
  /** Changes ever logged: entry *i* stands at `i mod size` while `i ≥ head − size`. */
  head: number
  /** The last logged word while nobody has read it; −1 after that. A word is not logged twice in a row. */
  unread: number
}

/** Sections in venue order. */
export function createOccupancyIndex(sections: readonly Section[]): OccupancyIndex {
  const grid = createSeatGrid(sections)
  const free = new Int32Array(grid.words)
  const sectionVersion = new Float64Array(sections.length)
  const counts = Int32Array.from(sections, (section) => section.rows.reduce((sum, row) => sum + row.seats.length, 0))
  const changedWords = createWordLog(grid.words)
  let version = 0
  let lastId = ''
  let lastRank = -1

  /** Changes come section by section: most often it is that of the last call. */
  const rankOf = (id: string): number => {
    lastId = id
    lastRank = grid.rankOf.get(id) ?? -1
    return lastRank
  }

  const write = (rank: number, word: number, bits: number, isFree: boolean): void => {
    const before = free[word]!
    const after = isFree ? before | bits : before & ~bits
    if (after === before) return
    free[word] = after
    sectionVersion[rank] = ++version
    logWord(changedWords, word)
  }

  const resize = (rank: number, count: number): void => {
    if (count === counts[rank]) return
    counts[rank] = count
    sectionVersion[rank] = ++version
  }

  return {
    grid,
    free,
    version: () => version,
    sectionVersion,
    counts,
    changedWords,
    apply({ section, seat, code }) {
      const rank = section === lastId ? lastRank : rankOf(section)
      const slot = rank < 0 ? undefined : grid.seatSlot[rank]![seat]
      if (slot === undefined) return
      if (seat >= counts[rank]!) resize(rank, seat + 1)
      write(rank, slot >>> 5, 1 << (slot & 31), code === 0)
    },
    mark({ section, seats }, code) {
      const rank = section === lastId ? lastRank : rankOf(section)
      if (rank < 0) return
      const slots = grid.seatSlot[rank]!
      let word = -1
      let bits = 0
      for (let i = 0; i < seats.length; i++) {
        const seat = seats[i]!
        const slot = slots[seat]
        if (slot === undefined) continue
        if (seat >= counts[rank]!) resize(rank, seat + 1)
        if (slot >>> 5 !== word) {
          if (bits !== 0) write(rank, word, bits, code === 0)
          word = slot >>> 5
          bits = 0
        }
        bits |= 1 << (slot & 31)
      }
      if (bits !== 0) write(rank, word, bits, code === 0)
    },
    replace({ section, count, codes }) {
      const rank = rankOf(section)
      if (rank < 0) return
      const slots = grid.seatSlot[rank]!
      resize(rank, Math.min(count, slots.length))
      for (let seat = 0; seat < slots.length; seat++) {
        const slot = slots[seat]!
        write(rank, slot >>> 5, 1 << (slot & 31), seat < count && codeAt(codes, seat) === 0)
      }
    },
  }
}

function createWordLog(words: number): WordLog {
  const size = 2 ** Math.ceil(Math.log2(Math.max(64, words)))
  return { size, words: new Int32Array(size), head: 0, unread: -1 }
}

function logWord(log: WordLog, word: number): void {
  if (word === log.unread) return
  log.words[log.head & (log.size - 1)] = word
  log.head++
  log.unread = word
}
