import type { SeatSourceSubject } from '@b-ticketing/core/conformance'
import type { Claim } from '@b-ticketing/core/ports'
import { createMysqlCatalogue } from './catalogue.ts'
import type { TestDatabase } from './mysql.test-support.ts'
import { createMysqlSeatSource } from './seat-source.ts'
import { createVenues } from './venues.ts'

export function seatSourceSubject(database: TestDatabase): SeatSourceSubject {
  const catalogue = createMysqlCatalogue(database)
  return {
    ...database,
    port: createMysqlSeatSource({ ...database, venues: createVenues() }),
    putSchedule: async ({ venue, schedule, epoch }) => {
      await catalogue.putVenue({ venue, by: 'test' })
      await catalogue.putSchedule({ schedule, epoch, draw: null, by: 'test' })
      // The kit looks at what happens afterwards.
      await database.rows('DELETE FROM bt_audit')
    },
    putClaim: (claim) => putClaim(database, claim),
  }
}

/** As the booking store writes it, with the payment that owns it. */
async function putClaim({ rows }: Pick<TestDatabase, 'rows'>, claim: Claim): Promise<void> {
  const { scheduleId, section, seat, requestId, holder, state, recordVersion } = claim
  await rows(
    `INSERT IGNORE INTO bt_payment (request_id, holder, state, refund, version, record_version, attempts, created_at, updated_at)
     VALUES (?, ?, ?, 'none', 1, ?, 0, 0, 0)`,
    [requestId, holder, state === 'PAYING' ? 'REQUESTED' : 'COMPLETED', recordVersion],
  )
  await rows('INSERT INTO bt_claim VALUES (?, ?, ?, ?)', [scheduleId, section, seat, requestId])
}
