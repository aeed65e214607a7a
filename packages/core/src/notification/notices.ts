import type { BookingStore } from '../booking/booking-store.port.ts'
import type { Catalogue } from '../catalogue/catalogue.port.ts'
import { busy, TicketingError } from '../shared/errors.ts'
import { demandId } from '../shared/ids.ts'
import type { Id } from '../shared/types.ts'
import { noticeOf, scheduleNames } from './notice-loop.ts'
import type { NoticeStore } from './notice-store.port.ts'

export interface Notices {
  /**
   * One more copy of a reservation's mail, audited; its Message-ID ends in `.r<k>`. A repeat under the same `operationId` sends
   * nothing. @throws `NOT_FOUND`, `INVALID`, `BUSY`.
   */
  resend(p: { reservationId: Id; by?: Id; operationId?: Id }): Promise<void>
}

/** Another operator took the copy meanwhile: each gets one of their own. */
const mostRaces = 32

export function createNotices(p: {
  readonly bookingStore: Pick<BookingStore, 'find'>
  readonly noticeStore: Pick<NoticeStore, 'add' | 'copies'>
  readonly catalogue: Pick<Catalogue, 'schedules'>
}): Notices {
  return {
    async resend({ reservationId, by = 'operator', operationId }) {
      demandId(by, 'by')
      const once = operationId === undefined ? {} : { operationId: demandId(operationId, 'operationId') }
      const keys = [{ reservationId: demandId(reservationId, 'reservationId') }]
      const [record] = await p.bookingStore.find({ keys })
      if (record?.booking?.state !== 'CONFIRMED') throw new TicketingError('NOT_FOUND', 'no such confirmed reservation')
      const name = await scheduleNames(p.catalogue, [record.scheduleId])
      for (let races = 0; races < mostRaces; races++) {
        const highest = await p.noticeStore.copies({ reservationId, template: 'payment-completed' })
        // Copy 0 belongs to the event: asked for before it came, this one is still an operator's.
        const copy = Math.max(1, highest + 1)
        const notices = [noticeOf(record, name(record.scheduleId), copy)]
        const audit = { by, action: 'resend', subject: reservationId, detail: { copy } }
        if ((await p.noticeStore.add({ notices, consumed: [], audit, ...once })) !== 0) return
      }
      throw busy('this mail is being sent again by others')
    },
  }
}
