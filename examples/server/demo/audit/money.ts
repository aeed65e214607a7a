import type { PaymentRow } from '../store-dump.ts'
import { byRequestId, type Check, type Evidence, isCapture, isSold, netOf, seatKeysOf } from './evidence.ts'
import type { SeatBook } from './seat-book.ts'

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && [...a].sort().join() === [...b].sort().join()

/** Whoever paid has a booking of exactly the seats held, all of them sold to nobody else; or all the money back. */
export const paidIsBooked: Check = (evidence) => {
  const { seatBook, store, ledger } = evidence
  const payments = byRequestId(evidence)
  const net = netOf(ledger)
  const claims = new Map<string, number>()
  for (const { requestId, state } of store.claims) {
    if (state === 'COMPLETED') claims.set(requestId, (claims.get(requestId) ?? 0) + 1)
  }
  const isBooked = (payment: PaymentRow): boolean => {
    const held = payment.hold.parts.flatMap(({ section, seats }) =>
      seats.flatMap((seat) => seatBook.seats.get(`${section}/${seat}`)?.seatId ?? []),
    )
    const booked = payment.booking?.seats.map(({ seatId }) => seatId) ?? []
    return isSold(payment) && booked.length > 0 && same(booked, held) && claims.get(payment.requestId) === booked.length
  }
  const captures = ledger.filter(isCapture)
  const offenders = captures.flatMap(({ requestId }) => {
    const payment = payments.get(requestId)
    return (payment && isBooked(payment)) || net.get(requestId) === 0 ? [] : [`payment ${requestId}: paid, not booked`]
  })
  return { id: 'I2', promise: 'captured payments with all their seats, or refunded', count: captures.length, offenders }
}

/** One capture a payment at most; what is left of it is the price of a booking, or nothing. */
export const neverTwice: Check = ({ store, ledger }) => {
  const net = netOf(ledger)
  const captures = new Map<string, number>()
  for (const { requestId } of ledger.filter(isCapture)) captures.set(requestId, (captures.get(requestId) ?? 0) + 1)
  const twice = [...captures].filter(([, n]) => n > 1).map(([requestId, n]) => `payment ${requestId}: ${n} captures`)
  const wrong = store.payments.flatMap((payment) => {
    const due = isSold(payment) ? payment.amount.value : 0
    const is = net.get(payment.requestId) ?? 0
    return is === due ? [] : [`payment ${payment.requestId}: net charge ${is}, due ${due}`]
  })
  return {
    id: 'I4',
    promise: 'payments charged once or not at all',
    count: store.payments.length,
    offenders: [...twice, ...wrong],
  }
}

/** Money that was taken is known to the record. */
export const nothingLost: Check = (evidence) => {
  const payments = byRequestId(evidence)
  const requestIds = new Set(evidence.ledger.filter(isCapture).map(({ requestId }) => requestId))
  const unknown = [...requestIds].filter((id) => !payments.has(id)).map((id) => `capture of ${id}: not in the record`)
  const unpaid = evidence.store.payments
    .filter((payment) => payment.state === 'COMPLETED' && !requestIds.has(payment.requestId))
    .map(({ requestId }) => `booking ${requestId}: never paid`)
  return {
    id: 'I5',
    promise: 'paid orders in the record, none lost',
    count: requestIds.size,
    offenders: [...unknown, ...unpaid],
  }
}

/** The price is the venue's, seat by seat; the capture is the price. */
export const venuePrices: Check = ({ seatBook, store, ledger }) => {
  const due = new Map(store.payments.map((payment) => [payment.requestId, priceOf(payment, seatBook)]))
  const asked = store.payments.flatMap(({ requestId, amount }) =>
    amount.value === due.get(requestId) && amount.currency === seatBook.currency
      ? []
      : [`payment ${requestId}: ${amount.value} ${amount.currency}, its seats cost ${due.get(requestId)}`],
  )
  const taken = ledger
    .filter(isCapture)
    .flatMap(({ requestId, amount }) =>
      amount.value === due.get(requestId) && amount.currency === seatBook.currency
        ? []
        : [`capture of ${requestId}: ${amount.value} ${amount.currency}, its seats cost ${due.get(requestId)}`],
    )
  return {
    id: 'I13',
    promise: 'payments at the price of their seats',
    count: store.payments.length,
    offenders: [...asked, ...taken],
  }
}

const priceOf = (payment: PaymentRow, seatBook: SeatBook): number =>
  seatKeysOf(payment).reduce((sum, key) => {
    const listed = seatBook.seats.get(key.slice(key.indexOf('/') + 1))
    return sum + (listed?.price ?? createdPrice(payment, key))
  }, 0)

/** A seat that an elastic section created is not in the document: the record's own word is all there is. */
function createdPrice({ hold }: PaymentRow, key: string): number {
  const [, section] = key.split('/')
  return hold.seats.find((seat) => seat.section === section)?.price.value ?? 0
}

/** Totals: the gateway's till and the house's sales, to the last won. */
function totals({ store, ledger }: Pick<Evidence, 'store' | 'ledger'>): { taken: number; sold: number } {
  const taken = [...netOf(ledger).values()].reduce((sum, value) => sum + value, 0)
  const sold = store.payments.filter(isSold).reduce((sum, { amount }) => sum + amount.value, 0)
  return { taken, sold }
}

export const booksBalance: Check = (evidence) => {
  const { taken, sold } = totals(evidence)
  const { currency } = evidence.seatBook
  const offenders = taken === sold ? [] : [`the gateway kept ${taken} ${currency}, the bookings are worth ${sold}`]
  return {
    id: 'books',
    promise: `${currency} kept by the gateway = ${currency} sold by the house`,
    count: taken,
    offenders,
  }
}
