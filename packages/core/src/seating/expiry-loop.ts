import type { SaleRecords } from '../catalogue/sale-records.ts'
import type { Loop } from '../shared/loop.ts'
import type { Id } from '../shared/types.ts'
import type { OnStalePins } from './hold-desk.ts'
import type { SeatBooks } from './seat-books.ts'
import type { SeatInventory } from './seat-inventory.port.ts'
import { attempt } from './seat-loader.ts'

/** Holds freed in one call, and calls for one schedule in one tick: a storm of expiries is spread over ticks. */
const limit = 256
const rounds = 160

/**
 * Tidies up: holds are free at their deadline without it, but nobody is told. Also releases the holds of a line that was
 * reset, and hands pins whose lease is over to `onStalePins`.
 */
export function createExpiryLoop(p: {
  readonly records: Pick<SaleRecords, 'live'>
  readonly books: Pick<SeatBooks, 'publish'>
  readonly inventory: SeatInventory
  readonly onStalePins: OnStalePins
}): Loop {
  const { inventory, books } = p
  const epochs = new Map<Id, Id>()

  const reap = async (scheduleId: Id): Promise<void> => {
    const stale = new Set<Id>()
    for (let round = 0; round < rounds; round++) {
      const { stalePins, more, ...news } = await attempt(() => inventory.reap({ scheduleId, limit }))
      books.publish(scheduleId, { from: news.from, version: news.version, changes: news.changes })
      for (const requestId of stalePins) stale.add(requestId)
      if (!more) break
    }
    if (stale.size > 0) await p.onStalePins({ scheduleId, requestIds: [...stale] })
  }

  const endOldEpochs = async (scheduleId: Id, epoch: Id): Promise<void> => {
    if (epochs.get(scheduleId) === epoch) return
    const commands = [{ do: 'reset', operationId: `reset-${epoch}`.slice(0, 64), epoch }] as const
    const { from, version, changes } = await attempt(() => inventory.commit({ scheduleId, commands }))
    books.publish(scheduleId, { from, version, changes })
    epochs.set(scheduleId, epoch)
  }

  return {
    name: 'expiry',
    everyMs: 500,
    tick: async () => {
      const failures: unknown[] = []
      for (const { scheduleId, epoch } of await p.records.live()) {
        try {
          await endOldEpochs(scheduleId, epoch)
          await reap(scheduleId)
        } catch (error) {
          failures.push(error)
        }
      }
      if (failures.length > 0) throw failures[0]
    },
  }
}
