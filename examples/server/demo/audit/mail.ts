import { type Check, isSold } from './evidence.ts'

/** At least one mail per booking, to its buyer, with amount and reservation number; none for anybody else. */
export const oneMailEach: Check = ({ store, mails }) => {
  const booked = new Map(store.payments.filter(isSold).map((payment) => [payment.reservationId, payment]))
  const reached = new Set<string>()
  const offenders: string[] = []
  for (const { to, subject, text, messageId } of mails) {
    const reservationId = /^<?([^.@>]+)/.exec(messageId)?.[1] ?? ''
    const payment = booked.get(reservationId)
    if (payment === undefined) offenders.push(`mail ${messageId} to ${to}: no such booking`)
    else if (to !== payment.buyer.email) offenders.push(`mail ${messageId}: to ${to}, not to ${payment.buyer.email}`)
    else if (!subject.includes(reservationId) || !text.includes(`=${payment.amount.value}`)) {
      offenders.push(`mail ${messageId}: without its reservation number or amount`)
    } else reached.add(reservationId)
  }
  for (const reservationId of booked.keys()) {
    if (!reached.has(reservationId)) offenders.push(`booking ${reservationId}: no mail`)
  }
  return { id: 'I12', promise: 'bookings with their mail, and no other mail', count: reached.size, offenders }
}
