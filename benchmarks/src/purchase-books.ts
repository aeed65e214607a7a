import assert from 'node:assert/strict'
import type { Venue } from '@b-ticketing/core'
import type { ScriptedGateway } from '@b-ticketing/core/memory'
import type { Books, Party } from './purchase-shop.ts'

/** By seat. */
export function pricesOf({ sections, grades }: Venue): ReadonlyMap<string, number> {
  const byGrade = new Map(grades.map(({ id, price }) => [id, price!]))
  return new Map(
    sections.flatMap(({ grade, rows }) =>
      rows.flatMap(({ seats }) => seats.map((seat) => [seat.seatId, byGrade.get(seat.grade ?? grade)!] as const)),
    ),
  )
}

/** What was captured, in the gateway's own books. @throws when anything else happened there */
export const chargesOf = (gateway: ScriptedGateway): Books['charges'] =>
  gateway.ledger().map(({ type, status, requestId, amount }) => {
    assert.deepEqual([type, status], ['charge', 'succeeded'])
    return { requestId, amount: amount.value }
  })

/** @throws when the books do not say just this: these parties bought, each charged once, and no other seat is sold. */
export function audit(books: Books, venue: Venue, parties: readonly Party[]): void {
  const { purchases, claimed, shown, charges, mails } = books
  const sizes = (all: readonly number[]) => [...all].sort((a, b) => a - b)
  const bought = sizes(purchases.map(({ seats }) => seats.length))
  assert.deepEqual(bought, sizes(parties.map(({ quantity }) => quantity)), 'the record has what visitors were told')
  const seats = new Set(purchases.flatMap((purchase) => purchase.seats))
  assert.deepEqual([...claimed].sort(), [...seats].sort(), 'the claims are the seats that were bought')
  assert.equal(shown, seats.size, 'and these are shown as sold')
  const prices = pricesOf(venue)
  const due = purchases.map((purchase) => ({
    requestId: purchase.requestId,
    amount: purchase.seats.reduce((total, seat) => total + prices.get(seat)!, 0),
  }))
  assert.deepEqual(inOrder(purchases), inOrder(due), 'each costs the price of its seats')
  assert.deepEqual(inOrder(charges), inOrder(due), 'and was charged once, as much')
  assert.equal(mails, parties.length, 'each got a mail')
}

/** Seats in more than one purchase. */
export function oversold({ purchases }: Books): number {
  const seats = purchases.flatMap((purchase) => purchase.seats)
  return seats.length - new Set(seats).size
}

const inOrder = (all: Books['charges']): Books['charges'] =>
  all.map(({ requestId, amount }) => ({ requestId, amount })).sort((a, b) => (a.requestId < b.requestId ? -1 : 1))
