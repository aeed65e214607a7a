import { judgeAdvance, type StoredPayment } from '@b-ticketing/core/adapter-kit'
import type { Advance, AdvanceReply, Version } from '@b-ticketing/core/ports'
import { blockedOf, ownersOf, type Place, placeKey, placesOf } from './claims.ts'
import { changesOf } from './history-rows.ts'
import { consumedName, consumedOf } from './inbox-rows.ts'
import type { Sql } from './query.ts'

/** A change with the payment as it stands, which is locked. */
export interface Step {
  readonly change: Advance
  readonly before: StoredPayment
}

export const placesOfAll = (steps: readonly Step[]): readonly Place[] =>
  steps.flatMap(({ before }) => placesOf(before.hold))

/**
 * Reads what these changes are judged by. Null: it may be written. `advanced`: this very change was committed under one of
 * `tries`, and its reply lost.
 */
export async function readVerdicts(tx: Sql, known: readonly Step[], tries: ReadonlySet<Version>) {
  const made = known.map(({ change: { requestId, from } }) => ({ requestId, version: from.version + 1 }))
  const own = await changesOf(tx, made, tries)
  const consumed = await consumedOf(
    tx,
    known.flatMap(({ change }) => change.consumed ?? []),
  )
  const asking = known.filter(({ change }) => change.claims === 'sell' || change.claims === 'retake')
  const owners = await ownersOf(tx, placesOfAll(asking))
  const blocked = await blockedOf(tx, placesOfAll(asking.filter(({ change }) => change.claims === 'retake')))
  return ({ change, before }: Step): AdvanceReply['is'] | null => {
    if (own.has(change.requestId)) return 'advanced'
    const places = placesOf(before.hold).map(placeKey)
    const isOwn = (place: string) => owners.get(place) === change.requestId
    const isFree = (place: string) => !blocked.has(place) && (isOwn(place) || !owners.has(place))
    return judgeAdvance(before, change, {
      consumed: change.consumed !== undefined && consumed.has(consumedName(change.consumed)),
      seatsAllow:
        change.claims === 'sell' ? places.every(isOwn) : change.claims === 'retake' ? places.every(isFree) : true,
    })
  }
}
