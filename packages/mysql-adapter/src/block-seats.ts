import { TicketingError } from '@b-ticketing/core'
import type { Id, SeatSource } from '@b-ticketing/core/ports'
import { sql } from 'kysely'
import { insertAudit } from './audit.ts'
import { db, type Sql, statement } from './query.ts'
import { nextRecordVersion } from './record-version.ts'
import { inLockOrder, seatsOf } from './seats-of.ts'

type Block = Parameters<SeatSource['block']>[0]

const insertBlocks = `INSERT INTO bt_seat_block (schedule_id, section, seat, blocked, record_version) VALUES ?
  ON DUPLICATE KEY UPDATE blocked = VALUES(blocked)`

/**
 * Blocks first and then looks for claims with a locking read; whoever claims does it the other way round. So of two at once the
 * later sees the earlier. Answers the recordVersion of all these seats. `now`: of the client. @throws TicketingError `SEAT_OWNED`: the whole is to be undone
 */
export async function blockSeats(tx: Sql, now: string, p: Block): Promise<number> {
  const { scheduleId, blocked, by, reason } = p
  const parts = inLockOrder(p.parts)
  const these = seatsOf(scheduleId, parts)
  const state = blocked ? 1 : 0
  const rows = parts.flatMap(({ section, seats }) => seats.map((seat) => [scheduleId, section, seat, state, 0]))
  await tx.run(statement(insertBlocks, [rows]))
  const claims = db.selectFrom('bt_claim').select(['section', 'seat']).where(these)
  const claimed = await tx.rows(claims.modifyEnd(sql`LOCK IN SHARE MODE`))
  if (claimed.length > 0) throw seatsOwned(named(p.parts, claimed))
  const version = await nextRecordVersion(tx, now, blocked ? 'seats-blocked' : 'seats-unblocked')
  await tx.run(db.updateTable('bt_seat_block').set({ record_version: version }).where(these))
  const detail = { seatIds: p.parts.map(({ seatId }) => seatId), ...(reason === undefined ? {} : { reason }) }
  await insertAudit(tx, now, { by, action: blocked ? 'seats-blocked' : 'seats-unblocked', subject: scheduleId, detail })
  return version
}

const seatsOwned = (seatIds: readonly Id[]): TicketingError =>
  new TicketingError('SEAT_OWNED', 'some of these seats are claimed', { details: { seatIds } })

type Place = Pick<Block['parts'][number], 'section' | 'seat'>

const named = (parts: Block['parts'], claimed: readonly Place[]): readonly Id[] => {
  const taken = new Set(claimed.map(({ section, seat }) => `${section}/${seat}`))
  return parts.filter(({ section, seat }) => taken.has(`${section}/${seat}`)).map(({ seatId }) => seatId)
}

export const ownedOf = (error: TicketingError): readonly Id[] => error.details.seatIds as readonly Id[]
