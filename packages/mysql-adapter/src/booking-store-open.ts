import { openedPayment, type StoredPayment } from '@b-ticketing/core/adapter-kit'
import type { BookingStore, OpenReply, OpenRequest, PaymentRecord } from '@b-ticketing/core/ports'
import { blockedOf, insertClaims, type OwnedPlace, placesOf } from './claims.ts'
import { unavailable } from './fault.ts'
import { appendHistory, readClock } from './history-rows.ts'
import { answersOf } from './open-answers.ts'
import { appendOutbox } from './outbox-rows.ts'
import { insertPayments } from './payment-rows.ts'
import { inTurn, type Pending, strangers, type Tries } from './pending.ts'
import { type Sql, statement } from './query.ts'
import { insertsOf, mostRefusals, Refused } from './refused.ts'
import type { Store } from './store.ts'

/** Most requests of one transaction. */
const mostAtOnce = 256

/**
 * Written at first sight, all strangers of a call in one transaction: the keys of the tables refuse what may not be. Only then
 * is it read what stands against each request. So a refusal is always read from what others have committed, never from a
 * neighbour's attempt.
 */
export function createOpen({ client, inTransaction }: Store): BookingStore['open'] {
  /** All or none; null: none, something stands against one of them. */
  const write = async (wave: readonly Pending[], tries: Tries) => {
    try {
      return await inTransaction((tx) => writeAll(tx, client.now(), wave, tries), { repeatUnknown: true })
    } catch (error) {
      if (error instanceof Refused) return null
      throw error
    }
  }

  return async ({ requests }) => {
    const replies: OpenReply[] = []
    const tries: Tries = new Map()
    let pending: readonly Pending[] = [...requests.entries()]
    let most = mostAtOnce
    for (let refusals = 0; pending.length > 0; ) {
      const wave = strangers(pending).slice(0, most)
      const records = await write(wave, tries)
      for (const [i, [index]] of wave.entries()) if (records) replies[index] = { is: 'opened', record: records[i]! }
      if (records) pending = pending.filter((one) => !wave.includes(one))
      // What is refused again and again, though nothing is to be seen against it, is tried in ever smaller parts.
      most = records ? mostAtOnce : Math.max(1, wave.length >> 1)
      refusals = records || wave.length > 1 ? 0 : refusals + 1
      if (refusals > mostRefusals) throw unavailable('these seats are contended')
      if (pending.length === 0) break
      const answers = await client.read((sql) => answersOf(sql, client.now(), pending, tries))
      const answered = inTurn(pending, answers)
      for (const [index] of answered) replies[index] = answers.get(index)!
      pending = pending.filter((one) => !answered.includes(one))
    }
    return replies
  }
}

/** @throws Refused */
async function writeAll(
  tx: Sql,
  clock: string,
  wave: readonly Pending[],
  tries: Tries,
): Promise<readonly PaymentRecord[]> {
  const requests = wave.map(([, request]) => request)
  await claimAll(tx, requests)
  await demandUnpaid(tx, requests)
  const { now, step } = await readClock(tx, clock)
  const drafts = requests.map((request) => openedPayment(request, { now, recordVersion: 0 }))
  const versions = await insertsOf(() => appendHistory(tx, drafts.map(firstLine), step))
  for (const [i, [index]] of wave.entries()) tries.set(versions[i]!, index)
  const payments = drafts.map((draft, i) => ({ ...draft, recordVersion: versions[i]! }))
  await insertsOf(() => insertPayments(tx, payments))
  await appendOutbox(
    tx,
    requests.flatMap(({ outbox }) => outbox),
  )
  return payments.map((payment) => ({ ...payment, storeTime: now }))
}

async function claimAll(tx: Sql, requests: readonly OpenRequest[]): Promise<void> {
  const owned = requests.flatMap(({ requestId, hold }) =>
    placesOf(hold).map((place): OwnedPlace => [...place, requestId]),
  )
  await insertsOf(() => insertClaims(tx, owned))
  const blocked = await blockedOf(
    tx,
    requests.flatMap(({ hold }) => placesOf(hold)),
    { lock: true },
  )
  if (blocked.size > 0) throw new Refused()
}

const firstLine = ({ requestId, version, state, refund, createdAt }: StoredPayment) => ({
  ...{ requestId, version, at: createdAt, from: null, to: state, refund, event: 'requested' },
})

/** A hold whose latest payment lives has its claims, which now are ours: but one that was paid back has none. @throws Refused */
async function demandUnpaid(tx: Sql, requests: readonly OpenRequest[]): Promise<void> {
  const text = `SELECT p.hold_id FROM bt_payment p WHERE p.hold_id IN (?) AND p.state <> 'FAILED'
    AND NOT EXISTS (SELECT 1 FROM bt_payment later WHERE later.hold_id = p.hold_id AND later.seq > p.seq) LIMIT 1`
  const paid = await tx.first(statement(text, [requests.map(({ hold }) => hold.holdId)]))
  if (paid) throw new Refused()
}
