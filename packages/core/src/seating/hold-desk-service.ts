import type { SaleRecords } from '../catalogue/sale-records.ts'
import { newId } from '../shared/ids.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id } from '../shared/types.ts'
import type { Hold, HoldRecord } from './hold.ts'
import type { HoldDesk, SeatProjection } from './hold-desk.ts'
import { holdSlip } from './hold-slip.ts'
import { blockedCode } from './occupancy.ts'
import type { SeatBook, SeatBooks } from './seat-books.ts'
import type { SeatInventory } from './seat-inventory.port.ts'
import { attempt } from './seat-loader.ts'
import type { SeatSource, SectionState } from './seat-source.port.ts'

/** Pins of this process whose holds are still to be ended in the record; the oldest are forgotten. */
const pinsRemembered = 10_000

export function createHoldDesk(p: {
  readonly runtime: Pick<Runtime, 'random'>
  readonly records: SaleRecords
  readonly books: SeatBooks
  readonly inventory: SeatInventory
  readonly source: SeatSource
}): HoldDesk {
  const { runtime, records, books, inventory, source } = p
  const pinned = new Map<Id, HoldRecord>()

  const slip = async (record: HoldRecord): Promise<Hold> => {
    const { scheduleId } = record
    const [{ seatMap }, schedule] = await Promise.all([books.open(scheduleId), records.get({ scheduleId })])
    return holdSlip(record, seatMap, schedule)
  }

  const remember = (requestId: Id, record: HoldRecord): void => {
    pinned.set(requestId, record)
    if (pinned.size > pinsRemembered) pinned.delete(pinned.keys().next().value as Id)
  }

  /** The claim speaks for the seats now, or nobody does: a rebuilt inventory must not bring the hold back. */
  const endInRecord = (requestId: Id): void => {
    const record = pinned.get(requestId)
    if (!record) return
    pinned.delete(requestId)
    const { scheduleId, holdId, version } = record
    books.writeBehind({ is: 'ended', scheduleId, holdId, version })
  }

  /** A crash may come between a block in the record and its projection, and whoever blocked may not come again. */
  const showBlocks = async (scheduleId: Id, sections: readonly SectionState[]) => {
    const blocks = sections.flatMap(({ section, blocked }) => blocked.map((block) => ({ section, ...block })))
    const hiddenIn = ({ copy }: SeatBook) =>
      blocks.filter(({ section, seat }) => copy.code(section, seat) !== blockedCode)
    if (hiddenIn(await books.open(scheduleId)).length === 0) return []
    // The copy may only be older than the block.
    const hidden = hiddenIn(await books.refresh(scheduleId))
    if (hidden.length === 0) return []
    await Promise.all(
      hidden.map(({ section, seat, recordVersion }) =>
        books.commit(scheduleId, {
          do: 'project',
          operationId: newId(runtime),
          part: { section, seats: [seat] },
          state: 'BLOCKED',
          owner: null,
          holder: null,
          recordVersion,
        }),
      ),
    )
    // A seat that heard something newer is left as it is.
    const left = new Set(hiddenIn(await books.refresh(scheduleId)))
    return hidden.filter((block) => !left.has(block))
  }

  return {
    find: async ({ scheduleId, holdId }) => {
      const [record] = await books.holds(scheduleId, { holdId })
      return record ? slip(record) : null
    },

    pin: async ({ scheduleId, ...pin }) => {
      const reply = await books.commit(scheduleId, { do: 'pin', operationId: newId(runtime), ...pin })
      if (reply.is === 'paying') return reply
      if (reply.is !== 'hold') return { is: 'stale' }
      remember(pin.requestId, reply.hold)
      return { is: 'pinned', hold: await slip(reply.hold) }
    },

    unpin: async ({ scheduleId, requestId }) => {
      await books.commit(scheduleId, { do: 'unpin', operationId: newId(runtime), requestId })
      endInRecord(requestId)
    },

    project: async (projection) => {
      await Promise.all(
        projection.parts.map((part) =>
          books.commit(projection.scheduleId, { ...projectCommand(projection), operationId: newId(runtime), part }),
        ),
      )
      endInRecord(projection.requestId)
    },

    owners: async ({ scheduleId }) => {
      const { seatMap } = await books.refresh(scheduleId)
      const sections = await Promise.all(
        seatMap.venue.sections.map(async ({ id: section }) => {
          const owners = await attempt(() => inventory.owners({ scheduleId, section }))
          return owners === 'missing' ? [] : owners.map((owner) => ({ ...owner, section }))
        }),
      )
      return sections.flat()
    },

    claims: async ({ scheduleId }) => {
      const sections = await attempt(() => source.load({ scheduleId }))
      const blocks = await showBlocks(scheduleId, sections)
      return { claims: sections.flatMap(({ claims }) => claims), blocks }
    },
  }
}

function projectCommand(p: SeatProjection) {
  const { state, requestId: owner, recordVersion } = p
  return { do: 'project', state, owner, holder: p.state === 'AVAILABLE' ? null : p.holder, recordVersion } as const
}
