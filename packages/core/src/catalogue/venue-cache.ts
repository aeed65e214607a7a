import { TicketingError } from '../shared/errors.ts'
import type { Id } from '../shared/types.ts'
import type { Catalogue } from './catalogue.port.ts'
import { createSeatMap, type SeatMap } from './seat-map.ts'
import type { Venue } from './venue.ts'

/** A venue never changes, so a copy is good for ever; the number of copies is bounded, as a million seats weigh something. */
const size = 32

export interface VenueCache {
  /** @throws TicketingError `NOT_FOUND` */
  venue(venueId: Id): Promise<Venue>
  /** @throws TicketingError `NOT_FOUND` */
  seatMap(venueId: Id): Promise<SeatMap>
}

export function createVenueCache(catalogue: Pick<Catalogue, 'venue'>): VenueCache {
  const seatMaps = new Map<Id, SeatMap>()

  const seatMap = async (venueId: Id): Promise<SeatMap> => {
    const copy = seatMaps.get(venueId)
    if (copy) return copy
    const venue = await catalogue.venue({ venueId })
    if (!venue) throw new TicketingError('NOT_FOUND', `there is no venue ${venueId}`)
    // Of two reads in flight the first one wins, so that all share one map.
    const made = seatMaps.get(venueId) ?? createSeatMap(venue)
    seatMaps.set(venueId, made)
    if (seatMaps.size > size) seatMaps.delete(seatMaps.keys().next().value as Id)
    return made
  }
  return { seatMap, venue: async (venueId) => (await seatMap(venueId)).venue }
}
