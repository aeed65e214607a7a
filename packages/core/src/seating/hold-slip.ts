import type { ScheduleRecord } from '../catalogue/schedule.ts'
import type { SeatMap } from '../catalogue/seat-map.ts'
import { TicketingError } from '../shared/errors.ts'
import type { Money } from '../shared/money.ts'
import type { Id } from '../shared/types.ts'
import type { HeldSeat, Hold, HoldRecord, Part } from './hold.ts'

type Prices = Pick<ScheduleRecord, 'prices' | 'currency'>

/** The one place where the slip of this room is made: a stored hold with its seats and prices written out. */
export function holdSlip(hold: HoldRecord, seatMap: SeatMap, schedule: Prices): Hold {
  const seats = hold.parts.flatMap(({ section, seats }) =>
    seats.map((seat) => heldSeat(seatMap, schedule, section, seat)),
  )
  const slip: HoldRecord & { readonly seats: readonly HeldSeat[]; readonly amount: Money } = {
    ...hold,
    seats,
    amount: hold.price,
  }
  return slip as Hold
}

function heldSeat(seatMap: SeatMap, { prices, currency }: Prices, section: Id, index: number): HeldSeat {
  const seat = seatMap.seat(section, index)
  const row = seatMap.row(section, index)
  const grade = seatMap.grade(section, index)
  if (!seat || !row || grade === null) throw unknownSeat(section, index)
  const price = { value: seatMap.price(prices, section, index) ?? 0, currency }
  return { seatId: seat.seatId, section, row: row.row.label, label: seat.label, grade, price }
}

/** Server's price of these seats: what a hold remembers and a payment is compared with. */
export function priceOf(parts: readonly Part[], seatMap: SeatMap, schedule: Prices): Money {
  let value = 0
  for (const { section, seats } of parts) {
    for (const seat of seats) {
      const price = seatMap.price(schedule.prices, section, seat)
      if (price === null) throw unknownSeat(section, seat)
      value += price
    }
  }
  return { value, currency: schedule.currency }
}

export const seatIdsOf = (parts: readonly Part[], seatMap: SeatMap): readonly Id[] =>
  parts.flatMap(({ section, seats }) => seats.flatMap((seat) => seatMap.seat(section, seat)?.seatId ?? []))

const unknownSeat = (section: Id, seat: number): TicketingError =>
  new TicketingError('STORE_FAULT', `seat ${seat} of section ${section} is not in the venue or has no price`)
