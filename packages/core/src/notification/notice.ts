import type { Money } from '../shared/money.ts'
import type { Id } from '../shared/types.ts'

/** One mail per (reservationId, template, copy). */
export interface Notice {
  readonly id: Id
  readonly reservationId: Id
  readonly requestId: Id
  readonly template: 'payment-completed'
  /** 0; an operator's resend adds 1. */
  readonly copy: number
  readonly to: { readonly address: string; readonly name?: string }
  readonly locale: 'ko' | 'en'
  readonly amount: Money
  readonly seats: readonly string[]
  readonly scheduleName: string
}

/** Stable, so that a duplicate after a crash is recognisable; an operator's copies end in `.r1`, `.r2` … */
export const messageIdOf = (notice: Pick<Notice, 'reservationId' | 'template' | 'copy'>): string =>
  `${notice.reservationId}.${notice.template}${notice.copy > 0 ? `.r${notice.copy}` : ''}`

export const noticeIdOf = (notice: Pick<Notice, 'reservationId' | 'copy'>): Id =>
  `${notice.reservationId}-${notice.copy}`

/** The mail in the buyer's language; amounts are bare digits in minor units. */
export function renderNotice(notice: Notice): { readonly subject: string; readonly text: string } {
  const { reservationId, amount, seats, scheduleName, to, locale } = notice
  if (locale === 'en') {
    return {
      subject: `Booking confirmed: ${reservationId}`,
      text: [
        `${to.name ? `Dear ${to.name},` : 'Hello,'}`,
        '',
        `Payment completed: ReservationId=${reservationId}, amount=${amount.value}`,
        '',
        `Event: ${scheduleName}`,
        `Seats: ${seats.join(', ')}`,
        `Reservation number: ${reservationId}`,
        `Amount: ${amount.value} ${amount.currency}`,
      ].join('\n'),
    }
  }
  return {
    subject: `예매 완료: ${reservationId}`,
    text: [
      `${to.name ? `${to.name}님,` : '안녕하세요.'}`,
      '',
      `결제 완료: ReservationId=${reservationId}, 금액=${amount.value}`,
      '',
      `경기: ${scheduleName}`,
      `좌석: ${seats.join(', ')}`,
      `예약번호: ${reservationId}`,
      `결제 금액: ${amount.value} ${amount.currency}`,
    ].join('\n'),
  }
}
