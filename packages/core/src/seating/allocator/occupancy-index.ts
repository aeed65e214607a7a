import type { Section } from '../../catalogue/venue.ts'
import type { Part } from '../hold.ts'
import { codeAt, type PackedSection, type SeatChange, type SeatCode } from '../occupancy.ts'
import type { Words } from './bit-row.ts'
import { createSeatGrid, type SeatGrid } from './seat-grid.ts'
import { WordLog } from './word-log.ts'

/**
 * Which seats of a schedule are free, as the allocator reads it: one bit a seat, kept up to date change by change. Seats
 * nobody has reported on yet are not free. What was computed from the bits is kept by its reader and brought up to date
 * from `changedWords`.
 */
export class OccupancyIndex {
  readonly grid: SeatGrid
  /** A set bit is a free seat; a slot of the grid. */
  readonly free: Words
  /** `version` at the last change of a section. */
  readonly sectionVersion: Float64Array
  /** Seats that exist, by section: listed ones and those that were created. */
  readonly counts: Int32Array
  readonly changedWords: WordLog
  /** Grows with every change. */
  version = 0
  private lastId = ''
  private lastRank = -1

  /** Sections in venue order. */
  constructor(sections: readonly Section[]) {
    this.grid = createSeatGrid(sections)
    this.free = new Int32Array(this.grid.words)
    this.sectionVersion = new Float64Array(sections.length)
    this.counts = Int32Array.from(sections, ({ rows }) => rows.reduce((sum, row) => sum + row.seats.length, 0))
    this.changedWords = new WordLog(this.grid.words)
  }

  /** Unknown sections and seats are passed over. A change beyond the end of an elastic section says that it grew. */
  apply({ section, seat, code }: Pick<SeatChange, 'section' | 'seat' | 'code'>): void {
    const rank = this.rankOf(section)
    const slot = rank < 0 ? undefined : this.grid.seatSlot[rank]![seat]
    if (slot === undefined) return
    if (seat >= this.counts[rank]!) this.resize(rank, seat + 1)
    this.write(rank, slot >>> 5, 1 << (slot & 31), code === 0)
  }

  /** `apply` for all seats of a part at once. */
  mark({ section, seats }: Part, code: SeatCode): void {
    const rank = this.rankOf(section)
    if (rank < 0) return
    const slots = this.grid.seatSlot[rank]!
    const grows = this.counts[rank]! < slots.length
    let word = -1
    let bits = 0
    for (let i = 0; i < seats.length; i++) {
      const slot = slots[seats[i]!]
      if (slot === undefined) continue
      if (grows && seats[i]! >= this.counts[rank]!) this.resize(rank, seats[i]! + 1)
      if (slot >>> 5 !== word) {
        if (bits !== 0) this.write(rank, word, bits, code === 0)
        word = slot >>> 5
        bits = 0
      }
      bits |= 1 << slot
    }
    if (bits !== 0) this.write(rank, word, bits, code === 0)
  }

  /** Every seat of the section as it is now. */
  replace({ section, count, codes }: Pick<PackedSection, 'section' | 'count' | 'codes'>): void {
    const rank = this.rankOf(section)
    if (rank < 0) return
    const slots = this.grid.seatSlot[rank]!
    this.resize(rank, Math.min(count, slots.length))
    for (let seat = 0; seat < slots.length; seat++) {
      const slot = slots[seat]!
      this.write(rank, slot >>> 5, 1 << (slot & 31), seat < count && codeAt(codes, seat) === 0)
    }
  }

  /** Changes come section by section: most often it is that of the last call. */
  private rankOf(id: string): number {
    if (id !== this.lastId) {
      this.lastId = id
      this.lastRank = this.grid.rankOf.get(id) ?? -1
    }
    return this.lastRank
  }

  private write(rank: number, word: number, bits: number, isFree: boolean): void {
    const before = this.free[word]!
    const after = isFree ? before | bits : before & ~bits
    if (after === before) return
    this.free[word] = after
    this.sectionVersion[rank] = ++this.version
    this.changedWords.add(word, before, after)
  }

  private resize(rank: number, count: number): void {
    if (count === this.counts[rank]) return
    this.counts[rank] = count
    this.sectionVersion[rank] = ++this.version
  }
}
