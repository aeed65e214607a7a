import { demandId } from '../shared/ids.ts'
import type { Id } from '../shared/types.ts'
import type { Pass } from '../waiting-room/pass.ts'
import type { BookingStore } from './booking-store.port.ts'

interface Leaver {
  readonly scheduleId: Id
  readonly visitor: Id
  /** Whichever credential the visitor has; without one the visitor's place is looked up. */
  readonly ticket?: string
  readonly pass?: Pass
}

/**
 * Leaves the house: gives the place (or the pass and its slot) back, `done` when seats were bought and `left` otherwise, and
 * releases the holds that nobody is paying for. Payments and reservations stay. Repeatable. @throws `INVALID`, `TICKET_INVALID`, `PASS_REQUIRED`, `BUSY`.
 */
export type Departure = (p: Leaver) => Promise<void>

export const createDeparture =
  (p: {
    readonly bookingStore: Pick<BookingStore, 'list'>
    readonly places: { leave(p: Leaver & { as: 'done' | 'left' }): Promise<void> }
    readonly holds: { releaseAll(p: { scheduleId: Id; visitor: Id }): Promise<void> }
  }): Departure =>
  async (leaver) => {
    const scheduleId = demandId(leaver.scheduleId, 'scheduleId')
    const visitor = demandId(leaver.visitor, 'visitor')
    const bought = await p.bookingStore.list({ visitor, scheduleId, bookedOnly: true })
    await p.places.leave({ ...leaver, as: bought.items.length > 0 ? 'done' : 'left' })
    await p.holds.releaseAll({ scheduleId, visitor })
  }
