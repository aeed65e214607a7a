import type { BookingStore } from '../booking/booking-store.port.ts'
import type { Catalogue } from '../catalogue/catalogue.port.ts'
import { TicketingError } from '../shared/errors.ts'
import { demandId } from '../shared/ids.ts'
import type { Id } from '../shared/types.ts'
import { noticeOf, scheduleNames } from './notice-loop.ts'
import type { NoticeStore } from './notice-store.port.ts'

export interface Notices {
  /** One more copy of a reservation's mail, audited; its Message-ID ends in `.r<k>`. @throws `NOT_FOUND`, `INVALID`. */
  resend(p: { reservationId: Id; by?: Id }): Promise<void>
}

export function createNotices(p: {
  readonly bookingStore: Pick<BookingStore, 'find'>
  readonly noticeStore: Pick<NoticeStore, 'add' | 'copies'>
  readonly catalogue: Pick<Catalogue, 'schedules' | 'note'>
}): Notices {
  return {
    async resend({ reservationId, by = 'operator' }) {
      demandId(by, 'by')
      const keys = [{ reservationId: demandId(reservationId, 'reservationId') }]
      const [record] = await p.bookingStore.find({ keys })
      if (record?.booking?.state !== 'CONFIRMED') throw new TicketingError('NOT_FOUND', 'no such confirmed reservation')
      const name = await scheduleNames(p.catalogue, [record.scheduleId])
      const copy = (await p.noticeStore.copies({ reservationId, template: 'payment-completed' })) + 1
      // Copy 0 belongs to the event: asked for before it came, this one is still an operator's.
      const notice = noticeOf(record, name(record.scheduleId), Math.max(1, copy))
      await p.noticeStore.add({ notices: [notice], consumed: [] })
      await p.catalogue.note({ by, action: 'resend', subject: reservationId, detail: { copy: notice.copy } })
    },
  }
}
