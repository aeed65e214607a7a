import { advancedPayment, type StoredPayment } from '@b-ticketing/core/adapter-kit'
import type { Advance, AdvanceReply, BookingStore, Id, Version } from '@b-ticketing/core/ports'
import { placesOfAll, readVerdicts, type Step } from './advance-verdicts.ts'
import { insertAudit } from './audit.ts'
import { blockedOf, deleteClaims, insertClaims, type OwnedPlace, placesOf } from './claims.ts'
import { unavailable } from './fault.ts'
import { appendHistory, readClock } from './history-rows.ts'
import { consumedName, insertConsumed } from './inbox-rows.ts'
import { appendOutbox } from './outbox-rows.ts'
import { updatePayments } from './payment-changes.ts'
import { isTombstone, type PaymentRow, paymentOf, selectPayments } from './payment-rows.ts'
import { type Sql, statement } from './query.ts'
import { insertsOf, mostRefusals, Refused } from './refused.ts'
import { saveReservations } from './reservation-rows.ts'
import type { Store } from './store.ts'

/** The changes of a call, in as few transactions as their order allows, each judged under the locks of its payments. */
export function createAdvance({ client, inTransaction }: Store): BookingStore['advance'] {
  const run = async (wave: readonly Advance[]): Promise<readonly AdvanceReply[]> => {
    // The versions under which these changes may have been committed: what a lost COMMIT is known by.
    const tries = new Set<Version>()
    for (let refusals = 0; refusals < mostRefusals; refusals++) {
      try {
        return await inTransaction((tx) => advanceAll(tx, client.now(), wave, tries), { repeatUnknown: true })
      } catch (error) {
        if (!(error instanceof Refused)) throw error
      }
    }
    throw unavailable('these payments are contended')
  }

  return async ({ changes }) => {
    const replies: AdvanceReply[] = []
    for (const wave of wavesOf(changes)) replies.push(...(await run(wave)))
    return replies
  }
}

/** What is judged one after the other: two changes of one payment, one event twice, seats that are taken again. */
function wavesOf(changes: readonly Advance[]): readonly (readonly Advance[])[] {
  const waves: Advance[][] = []
  let seen = new Set<string>()
  let full = true
  for (const change of changes) {
    const names = [change.requestId, ...(change.consumed ? [consumedName(change.consumed)] : [])]
    const alone = change.claims === 'retake'
    if (full || alone || names.some((name) => seen.has(name))) {
      waves.push([])
      seen = new Set()
    }
    waves.at(-1)!.push(change)
    for (const name of names) seen.add(name)
    full = alone
  }
  return waves
}

/** @throws Refused */
async function advanceAll(
  tx: Sql,
  clock: string,
  wave: readonly Advance[],
  tries: Set<Version>,
): Promise<readonly AdvanceReply[]> {
  const payments = await lock(tx, clock, wave)
  const known = wave.flatMap((change) => {
    const before = payments.get(change.requestId)
    return before ? [{ change, before }] : []
  })
  if (known.length === 0) return wave.map(() => ({ is: 'unknown' }))
  // Read now: a statement's clock stands still while it waits for a lock.
  const { now, step } = await readClock(tx, clock)
  const judge = await readVerdicts(tx, known, tries)
  const verdicts = new Map(known.map((one) => [one.change, judge(one)]))
  const steps = known.filter(({ change }) => verdicts.get(change) === null)
  const written = await write(tx, { steps, now, step, clock, tries })
  return wave.map((change): AdvanceReply => {
    const is = verdicts.get(change)
    if (is === undefined) return { is: 'unknown' }
    const payment = written.get(change.requestId) ?? payments.get(change.requestId)!
    return { is: is ?? 'advanced', record: { ...payment, storeTime: now } }
  })
}

async function lock(tx: Sql, clock: string, wave: readonly Advance[]): Promise<ReadonlyMap<Id, StoredPayment>> {
  const ids = wave.map(({ requestId }) => requestId).sort()
  const text = `${selectPayments(clock, 'PRIMARY')} WHERE p.request_id IN (?) ORDER BY p.request_id FOR UPDATE`
  const rows = await tx.rows(statement<PaymentRow>(text, [ids]))
  return new Map(rows.filter((row) => !isTombstone(row)).map((row) => [row.request_id, paymentOf(row)]))
}

const ownedOf = (steps: readonly Step[]): readonly OwnedPlace[] =>
  steps.flatMap(({ before }) => placesOf(before.hold).map((place): OwnedPlace => [...place, before.requestId]))

/** The payments as they are afterwards. @throws Refused */
async function write(
  tx: Sql,
  p: {
    readonly steps: readonly Step[]
    readonly now: number
    readonly step: number
    readonly clock: string
    readonly tries: Set<Version>
  },
): Promise<ReadonlyMap<Id, StoredPayment>> {
  const { steps, now } = p
  if (steps.length === 0) return new Map()
  const changes = steps.map(({ change }) => change)
  await insertsOf(() =>
    insertConsumed(
      tx,
      changes.flatMap(({ consumed }) => consumed ?? []),
      now,
    ),
  )
  await changeClaims(tx, steps)
  const drafts = steps.map(({ change, before }) =>
    advancedPayment(before, change, { now, recordVersion: before.recordVersion }),
  )
  const versions = await appendHistory(
    tx,
    drafts.map(({ requestId, version, state, refund }, i) => ({
      ...{ requestId, version, at: now, from: steps[i]!.before.state, to: state, refund },
      event: changes[i]!.event,
    })),
    p.step,
  )
  for (const version of versions) p.tries.add(version)
  const after = drafts.map((draft, i) =>
    changes[i]!.claims === 'keep' ? draft : { ...draft, recordVersion: versions[i]! },
  )
  await updatePayments(
    tx,
    steps.map(({ before }, i) => ({ before, after: after[i]! })),
  )
  await saveReservations(
    tx,
    changes.flatMap(({ booking }) => booking ?? []),
  )
  await appendOutbox(
    tx,
    changes.flatMap(({ outbox }) => outbox),
  )
  for (const { audit } of changes) if (audit) await insertAudit(tx, p.clock, audit)
  return new Map(after.map((payment) => [payment.requestId, payment]))
}

/** Sold claims stay as they are: that they are paid is said by their payment. */
async function changeClaims(tx: Sql, steps: readonly Step[]): Promise<void> {
  await deleteClaims(tx, ownedOf(steps.filter(({ change }) => change.claims === 'free')))
  const retaken = steps.filter(({ change }) => change.claims === 'retake')
  if (retaken.length === 0) return
  await insertsOf(() => insertClaims(tx, ownedOf(retaken)))
  const blocked = await blockedOf(tx, placesOfAll(retaken), { lock: true })
  if (blocked.size > 0) throw new Refused()
}
