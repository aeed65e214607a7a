import type { Id, Venue } from '@b-ticketing/core/ports'
import { db, parsed, type Sql } from './query.ts'

/** So many venues stay in memory. */
const limit = 16

/** Reads venues, which never change, once. */
export type Venues = (sql: Sql, venueId: Id) => Promise<Venue | null>

export function createVenues(): Venues {
  const known = new Map<Id, Venue>()
  return async (sql, venueId) => {
    const kept = known.get(venueId)
    if (kept) return kept
    const row = await sql.first(db.selectFrom('bt_venue').select('document').where('venue_id', '=', venueId))
    if (!row) return null
    const venue = parsed<Venue>(row.document)
    if (known.size >= limit) known.delete(known.keys().next().value ?? '')
    known.set(venueId, venue)
    return venue
  }
}
