import type { ScheduleRecord } from '../catalogue/schedule.ts'
import { busy, TicketingError } from '../shared/errors.ts'
import { newId } from '../shared/ids.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id } from '../shared/types.ts'
import type { Pass } from '../waiting-room/pass.ts'
import type { Allocation, AllocationRequest, AllocationResult } from './allocator/allocation.ts'
import { type HoldRecord, type Part, partsOf, partsSize } from './hold.ts'
import type { SeatBook, SeatBooks } from './seat-books.ts'
import { attempt } from './seat-loader.ts'
import type { SeatSource } from './seat-source.port.ts'
import { type Operation, recallTake, type TakeReply, takeSeats } from './take-seats.ts'

/** How often the loser of a race is allocated again. */
const retries = 8

export type Assigned =
  | { readonly is: 'hold'; readonly hold: HoldRecord; readonly repeated: boolean; readonly allocation: Allocation }
  | { readonly is: 'unavailable'; readonly largestFit: number }
  | { readonly is: 'closed' }
  | Exclude<TakeReply, { is: 'hold' | 'taken' }>

interface Assignment {
  readonly book: SeatBook
  readonly schedule: ScheduleRecord
  readonly pass: Pass
  readonly request: AllocationRequest
  readonly explain: boolean
  readonly operation: Operation
}

/**
 * Chooses on this process's copy and commits in the store; the loser of a race chooses again. "None" is said only of a copy
 * the store has just confirmed, and never because of seats that others may still fail to get.
 * @throws `BUSY` after 8 lost races.
 */
export function createAutoAssign(p: {
  readonly books: SeatBooks
  readonly source: SeatSource
  readonly runtime: Runtime
}): (assignment: Assignment) => Promise<Assigned> {
  const { books, source, runtime } = p

  /** A table is sold whole: one with more seats than the visitor may have is passed over. */
  const choose = ({ book, schedule, request, explain }: Assignment): AllocationResult => {
    const unmarks: (() => void)[] = []
    try {
      for (;;) {
        const found = book.allocate(request, { explain })
        if (!found.ok || sizeOf(found.value) <= schedule.settings.maxSeatsPerVisitor) return found
        unmarks.push(book.copy.mark(found.value.parts))
      }
    } finally {
      for (const unmark of unmarks) unmark()
    }
  }

  /** The answer of a copy confirmed this turn; null: somebody is just taking what would fit. */
  const chooseConfirmed = (assignment: Assignment): AllocationResult | null => {
    const { copy } = assignment.book
    const again = choose(assignment)
    if (again.ok || !copy.marked()) return again
    const unmarked = copy.withoutMarks(() => choose(assignment))
    return unmarked.ok ? null : unmarked
  }

  /** The record has more seats than the inventory: a crash came between the two steps of somebody's creation. */
  const makeKnown = async (scheduleId: Id, section: Id): Promise<void> => {
    const [state] = await attempt(() => source.load({ scheduleId, sections: [section] }))
    if (!state || state.count === 0) return
    await books.commit(scheduleId, { do: 'grow', operationId: newId(runtime), section, from: 0, count: state.count })
  }

  /** Seats to be created are made in the record, then known to the inventory; both steps may be repeated. */
  const create = async (
    { book, operation }: Assignment,
    allocation: Allocation,
    race: number,
  ): Promise<readonly Part[] | null> => {
    if (!allocation.create) return allocation.parts
    const { section, count } = allocation.create
    const { scheduleId, seatMap } = book
    const operationId = `${race}-${operation.operationId}`.slice(0, 64)
    const max = seatMap.section(section)?.maxCapacity ?? 0
    const made = await attempt(() => source.createSeats({ scheduleId, section, operationId, count, max }))
    if (made === 'full') {
      await makeKnown(scheduleId, section)
      return null
    }
    const grown = made.seats.length
    await books.commit(scheduleId, { do: 'grow', operationId: newId(runtime), section, from: made.from, count: grown })
    // This operation asked for another number before: what it made then is chosen from like any other seats.
    if (grown !== count) return null
    const places = allocation.parts.flatMap((part) => part.seats.map((index) => ({ section: part.section, index })))
    const added = made.seats.map((_, i) => ({ section, index: made.from + i }))
    return partsOf([...places, ...added], seatMap.sectionRank)
  }

  const take = async (
    assignment: Assignment,
    allocation: Allocation,
    parts: readonly Part[],
  ): Promise<Assigned | null> => {
    const { operation } = assignment
    const { explain, create: _, ...chosen } = { ...allocation, parts }
    const memo = operation.repeatable ? { memo: JSON.stringify(chosen) } : {}
    const reply = await takeSeats(books, { ...assignment, holdId: newId(runtime), parts, ...memo })
    if (reply.is === 'taken') return null
    if (reply.is !== 'hold') return reply
    return assigned(reply, { ...chosen, ...(explain && { explain }) })
  }

  /** Null: lost the race for these seats. */
  const pursue = async (assignment: Assignment, allocation: Allocation, race: number): Promise<Assigned | null> => {
    const { book } = assignment
    const unmark = book.copy.mark(allocation.parts)
    try {
      const first = allocation.create ? await recall(books, assignment) : null
      if (first) return first
      const parts = await create(assignment, allocation, race)
      return parts && (await take(assignment, allocation, parts))
    } finally {
      unmark()
    }
  }

  return async (assignment) => {
    if (assignment.schedule.state === 'ended') return (await recall(books, assignment)) ?? { is: 'closed' }
    for (let race = 0; race <= retries; race++) {
      let found: AllocationResult | null = choose(assignment)
      if (!found.ok) {
        await books.refresh(assignment.book.scheduleId)
        found = chooseConfirmed(assignment)
      }
      // From the choice to its mark nothing is waited for: two requests never choose the same seats.
      if (!found) continue
      if (!found.ok) return (await recall(books, assignment)) ?? unavailable(found.largestFit)
      const answer = await pursue(assignment, found.value, race)
      if (answer) return answer
      // Somebody was faster, or the section is full: the copy must not propose the same again.
      if (found.value.create || assignment.book.copy.behind()) await books.refresh(assignment.book.scheduleId)
    }
    throw busy('too many visitors are choosing the same seats')
  }
}

const sizeOf = ({ parts, create }: Allocation): number => partsSize(parts) + (create?.count ?? 0)

const unavailable = (largestFit: number): Assigned => ({ is: 'unavailable', largestFit })

/** The seats may be gone because this very operation has taken them: then its answer was lost, and is given again. */
async function recall(books: SeatBooks, { book, operation }: Assignment): Promise<Assigned | null> {
  const reply = await recallTake(books, book.scheduleId, operation)
  return reply?.is === 'hold' ? assigned(reply, null) : reply
}

/** A repeat is answered with the allocation of the first time. */
function assigned(reply: Extract<TakeReply, { is: 'hold' }>, chosen: Allocation | null): Assigned {
  const { hold, repeated, memo } = reply
  const allocation: Allocation | null = repeated && memo !== undefined ? JSON.parse(memo) : chosen
  if (!allocation) throw new TicketingError('STORE_FAULT', `the allocation of hold ${hold.holdId} was not kept`)
  return { is: 'hold', hold, repeated, allocation }
}
