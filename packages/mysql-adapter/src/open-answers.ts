import { judgeOpen } from '@b-ticketing/core/adapter-kit'
import type { OpenReply, OpenRequest } from '@b-ticketing/core/ports'
import { blockedOf, ownersOf, placeKey, placesOf } from './claims.ts'
import { createFinder, readPayments } from './payment-keys.ts'
import { isTombstone, paymentOf, recordOf } from './payment-rows.ts'
import type { Pending, Tries } from './pending.ts'
import { integer, type Sql } from './query.ts'

/** The answers of those that something stands against, or that were committed before, by index. */
export async function answersOf(
  sql: Sql,
  clock: string,
  pending: readonly Pending[],
  tries: Tries,
): Promise<ReadonlyMap<number, OpenReply>> {
  const isTaken = await readTaken(sql, pending)
  const keys = pending.flatMap(([, { requestId, visitor, idempotencyKey, hold }]) => [
    { requestId },
    { visitor, idempotencyKey },
    { holdId: hold.holdId },
  ])
  const find = createFinder(await readPayments(sql, clock, keys))
  const answers = new Map<number, OpenReply>()
  for (const [index, request] of pending) {
    const { requestId, visitor, idempotencyKey, hold } = request
    const mine = find({ requestId })
    const tombstone = mine !== undefined && isTombstone(mine)
    const known = tombstone ? undefined : (mine ?? find({ visitor, idempotencyKey }))
    const ofHold = find({ holdId: hold.holdId })
    const verdict = judgeOpen(request, {
      tombstone,
      known: known ? paymentOf(known) : null,
      ofHold: ofHold ? { requestId: ofHold.request_id, state: ofHold.state } : null,
      seatsTaken: isTaken(request),
    })
    if (verdict?.is === 'replayed' && known) {
      const isOwn = tries.get(integer(known.seq)) === index
      answers.set(index, { is: isOwn ? 'opened' : 'replayed', record: recordOf(known) })
    } else if (verdict && verdict.is !== 'replayed') answers.set(index, verdict)
  }
  return answers
}

/** Read before the payments: whoever has a seat by then, has its payment there to be read. */
async function readTaken(sql: Sql, pending: readonly Pending[]): Promise<(request: OpenRequest) => boolean> {
  const places = pending.flatMap(([, { hold }]) => placesOf(hold))
  const owners = await ownersOf(sql, places)
  const blocked = await blockedOf(sql, places)
  return ({ requestId, hold }) =>
    placesOf(hold)
      .map(placeKey)
      .some((place) => blocked.has(place) || (owners.get(place) ?? requestId) !== requestId)
}
