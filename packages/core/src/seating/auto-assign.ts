import type { ScheduleRecord } from '../catalogue/schedule.ts'
import { busy, TicketingError } from '../shared/errors.ts'
import { newId } from '../shared/ids.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Pass } from '../waiting-room/pass.ts'
import type { Allocation, AllocationRequest, AllocationResult } from './allocation.ts'
import { type HoldRecord, type Part, partsOf } from './hold.ts'
import type { SeatBook, SeatBooks } from './seat-books.ts'
import type { SeatSource } from './seat-source.port.ts'
import { type Operation, type TakeReply, takeSeats } from './take-seats.ts'

/** How often the loser of a race is allocated again. */
const retries = 8

export type Assigned =
  | { readonly is: 'hold'; readonly hold: HoldRecord; readonly repeated: boolean; readonly allocation: Allocation }
  | { readonly is: 'unavailable'; readonly largestFit: number }
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

  const choose = ({ book, request, explain }: Assignment): AllocationResult => book.allocate(request, { explain })

  /** The answer of a copy confirmed now; null: somebody is just taking what would fit. */
  const chooseConfirmed = async (assignment: Assignment): Promise<AllocationResult | null> => {
    const { book } = assignment
    await books.refresh(book.scheduleId)
    const again = choose(assignment)
    if (again.ok || !book.copy.marked()) return again
    const unmarked = book.copy.withoutMarks(() => choose(assignment))
    return unmarked.ok ? null : unmarked
  }

  /** Seats to be created are made in the record, then known to the inventory; both steps may be repeated. */
  const create = async (
    { book, operation }: Assignment,
    allocation: Allocation,
    attempt: number,
  ): Promise<readonly Part[] | null> => {
    if (!allocation.create) return allocation.parts
    const { section, count } = allocation.create
    const { scheduleId, seatMap } = book
    const operationId = `${attempt}-${operation.operationId}`.slice(0, 64)
    const max = seatMap.section(section)?.maxCapacity ?? 0
    const made = await books.attempt(() => source.createSeats({ scheduleId, section, operationId, count, max }))
    if (made === 'full') return null
    await books.commit(scheduleId, { do: 'grow', operationId: newId(runtime), section, from: made.from, count })
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

  return async (assignment) => {
    for (let attempt = 0; attempt <= retries; attempt++) {
      const onCopy = choose(assignment)
      const found = onCopy.ok ? onCopy : await chooseConfirmed(assignment)
      if (found && !found.ok) return (await recall(books, assignment)) ?? unavailable(found.largestFit)
      if (!found) continue
      const parts = await create(assignment, found.value, attempt)
      const answer = parts && (await take(assignment, found.value, parts))
      if (answer) return answer
      // Somebody was faster, or the section is full by now: what the store says of it stands in the copy.
      if (!parts || assignment.book.copy.behind()) await books.refresh(assignment.book.scheduleId)
    }
    throw busy('too many visitors are choosing the same seats')
  }
}

const unavailable = (largestFit: number): Assigned => ({ is: 'unavailable', largestFit })

/** The seats may be gone because this very operation has taken them: then its answer was lost, and is given again. */
async function recall(books: SeatBooks, { book, operation }: Assignment): Promise<Assigned | null> {
  if (!operation.repeatable) return null
  const { repeatable: _, ...named } = operation
  const reply = await books.commit(book.scheduleId, { do: 'recall', ...named })
  if (reply.is === 'hold') return assigned({ ...reply, repeated: true }, null)
  return reply.is === 'reused' ? reply : null
}

/** A repeat is answered with the allocation of the first time. */
function assigned(reply: Extract<TakeReply, { is: 'hold' }>, chosen: Allocation | null): Assigned {
  const { hold, repeated, memo } = reply
  const allocation: Allocation | null = repeated && memo !== undefined ? JSON.parse(memo) : chosen
  if (!allocation) throw new TicketingError('STORE_FAULT', `the allocation of hold ${hold.holdId} was not kept`)
  return { is: 'hold', hold, repeated, allocation }
}
