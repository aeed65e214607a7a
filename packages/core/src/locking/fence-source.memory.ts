import { TicketingError } from '../shared/errors.ts'
import { demandId } from '../shared/ids.ts'
import { defineTable, type MemoryRecord } from '../shared/record.memory.ts'
import type { FenceSource } from './fence-source.port.ts'
import { maxFenceEpoch } from './lock.ts'

/** The last epoch of each key. */
export const fenceEpochs = defineTable<number>('fence-epoch')

export function createMemoryFenceSource(p: { readonly record: MemoryRecord }): FenceSource {
  const epochs = p.record.table(fenceEpochs)
  return {
    async next({ key }) {
      const epoch = (epochs.get(demandId(key, 'key')) ?? 0) + 1
      if (epoch > maxFenceEpoch) throw new TicketingError('STORE_FAULT', 'the epochs of this key are used up')
      epochs.set(key, epoch)
      return epoch
    },
  }
}
