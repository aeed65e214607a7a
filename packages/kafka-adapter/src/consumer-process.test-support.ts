// One process with one consumer of a group: it tells its parent every batch that is done.
import { consume, openBus } from './kafka.test-support.ts'

const [brokers = '', prefix = ''] = process.argv.slice(2)
const bus = openBus(brokers.split(','), { prefix })

/** Told before the batch counts as done, so that a kill in between doubles it, and never hides it. */
const tell = (message: unknown) => new Promise<void>((resolve) => process.send?.(message, () => resolve()))

await consume(bus, {
  handle: async (batch) => {
    await tell(batch)
    return batch.map(() => 'done' as const)
  },
})
process.once('SIGTERM', async () => {
  await bus.close()
  process.disconnect()
})
