import type { Catalogue } from '../catalogue/catalogue.port.ts'
import { paymentTimes } from '../payment/payment.ts'
import { partsOf } from '../seating/hold.ts'
import type { HoldDesk, OnStalePins } from '../seating/hold-desk.ts'
import type { Loop } from '../shared/loop.ts'
import type { Observer } from '../shared/observer.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Ms } from '../shared/types.ts'
import type { BookingStore } from './booking-store.port.ts'
import { projectClaims } from './claim-projection.ts'
import type { Projection } from './projection.ts'
import { differencesOf, endedSince, isNone, type Owner, standing } from './seat-differences.ts'
import { reportRepairs } from './seat-repairs.ts'

/** What a pass remembers of a payment that owns seats without a claim. */
interface Suspect {
  readonly since: Ms
  /** Seats, states and versions: another pass must see the very same. */
  readonly sight: string
}

/**
 * Compares owners as the fast store sees them with the claims of the record, which is right. Claims the fast store lacks are
 * shown to it. An owner without a claim is never freed on one look: the record's word is shown where it has one, else the
 * payment is abandoned once two passes a lease apart saw the same. RESERVED seats are not looked at. What was really different,
 * and no more is, is reported as a repair: a commit whose projection was on its way between two reads is none.
 */
export function createReconcileLoop(p: {
  readonly bookingStore: Pick<BookingStore, 'find' | 'abandon'>
  readonly holdDesk: HoldDesk
  readonly projection: Pick<Projection, 'show'>
  readonly catalogue: Pick<Catalogue, 'schedules'>
  readonly runtime: Pick<Runtime, 'now'>
  readonly observer: Observer
}): Loop & { readonly onStalePins: OnStalePins } {
  const suspects = new Map<string, Suspect>()

  /** The truth about these payments, made certain: none that is not there can be opened later. */
  const resolve = async (scheduleId: Id, requestIds: readonly Id[]): Promise<readonly Id[]> => {
    const answers = await p.bookingStore.abandon({ requestIds })
    const gone: Id[] = []
    await Promise.all(
      requestIds.map(async (requestId, i) => {
        const answer = answers[i]
        if (answer === 'abandoned') {
          gone.push(requestId)
          await p.holdDesk.unpin({ scheduleId, requestId })
        } else if (answer) await p.projection.show(answer)
      }),
    )
    return gone
  }

  /** Sold in the fast store, unknown to the record and now never to be known: the seat is free. */
  const freeSold = async (scheduleId: Id, owners: readonly Owner[]): Promise<void> => {
    for (const { section, seat, requestId, recordVersion } of owners) {
      const parts = partsOf([{ section, index: seat }], () => 0)
      const newer = (recordVersion ?? 0) + 1
      await p.holdDesk.project({ scheduleId, parts, requestId, recordVersion: newer, state: 'AVAILABLE' })
    }
  }

  const seenTwice = (scheduleId: Id, requestId: Id, owners: readonly Owner[]): boolean => {
    const key = `${scheduleId}/${requestId}`
    const sight = owners.map((owner) => `${owner.section}/${owner.seat} ${owner.state} ${owner.recordVersion}`).join()
    const known = suspects.get(key)
    if (known?.sight === sight) return p.runtime.now() - known.since >= paymentTimes.leaseMs
    suspects.set(key, { since: p.runtime.now(), sight })
    return false
  }

  const judge = async (scheduleId: Id, strays: ReadonlyMap<Id, readonly Owner[]>): Promise<void> => {
    for (const key of suspects.keys()) {
      const [schedule, requestId] = key.split('/') as [Id, Id]
      if (schedule === scheduleId && !strays.has(requestId)) suspects.delete(key)
    }
    const ids = [...strays.keys()]
    const records = await p.bookingStore.find({ keys: ids.map((requestId) => ({ requestId })) })
    await Promise.all(records.map((record) => record && p.projection.show(record)))
    const unknown = ids.filter((id, i) => !records[i] && seenTwice(scheduleId, id, strays.get(id)!))
    if (unknown.length === 0) return
    p.observer.log('warn', 'seats owned without a claim are resolved', { scheduleId, payments: unknown.length })
    for (const requestId of await resolve(scheduleId, unknown)) {
      await freeSold(
        scheduleId,
        strays.get(requestId)!.filter(({ state }) => state === 'COMPLETED'),
      )
    }
  }

  const reconcile = async (scheduleId: Id): Promise<void> => {
    const look = () => p.holdDesk.owners({ scheduleId })
    const owners = await look()
    const { claims, blocks } = await p.holdDesk.claims({ scheduleId })
    const first = differencesOf(owners, claims)
    // The stores were read one after the other: what only changed meanwhile, another look finds right.
    const different = isNone(first) ? first : standing(first, await look())
    try {
      await projectClaims(p.holdDesk, different.hidden)
      await judge(
        scheduleId,
        Map.groupBy(different.strays, ({ requestId }) => requestId),
      )
    } finally {
      const { hidden, strays } = isNone(different) ? different : endedSince(different, await look())
      reportRepairs(p.observer, scheduleId, { claim: hidden, stray: strays, block: blocks })
    }
  }

  /** All schedules, also behind one that fails. */
  const reconcileAll = async (scheduleIds: readonly Id[]): Promise<readonly unknown[]> => {
    const failures: unknown[] = []
    for (const scheduleId of scheduleIds) {
      try {
        await reconcile(scheduleId)
      } catch (error) {
        p.observer.log('warn', 'a sale could not be reconciled', { scheduleId, error })
        failures.push(error)
      }
    }
    return failures
  }

  return {
    name: 'reconcile',
    everyMs: 5_000,
    async tick() {
      const failures: unknown[] = []
      let after: string | null | undefined
      do {
        const page = await p.catalogue.schedules(after ? { after } : {})
        failures.push(...(await reconcileAll(page.items.map(({ scheduleId }) => scheduleId))))
        after = page.next
      } while (after)
      if (failures.length > 0) throw failures[0]
    },
    async onStalePins({ scheduleId, requestIds }) {
      if (requestIds.length === 0) return
      const look = () => p.holdDesk.owners({ scheduleId })
      const pinned = (await look()).filter(({ requestId }) => requestIds.includes(requestId))
      await resolve(scheduleId, requestIds)
      const { strays } = endedSince({ hidden: [], strays: pinned }, await look())
      reportRepairs(p.observer, scheduleId, { stray: strays })
    },
  }
}
