import type { OpenRequest, Version } from '@b-ticketing/core/ports'
import { placeKey, placesOf } from './claims.ts'

/** A request of a call, by its place in the call, that has no answer yet. */
export type Pending = readonly [index: number, request: OpenRequest]

/** The versions under which requests of a call may have been committed, and whose they are: what a lost COMMIT is known by. */
export type Tries = Map<Version, number>

/** What two requests have in common when one is to be judged by what became of the other. */
const identityOf = ({ requestId, visitor, idempotencyKey }: OpenRequest): readonly string[] => [
  `request ${requestId}`,
  `key ${visitor} ${idempotencyKey}`,
]

/** What two requests have in common when they cannot both be opened. */
const namesOf = (request: OpenRequest): readonly string[] => [
  ...identityOf(request),
  `reservation ${request.reservationId}`,
  `hold ${request.hold.holdId}`,
  ...placesOf(request.hold).map(placeKey),
]

/** Those that can be opened together: they have nothing in common with an earlier one. */
export function strangers(pending: readonly Pending[]): readonly Pending[] {
  const seen = new Set<string>()
  return pending.filter(([, request]) => {
    const names = namesOf(request)
    const isStranger = !names.some((name) => seen.has(name))
    for (const name of names) seen.add(name)
    return isStranger
  })
}

/** Those whose answer holds: one that repeats an earlier request waits until that has its own. */
export function inTurn(pending: readonly Pending[], answers: ReadonlyMap<number, unknown>): readonly Pending[] {
  const waiting = new Set<string>()
  return pending.filter(([index, request]) => {
    const names = identityOf(request)
    const isAnswered = answers.has(index) && !names.some((name) => waiting.has(name))
    if (!isAnswered) for (const name of names) waiting.add(name)
    return isAnswered
  })
}
