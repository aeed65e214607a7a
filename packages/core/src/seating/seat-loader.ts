import type { SaleRecords } from '../catalogue/sale-records.ts'
import type { SeatMap } from '../catalogue/seat-map.ts'
import type { LockStore } from '../locking/lock-store.port.ts'
import { busy, type TicketingError } from '../shared/errors.ts'
import { newId } from '../shared/ids.ts'
import { type Observer, silentObserver } from '../shared/observer.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Ms } from '../shared/types.ts'
import { type HoldRecord, incarnationOf } from './hold.ts'
import type { SeatCopy } from './seat-copy.ts'
import type { SeatInventory } from './seat-inventory.port.ts'
import type { SeatSource, SectionState } from './seat-source.port.ts'

interface Loadable {
  readonly scheduleId: Id
  readonly seatMap: SeatMap
  readonly copy: SeatCopy
}

export interface SeatLoader {
  /** The copy as the inventory confirms it now, which is rebuilt first if it has to be. @throws `BUSY` */
  confirm(book: Loadable): Promise<void>
  /** Loads from the record what the inventory does not know. Repeatable. */
  rebuild(book: Loadable): Promise<void>
}

export const loading = (): TicketingError => busy('the seats of this sale are being loaded')

/** Repeats once what failed: every call of seating may be repeated. */
export const attempt = <T>(call: () => Promise<T>): Promise<T> => call().catch(() => call())

export function createSeatLoader(p: {
  readonly runtime: Runtime
  readonly records: SaleRecords
  readonly inventory: SeatInventory
  readonly source: SeatSource
  readonly locks: LockStore
  readonly observer?: Observer
  /** Told whenever a copy was read, with the instant the reading began. */
  readonly onRead: (scheduleId: Id, at: Ms) => void
}): SeatLoader {
  const { runtime, records, inventory, source, locks, observer = silentObserver } = p
  const rebuilding = new Map<Id, Promise<void>>()

  const sectionIds = (book: Loadable): readonly Id[] => book.seatMap.venue.sections.map(({ id }) => id)

  /** False: the inventory does not know all sections. */
  const read = async (book: Loadable): Promise<boolean> => {
    const { scheduleId, copy } = book
    const since = copy.version() > 0 ? { since: copy.version() } : {}
    const at = runtime.now()
    const map = await attempt(() => inventory.read({ scheduleId, sections: sectionIds(book), ...since }))
    if (map.is === 'missing') return false
    copy.read(map)
    p.onRead(scheduleId, at)
    return true
  }

  /**
   * What is missing comes from the record, under an incarnation that was never used: versions from before the loss match
   * nothing that follows.
   */
  const load = async (book: Loadable): Promise<void> => {
    const { scheduleId, copy } = book
    const map = await attempt(() => inventory.read({ scheduleId, sections: sectionIds(book) }))
    if (map.is !== 'missing') return
    const record = await attempt(() => records.get({ scheduleId }))
    const from = Math.max(record.incarnation, incarnationOf(copy.version()))
    const { incarnation } = await attempt(() => records.bumpIncarnation({ scheduleId, from }))
    const sections = withoutSuperseded(await attempt(() => source.load({ scheduleId, sections: map.sections })))
    await attempt(() => inventory.install({ scheduleId, incarnation, sections }))
    observer.log('info', 'seats loaded from the record', { scheduleId, incarnation, sections: sections.length })
  }

  /** For speed: of two loaders at once the second reads it all again, and installs nothing. */
  const loadLocked = async (book: Loadable): Promise<void> => {
    const lock = { key: `seats-${book.scheduleId}`.slice(0, 64), owner: newId(runtime) }
    for (let i = 0; i < 5; i++) {
      const lease = await attempt(() => locks.acquire({ ...lock, ttlMs: 5_000 }))
      if (lease.ok) {
        try {
          return await load(book)
        } finally {
          locks.release({ ...lock, fence: lease.fence }).catch(() => {})
        }
      }
      await runtime.sleep({ ms: Math.min(200, lease.retryInMs) })
      if (await read(book)) return
    }
  }

  const rebuild = (book: Loadable): Promise<void> => {
    const running = rebuilding.get(book.scheduleId)
    if (running !== undefined) return running
    const started = loadLocked(book).finally(() => rebuilding.delete(book.scheduleId))
    rebuilding.set(book.scheduleId, started)
    return started
  }

  return {
    rebuild,
    confirm: async (book) => {
      for (let i = 0; i < 3; i++) {
        if (await read(book)) return
        await rebuild(book)
      }
      throw loading()
    },
  }
}

/** Of two holds that name one seat the older has ended: the newer could not have been taken else. Its end was lost on its way. */
function withoutSuperseded(states: readonly SectionState[]): readonly SectionState[] {
  const newest = new Map<string, HoldRecord>()
  const placesOf = (hold: HoldRecord): readonly string[] =>
    hold.parts.flatMap(({ section, seats }) => seats.map((seat) => `${section}/${seat}`))
  for (const hold of states.flatMap(({ holds }) => holds)) {
    for (const place of placesOf(hold)) {
      if ((newest.get(place)?.version ?? 0) < hold.version) newest.set(place, hold)
    }
  }
  const stands = (hold: HoldRecord): boolean => placesOf(hold).every((at) => newest.get(at)?.holdId === hold.holdId)
  return states.map((state) => ({ ...state, holds: state.holds.filter(stands) }))
}
