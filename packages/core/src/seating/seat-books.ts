import type { SaleRecords } from '../catalogue/sale-records.ts'
import type { SeatMap } from '../catalogue/seat-map.ts'
import type { LockStore } from '../locking/lock-store.port.ts'
import type { ChangeFeed } from '../messaging/change-feed.port.ts'
import type { Subscription } from '../messaging/event-bus.port.ts'
import { createBatch } from '../shared/batch.ts'
import { isTicketingError } from '../shared/errors.ts'
import { demandId } from '../shared/ids.ts'
import { type Observer, silentObserver } from '../shared/observer.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Ms } from '../shared/types.ts'
import type { AllocationPolicy, AllocationRequest, AllocationResult } from './allocator/allocation.ts'
import { createAllocator } from './allocator/allocator.ts'
import type { HoldRecord } from './hold.ts'
import { createSeatCopy, type SeatCopy } from './seat-copy.ts'
import type { HoldKey, SeatCommand, SeatInventory, SeatNews, SeatReply } from './seat-inventory.port.ts'
import { attempt, createSeatLoader, loading } from './seat-loader.ts'
import type { HoldChange, SeatSource } from './seat-source.port.ts'

export interface SeatingDoors {
  readonly runtime: Runtime
  readonly records: SaleRecords
  readonly inventory: SeatInventory
  readonly source: SeatSource
  readonly feed: ChangeFeed<SeatNews>
  /** Serialises the rebuilding of a lost inventory; never the way of a hold. */
  readonly locks: LockStore
  readonly observer?: Observer
  /** What the best seats are; default `nearest`. */
  readonly policy?: AllocationPolicy
}

/** One schedule as this process works on it. */
export interface SeatBook {
  readonly scheduleId: Id
  readonly seatMap: SeatMap
  readonly copy: SeatCopy
  /** Best seats as the copy stands. */
  allocate(request: AllocationRequest, p: { readonly explain: boolean }): AllocationResult
}

/**
 * The books of seating: every call of this process to the inventory goes through them, one per turn and schedule. They
 * repeat a call whose reply was lost, rebuild what the inventory does not know, keep the process's copy, tell the other
 * processes, and write holds behind to the record.
 */
export interface SeatBooks {
  /** @throws `NOT_FOUND`, `BUSY` */
  open(scheduleId: Id): Promise<SeatBook>
  /** Those this process has opened. */
  opened(): readonly SeatBook[]
  /** Never answers `missing`. @throws `NOT_FOUND`, `BUSY` (the command may have been done: repeat it) */
  commit(scheduleId: Id, command: SeatCommand): Promise<Exclude<SeatReply, { is: 'missing' }>>
  holds(scheduleId: Id, key: HoldKey): Promise<readonly HoldRecord[]>
  /** The copy as the store confirms it now. */
  refresh(scheduleId: Id): Promise<SeatBook>
  /** The copy, confirmed at most `feedTickMs` ago. */
  recent(scheduleId: Id): Promise<SeatBook>
  /** Takes in what a call of one's own changed, and tells the other processes. */
  publish(scheduleId: Id, news: SeatNews): void
  /** Never blocks, never throws: what cannot be written is counted. */
  writeBehind(change: HoldChange): void
  /** Waits for what is being written behind, and hears no more news. */
  close(): Promise<void>
}

export const feedTickMs: Ms = 250

