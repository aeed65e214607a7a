import { demandId, TicketingError } from '@b-ticketing/core'
import { maxFenceEpoch } from '@b-ticketing/core/adapter-kit'
import type { FenceSource } from '@b-ticketing/core/ports'
import { sql } from 'kysely'
import { db, integer } from './query.ts'
import type { Store } from './store.ts'

/** Epochs for fencing numbers in MySQL: they grow also when the locks' own store lost everything. */
export const createMysqlFenceSource = ({ inTransaction }: Pick<Store, 'inTransaction'>): FenceSource => ({
  next: async ({ key }) => {
    const resource = demandId(key, 'key')
    return inTransaction(
      async (tx) => {
        const first = db.insertInto('bt_fence_epoch').values({ resource, epoch: 1 })
        await tx.run(first.onDuplicateKeyUpdate({ epoch: sql`epoch + 1` }))
        const row = await tx.first(db.selectFrom('bt_fence_epoch').select('epoch').where('resource', '=', resource))
        const epoch = integer(row?.epoch)
        if (epoch > maxFenceEpoch) throw new TicketingError('STORE_FAULT', 'the epochs of this key are used up')
        return epoch
      },
      // At worst an epoch is left out.
      { repeatUnknown: true },
    )
  },
})
