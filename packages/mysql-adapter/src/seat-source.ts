import { isTicketingError } from '@b-ticketing/core'
import type { Id, SeatSource } from '@b-ticketing/core/ports'
import { blockSeats, ownedOf } from './block-seats.ts'
import { makeSeats } from './created-seats.ts'
import { purgeHoldRows, saveHoldRows } from './hold-rows.ts'
import { db, type Sql } from './query.ts'
import { readSections, seatsFrom } from './section-states.ts'
import type { Store } from './store.ts'
import type { Venues } from './venues.ts'

const purgeEveryMs = 60_000
const purgeEveryRows = 1_000

/** The record side of seating in MySQL. */
export function createMysqlSeatSource({
  client,
  inTransaction,
  inSnapshot,
  venues,
}: Store & { readonly venues: Venues }): SeatSource {
  let purgeAt = 0
  let unpurged = 0

  const scheduleOf = async (sql: Sql, scheduleId: Id) => {
    const query = db.selectFrom('bt_schedule').select(['venue_id', 'epoch']).where('schedule_id', '=', scheduleId)
    const row = await sql.first(query)
    return row && { epoch: row.epoch, sections: (await venues(sql, row.venue_id))?.sections ?? [] }
  }

  /** Deletes twice as many rows as were written since, at most, so that it keeps up and nobody waits for long. */
  const purge = async (written: number): Promise<void> => {
    unpurged += written
    const now = client.runtime.now()
    if (now < purgeAt && unpurged < purgeEveryRows) return
    const limit = 2 * Math.max(unpurged, purgeEveryRows)
    purgeAt = now + purgeEveryMs
    unpurged = 0
    await inTransaction((tx) => purgeHoldRows(tx, client.now(), limit))
  }

  return {
    load: ({ scheduleId, sections: wanted }) =>
      inSnapshot(async (tx) => {
        const schedule = await scheduleOf(tx, scheduleId)
        const sections = (schedule?.sections ?? []).filter(({ id }) => !wanted || wanted.includes(id))
        if (!schedule || sections.length === 0) return []
        return readSections(tx, { scheduleId, epoch: schedule.epoch, sections })
      }),

    saveHolds: async ({ changes }) => {
      if (changes.length > 0) {
        await inTransaction((tx) => tx.run(saveHoldRows(changes, client.now())), { repeatUnknown: true })
      }
      await purge(changes.length)
    },

    createSeats: ({ scheduleId, section: id, operationId, count, max }) =>
      inTransaction(
        async (tx) => {
          const schedule = await scheduleOf(tx, scheduleId)
          const section = schedule?.sections.find((known) => known.id === id)
          if (section?.kind !== 'elastic') return 'full'
          const made = await makeSeats(tx, { scheduleId, section, operationId, count, max })
          return made ? { from: made.from, seats: seatsFrom(section, made.from, made.count) } : 'full'
        },
        { repeatUnknown: true },
      ),

    block: async (p) => {
      if (p.parts.length === 0) return { ok: true, versions: [] }
      try {
        const version = await inTransaction((tx) => blockSeats(tx, client.now(), p))
        return { ok: true, versions: p.parts.map(() => version) }
      } catch (error) {
        if (isTicketingError(error) && error.code === 'SEAT_OWNED') return { ok: false, owned: ownedOf(error) }
        throw error
      }
    },
  }
}
