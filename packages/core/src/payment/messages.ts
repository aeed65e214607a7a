import type { Money } from '../shared/money.ts'
import type { Id } from '../shared/types.ts'
import { type OwnReason, ownReasons, type PublicPaymentState } from './payment.ts'

export type Locale = 'ko' | 'en'

const reasons: Readonly<Record<OwnReason, Readonly<Record<Locale, string>>>> = {
  CANCELLED: { ko: '결제가 취소되었습니다', en: 'the payment was cancelled' },
  TIMED_OUT: { ko: '결제 시간이 초과되었습니다', en: 'the payment took too long' },
  SEATS_GONE: {
    ko: '결제 전에 좌석이 판매되어 전액 환불됩니다',
    en: 'the seats were sold before the payment arrived; it is refunded in full',
  },
  AMOUNT_DIFFERS: {
    ko: '결제 금액이 달라 전액 환불됩니다',
    en: 'another amount was charged; it is refunded in full',
  },
}

const isOwn = (reason: string): reason is OwnReason => (ownReasons as readonly string[]).includes(reason)

/** Our own reasons in words; the gateway's as it gave them. */
const reasonText = (reason: string, locale: Locale): string => (isOwn(reason) ? reasons[reason][locale] : reason)

/** The line of a payment's state. Amounts are bare digits in minor units. */
export function paymentText(
  p: {
    readonly status: PublicPaymentState
    readonly reservationId: Id | null
    readonly amount: Money
    readonly reason: string | null
  },
  locale: Locale = 'ko',
): string {
  switch (p.status) {
    case 'PENDING':
      return locale === 'ko' ? '결제 요청 중...' : 'Payment requested...'
    case 'COMPLETED':
      return locale === 'ko'
        ? `결제 완료: ReservationId=${p.reservationId}, 금액=${p.amount.value}`
        : `Payment completed: ReservationId=${p.reservationId}, amount=${p.amount.value}`
    case 'FAILED': {
      const reason = reasonText(p.reason ?? 'TIMED_OUT', locale)
      return locale === 'ko' ? `결제 실패: ${reason}` : `Payment failed: ${reason}`
    }
  }
}
