import * as seatMap from './catalogue/seat-map.ts'
import * as venue from './catalogue/venue.ts'
import * as notice from './notification/notice.ts'
import * as messages from './payment/messages.ts'
import * as allocator from './seating/allocator/allocator.ts'
import * as occupancy from './seating/occupancy.ts'
import * as demand from './shared/demand.ts'
import * as ids from './shared/ids.ts'
import { typed } from './shared/typed.ts'

// Pure functions of the rooms as the front door shows them: what they cannot read is `INVALID`. Inside they are used bare.

/** Lookups over a venue. @throws TicketingError `INVALID` */
export const createSeatMap = typed(seatMap.createSeatMap)
/** The grade that prices this seat: its own, or its section's. @throws TicketingError `INVALID` */
export const gradeOf = typed(venue.gradeOf)
/** Seats listed in all sections. @throws TicketingError `INVALID` */
export const venueCapacity = typed(venue.venueCapacity)
/** The mail of a notice, in the buyer's language. @throws TicketingError `INVALID` */
export const renderNotice = typed(notice.renderNotice)
/** The line that tells a buyer how a payment stands. @throws TicketingError `INVALID` */
export const paymentText = typed(messages.paymentText)
/** Best available seats of the sections of a venue, in their order. @throws TicketingError `INVALID` */
export const createAllocator = typed(allocator.createAllocator)
/** A snapshot brought up to a newer version. @throws TicketingError `INVALID` */
export const applyDelta = typed(occupancy.applyDelta)
/** The code of one seat of a packed section. @throws TicketingError `INVALID` */
export const codeAt = typed(occupancy.codeAt)
/** How many seats of a packed section have each code. @throws TicketingError `INVALID` */
export const countCodes = typed(occupancy.countCodes)
/** Codes, packed four to a byte. @throws TicketingError `INVALID` */
export const packCodes = typed(occupancy.packCodes)
/** @throws TicketingError `INVALID` when the value is not an integer between `min` (1) and `max`. */
export const demandCount = typed(demand.demandCount)
/** @throws TicketingError `INVALID` when the value is not an id. */
export const demandId = typed(ids.demandId)
/** A random id of 128 bits, 22 characters of base64url. @throws TicketingError `INVALID` */
export const newId = typed(ids.newId)
