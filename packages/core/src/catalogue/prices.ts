import type { Id } from '../shared/types.ts'
import { isFields } from './document.ts'
import { createProblems, refuse } from './problems.ts'
import type { Venue } from './venue.ts'
import { isPrice } from './venue-problems.ts'

/**
 * The price of every grade of the venue, in minor units by grade id: the one given, else the grade's own.
 * @throws TicketingError `INVALID` with `details.problems`: no price, not an integer ≥ 0, or an unknown grade.
 */
export function mergePrices(venue: Venue, given: unknown): Readonly<Record<Id, number>> {
  if (!isFields(given)) refuse('the price list', ['it must be an object of amounts by grade id'])
  const problems = createProblems()
  const prices = new Map<Id, unknown>(venue.grades.map((grade) => [grade.id, grade.price]))
  for (const [gradeId, amount] of Object.entries(given as object)) {
    if (!prices.has(gradeId)) problems.add(gradeId.slice(0, 80), 'is not a grade of the venue')
    else if (amount !== undefined) prices.set(gradeId, amount)
  }
  for (const [gradeId, amount] of prices) {
    if (amount === undefined) problems.add(gradeId, 'has no price')
    else if (!isPrice(amount)) problems.add(gradeId, 'must cost an integer ≥ 0 in minor units')
  }
  refuse('the price list', problems.list())
  return Object.fromEntries(prices) as Record<Id, number>
}