export function createSeatBooks(doors: SeatingDoors): SeatBooks {
  const { runtime, records, inventory, source, feed } = doors
  const { observer = silentObserver, policy = 'nearest' } = doors
  const books = new Map<Id, Promise<SeatBook>>()
  const ready = new Map<Id, SeatBook>()
  const confirmedAt = new Map<Id, Ms>()
  const subscriptions: Subscription[] = []
  const writing = new Set<Promise<unknown>>()
  const { confirm, rebuild } = createSeatLoader({ ...doors, onRead: (id, at) => void confirmedAt.set(id, at) })

  const open = (scheduleId: Id): Promise<SeatBook> => {
    const known = books.get(scheduleId)
    if (known) return known
    const opening = begin(demandId(scheduleId, 'scheduleId'))
    books.set(scheduleId, opening)
    opening.catch(() => books.delete(scheduleId))
    return opening
  }

  const begin = async (scheduleId: Id): Promise<SeatBook> => {
    const seatMap = await records.seatMap({ scheduleId })
    const { sections } = seatMap.venue
    const allocator = createAllocator(sections)
    const book: SeatBook = {
      scheduleId,
      seatMap,
      copy: createSeatCopy({ sections, index: allocator }),
      allocate: (request, { explain }) => allocator.allocate({ request, policy, explain }),
    }
    await confirm(book)
    await listen(book)
    ready.set(scheduleId, book)
    return book
  }

  /** The feed is only news: without it the copy is as fresh as the feed loop. */
  const listen = async ({ scheduleId, copy }: SeatBook): Promise<void> => {
    try {
      const onGap = () => void confirmedAt.delete(scheduleId)
      subscriptions.push(await feed.subscribe({ channel: scheduleId, onChange: (news) => copy.learn(news), onGap }))
    } catch (error) {
      observer.log('warn', 'seat news cannot be heard', { scheduleId, error })
    }
  }

  const publish = (scheduleId: Id, news: SeatNews): void => {
    ready.get(scheduleId)?.copy.learn(news)
    if (news.version === news.from) return
    feed.publish({ channel: scheduleId, changes: [news] }).catch((error) => {
      observer.count('seat_news_lost')
      observer.log('warn', 'seat news cannot be told', { scheduleId, error })
    })
  }

  const committed = createBatch<SeatCommand, SeatReply>({
    runtime,
    run: async (scheduleId, commands) => {
      const book = await open(scheduleId)
      const replies: SeatReply[] = []
      let waiting = commands.map((command, i) => ({ command, i }))
      for (let tries = 0; tries < 3 && waiting.length > 0; tries++) {
        if (tries > 0) await rebuild(book)
        const batch = waiting.map(({ command }) => command)
        const answer = await attempt(() => inventory.commit({ scheduleId, commands: batch }))
        const { from, version, changes } = answer
        publish(scheduleId, { from, version, changes })
        if (book.copy.behind()) book.copy.freshen(answer.fresh)
        for (const [at, { i }] of waiting.entries()) replies[i] = answer.replies[at]!
        waiting = waiting.filter(({ i }) => replies[i]!.is === 'missing')
      }
      return replies
    },
  })
  const commit: SeatBooks['commit'] = async (scheduleId, command) => {
    const reply = await committed(scheduleId, command)
    if (reply.is === 'missing') throw loading()
    return reply
  }

  const holds = createBatch<HoldKey, readonly HoldRecord[]>({
    runtime,
    run: async (scheduleId, keys) => {
      const book = await open(scheduleId)
      for (let i = 0; i < 3; i++) {
        const found = await attempt(() => inventory.holds({ scheduleId, keys }))
        if (found !== 'missing') return found
        await rebuild(book)
      }
      throw loading()
    },
  })

  const refreshed = createBatch<null, SeatBook>({
    runtime,
    run: async (scheduleId, asked) => {
      const book = await open(scheduleId)
      await confirm(book)
      return asked.map(() => book)
    },
  })
  const refresh = (scheduleId: Id) => refreshed(scheduleId, null)

  /** Each reply is a fault, or null: it is saved. */
  const saved = createBatch<HoldChange, { readonly fault: unknown } | null>({
    runtime,
    run: async (_, changes) => {
      try {
        await attempt(() => source.saveHolds({ changes }))
        return changes.map(() => null)
      } catch (error) {
        if (changes.length === 1 || (isTicketingError(error) && error.code === 'BUSY')) throw error
        // Refused for what one of them holds: each once more alone, so that it takes no other down.
        return savedAlone(source, changes)
      }
    },
  })

  return {
    open,
    opened: () => [...ready.values()],
    commit,
    holds,
    refresh,
    recent: async (scheduleId) => {
      const book = await open(scheduleId)
      const age = runtime.now() - (confirmedAt.get(scheduleId) ?? Number.NEGATIVE_INFINITY)
      return age < feedTickMs && !book.copy.behind() ? book : refresh(scheduleId)
    },
    publish,
    writeBehind: (change) => {
      const written = saved('holds', change)
        .then((refused) => {
          if (refused) throw refused.fault
        })
        .catch((error) => {
          observer.count('hold_write_behind_lost')
          observer.log('warn', 'a hold was not written to the record', { error })
        })
        .finally(() => writing.delete(written))
      writing.add(written)
    },
    close: async () => {
      await Promise.all(writing)
      await Promise.all(subscriptions.splice(0).map((subscription) => subscription.close()))
    },
  }
}

/** One after the other: this is rare, and the record has other work. */
async function savedAlone(
  source: Pick<SeatSource, 'saveHolds'>,
  changes: readonly HoldChange[],
): Promise<readonly ({ readonly fault: unknown } | null)[]> {
  const replies = []
  for (const change of changes) {
    replies.push(
      await source.saveHolds({ changes: [change] }).then(
        () => null,
        (fault: unknown) => ({ fault }),
      ),
    )
  }
  return replies
}
