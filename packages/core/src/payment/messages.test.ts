import { expect, test } from 'vitest'
import { paymentText } from './messages.ts'

const payment = { reservationId: 'R1', amount: { value: 42_000, currency: 'KRW' }, reason: null }

test('P1 P3 P4: the Korean lines of the three states', () => {
  expect(paymentText({ ...payment, status: 'PENDING' })).toBe('결제 요청 중...')
  expect(paymentText({ ...payment, status: 'COMPLETED' })).toBe('결제 완료: ReservationId=R1, 금액=42000')
  expect(paymentText({ ...payment, status: 'FAILED', reason: 'card_declined' })).toBe('결제 실패: card_declined')
})

test('PAY11: the message of a late success without seats says that it is refunded', () => {
  expect(paymentText({ ...payment, status: 'FAILED', reason: 'SEATS_GONE' })).toBe(
    '결제 실패: 결제 전에 좌석이 판매되어 전액 환불됩니다',
  )
  expect(paymentText({ ...payment, status: 'FAILED', reason: 'SEATS_GONE' }, 'en')).toContain('refunded in full')
})

test('English stands beside', () => {
  expect(paymentText({ ...payment, status: 'PENDING' }, 'en')).toBe('Payment requested...')
  expect(paymentText({ ...payment, status: 'COMPLETED' }, 'en')).toBe(
    'Payment completed: ReservationId=R1, amount=42000',
  )
  expect(paymentText({ ...payment, status: 'FAILED', reason: 'x' }, 'en')).toBe('Payment failed: x')
})
