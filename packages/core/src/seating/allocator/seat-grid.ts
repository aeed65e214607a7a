import type { Section } from '../../catalogue/venue.ts'
import type { Id } from '../../shared/types.ts'
import { type IndexedSeat, layRows, type RowLayout } from './row-layout.ts'

/** Traits of a seat, as bits. */
export const trait = { accessible: 1, companion: 2, blocked: 4 } as const

/** How a row is sold: seat by seat; only whole; whole, also to a smaller party. */
export const sale = { seats: 0, whole: 1, wholeToAny: 2 } as const

/**
 * Everything about a schedule's seats that occupancy does not change, in flat arrays: sections in venue order, their rows in
 * rank order, and in each row its slots in physical order. So slot numbers order seats as (section, row, position) does.
 * Rows start on a word: slot *i* is bit *i* mod 32 of word *i* div 32.
 */
export interface SeatGrid {
  readonly sections: readonly Section[]
  readonly rankOf: ReadonlyMap<Id, number>
  readonly rows: number
  readonly words: number
  /** First row of a section; one entry more than sections. */
  readonly sectionRow: Int32Array
  readonly rowSection: Int32Array
  /** First word of a row; one entry more than rows. */
  readonly rowWord: Int32Array
  readonly wordRow: Int32Array
  readonly rowSale: Uint8Array
  /** Seat index of a slot within its section; −1 where there is none. */
  readonly slotSeat: Int32Array
  readonly position: Int32Array
  /** Distance to the section's focal point in 1/1000 seat pitch. */
  readonly distance: Float64Array
  /** Sum of the distances of all slots before this one: a window costs one subtraction. One entry more than slots. */
  readonly distanceBefore: Float64Array
  readonly traits: Uint8Array
  /** Numbers of `grades` and `channels`; channel 0 is the public. */
  readonly grade: Uint16Array
  readonly channel: Uint16Array
  readonly grades: readonly Id[]
  readonly channels: readonly Id[]
  /** Slot of each seat of a section, those it may create included. */
  readonly seatSlot: readonly Int32Array[]
}

/** Sections of a venue in its order. */
export function createSeatGrid(sections: readonly Section[]): SeatGrid {
  const layouts = sections.map(layRows)
  const rows = layouts.flat()
  const words = rows.reduce((sum, row) => sum + wordsOf(row), 0)
  const slots = words * 32
  const names: Names = { grades: new Map(), channels: new Map([['', 0]]) }
  const grid: Omit<SeatGrid, 'grades' | 'channels'> = {
    sections,
    rankOf: new Map(sections.map((section, rank) => [section.id, rank])),
    rows: rows.length,
    words,
    sectionRow: new Int32Array(sections.length + 1),
    rowSection: new Int32Array(rows.length),
    rowWord: new Int32Array(rows.length + 1),
    wordRow: new Int32Array(words),
    rowSale: new Uint8Array(rows.length),
    slotSeat: new Int32Array(slots).fill(-1),
    position: new Int32Array(slots),
    distance: new Float64Array(slots),
    distanceBefore: new Float64Array(slots + 1),
    traits: new Uint8Array(slots),
    grade: new Uint16Array(slots),
    channel: new Uint16Array(slots),
    seatSlot: layouts.map((of) => new Int32Array(of.reduce((sum, row) => sum + row.filter(Boolean).length, 0))),
  }
  fill(grid, layouts, names)
  return { ...grid, grades: [...names.grades.keys()], channels: [...names.channels.keys()] }
}

interface Names {
  readonly grades: Map<Id, number>
  readonly channels: Map<Id, number>
}

const wordsOf = (row: RowLayout): number => Math.max(1, Math.ceil(row.length / 32))

function fill(grid: Omit<SeatGrid, 'grades' | 'channels'>, layouts: readonly (readonly RowLayout[])[], names: Names) {
  let row = 0
  let word = 0
  for (const [rank, layout] of layouts.entries()) {
    const section = grid.sections[rank]!
    const wholeSale = section.soldWhole ? sale.wholeToAny : sale.whole
    grid.sectionRow[rank] = row
    for (const slots of layout) {
      grid.rowSection[row] = rank
      grid.rowWord[row] = word
      grid.wordRow.fill(row, word, word + wordsOf(slots))
      grid.rowSale[row] = section.kind === 'table' ? wholeSale : sale.seats
      for (const [slot, entry] of slots.entries()) if (entry !== null) put(grid, rank, word * 32 + slot, entry, names)
      word += wordsOf(slots)
      row++
    }
  }
  grid.sectionRow[layouts.length] = row
  grid.rowWord[row] = word
  for (let slot = 0; slot < grid.distance.length; slot++)
    grid.distanceBefore[slot + 1] = grid.distanceBefore[slot]! + grid.distance[slot]!
}

function put(
  grid: Omit<SeatGrid, 'grades' | 'channels'>,
  rank: number,
  slot: number,
  { index, seat }: IndexedSeat,
  names: Names,
) {
  const section = grid.sections[rank]!
  const dx = seat.x - section.focalPoint.x
  const dy = seat.y - section.focalPoint.y
  grid.slotSeat[slot] = index
  grid.seatSlot[rank]![index] = slot
  grid.position[slot] = seat.position
  // Math.sqrt is exact everywhere, Math.hypot is not: every machine must choose the same seats.
  grid.distance[slot] = Math.round(Math.sqrt(dx * dx + dy * dy) * 1000)
  grid.traits[slot] =
    (seat.accessible ? trait.accessible : 0) |
    (seat.companion ? trait.companion : 0) |
    (seat.blocked ? trait.blocked : 0)
  grid.grade[slot] = numberIn(names.grades, seat.grade ?? section.grade)
  grid.channel[slot] = numberIn(names.channels, seat.channel ?? '')
}

/** Number of a name, by order of first appearance. */
function numberIn(names: Map<Id, number>, name: Id): number {
  const known = names.get(name)
  if (known !== undefined) return known
  names.set(name, names.size)
  return names.size - 1
}
