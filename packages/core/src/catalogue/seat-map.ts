import type { Id } from '../shared/types.ts'
import { type CreatedRow, createdRow, createdSeat, createdSeatId } from './created-seat.ts'
import { gradeOf, type Row, type Seat, type Section, type Venue } from './venue.ts'

/** Where a seat stands: index in the order of the section's rows and their seats, created seats after the listed ones. */
export interface SeatPlace {
  readonly section: Id
  readonly index: number
}

/**
 * Lookups over a venue. Seats that an elastic section may create are known by rule, whether they exist yet or not: which of
 * them exist is the record's business (`SectionState.count`).
 */
export interface SeatMap {
  readonly venue: Venue
  /** Seats listed. */
  readonly capacity: number
  section(id: Id): Section | null
  /** Place of the section in the venue document; -1 for an unknown one. */
  sectionRank(id: Id): number
  place(seatId: Id): SeatPlace | null
  seat(section: Id, index: number): Seat | null
  /** Row of a seat and its rank. The row of created seats lists only seats of the venue. */
  row(section: Id, index: number): { readonly row: Row; readonly rank: number } | null
  grade(section: Id, index: number): Id | null
  /** Price in minor units under a schedule's prices; null for an unknown seat. */
  price(prices: Readonly<Record<Id, number>>, section: Id, index: number): number | null
}

interface Block {
  readonly section: Section
  readonly rank: number
  /** Number of the block's first seat in the whole venue. */
  readonly first: number
  readonly seats: readonly Seat[]
  /** First index of each row. */
  readonly rowStarts: readonly number[]
  /** Index behind the last seat this section may ever have. */
  readonly end: number
  readonly created: CreatedRow | null
}

export function createSeatMap(venue: Venue): SeatMap {
  const blocks = layOut(venue)
  const byId = new Map(blocks.map((block) => [block.section.id, block]))
  const ordinals = numberSeats(blocks)
  const last = blocks.at(-1)

  const find = (id: Id, index: number): Block | null => {
    const block = byId.get(id)
    return block && Number.isInteger(index) && index >= 0 && index < block.end ? block : null
  }
  const seatIn = (block: Block, index: number): Seat =>
    block.seats[index] ?? createdSeat(block.section, index, block.created ?? undefined)

  const grade = (section: Id, index: number): Id | null => {
    const block = find(section, index)
    return block && gradeOf(block.section, seatIn(block, index))
  }

  return {
    venue,
    capacity: last ? last.first + last.seats.length : 0,
    section: (id) => byId.get(id)?.section ?? null,
    sectionRank: (id) => byId.get(id)?.rank ?? -1,
    place: (seatId) => {
      const ordinal = ordinals.get(seatId)
      if (ordinal === undefined) return placeOfCreated(byId, seatId)
      const block = blocks[below(blocks.length, (i) => blocks[i]!.first <= ordinal)]!
      return { section: block.section.id, index: ordinal - block.first }
    },
    seat: (section, index) => {
      const block = find(section, index)
      return block && seatIn(block, index)
    },
    row: (section, index) => {
      const block = find(section, index)
      if (!block) return null
      if (index >= block.seats.length) return block.created && { row: block.created.row, rank: block.created.rank }
      const rank = below(block.rowStarts.length, (i) => block.rowStarts[i]! <= index)
      return { row: block.section.rows[rank]!, rank }
    },
    grade,
    price: (prices, section, index) => {
      const id = grade(section, index)
      return id !== null && Object.hasOwn(prices, id) ? prices[id]! : null
    },
  }
}

function layOut(venue: Venue): readonly Block[] {
  let first = 0
  return venue.sections.map((section, rank) => {
    const seats = section.rows.flatMap((row) => row.seats)
    let start = 0
    const rowStarts = section.rows.map((row) => {
      start += row.seats.length
      return start - row.seats.length
    })
    const elastic = section.kind === 'elastic'
    const end = elastic ? Math.max(seats.length, section.maxCapacity ?? 0) : seats.length
    const block = { section, rank, first, seats, rowStarts, end, created: elastic ? createdRow(section) : null }
    first += seats.length
    return block
  })
}

/** One number a seat, in one map: a million objects would cost far more. */
function numberSeats(blocks: readonly Block[]): ReadonlyMap<Id, number> {
  const ordinals = new Map<Id, number>()
  for (const block of blocks) for (const [i, seat] of block.seats.entries()) ordinals.set(seat.seatId, block.first + i)
  return ordinals
}

function placeOfCreated(byId: ReadonlyMap<Id, Block>, seatId: Id): SeatPlace | null {
  const match = /^(.+)-E-(\d{1,12})$/.exec(seatId)
  const block = match && byId.get(match[1]!)
  if (!block?.created) return null
  const number = Number(match![2])
  const index = block.seats.length + number - block.created.firstNumber
  const known = index >= block.seats.length && index < block.end && createdSeatId(block.section, number) === seatId
  return known ? { section: block.section.id, index } : null
}

/** The last i in [0, count) for which `holds`; `holds` is true for a prefix that is not empty. */
function below(count: number, holds: (i: number) => boolean): number {
  let low = 0
  let high = count - 1
  while (low < high) {
    const mid = (low + high + 1) >> 1
    if (holds(mid)) low = mid
    else high = mid - 1
  }
  return low
}
