import { type Kafka, startKafka } from './kafka.ts'
import type { Shareable } from './shared.ts'

/** Where a shared broker is: one for all of a run, so every test has topics and groups of its own. */
export interface SharedKafka {
  /** host:port */
  readonly brokers: readonly string[]
  readonly from: 'environment' | Kafka['from']
}

export const shareableKafka: Shareable<SharedKafka> = {
  path: '/kafka',
  name: 'Kafka',
  given: () => {
    const brokers = process.env.TEST_KAFKA_BROKERS
    return brokers ? { brokers: brokers.split(','), from: 'environment' } : null
  },
  start: async () => {
    const { brokers, from, close } = await startKafka()
    return { address: { brokers, from }, close }
  },
}
