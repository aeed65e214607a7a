import { createSeatMap, type SeatMap } from '@b-ticketing/core'
import type { Catalogue, Id } from '@b-ticketing/core/ports'

/** The id of a seat by its section and index. */
export type SeatName = (section: Id, seat: number) => Id

/** Without a venue a seat is called `<section>-<index>`. */
const plainName: SeatName = (section, seat) => `${section}-${seat}`

/** Names from the catalogue, read once per schedule: its venue never changes. */
export function createSeatNames(
  catalogue?: Pick<Catalogue, 'schedules' | 'venue'>,
): (scheduleId: Id) => Promise<SeatName> {
  const maps = new Map<Id, Promise<SeatMap | null>>()

  const read = async (scheduleId: Id): Promise<SeatMap | null> => {
    const page = await catalogue?.schedules({ ids: [scheduleId] })
    const venueId = page?.items[0]?.venueId
    const venue = venueId === undefined ? null : ((await catalogue?.venue({ venueId })) ?? null)
    return venue && createSeatMap(venue)
  }

  return async (scheduleId) => {
    if (!catalogue) return plainName
    let reading = maps.get(scheduleId)
    if (reading === undefined) {
      reading = read(scheduleId)
      maps.set(scheduleId, reading)
    }
    const map = await reading.catch(() => null)
    if (map === null) maps.delete(scheduleId)
    return (section, seat) => map?.seat(section, seat)?.seatId ?? plainName(section, seat)
  }
}
