import { eventBusContract } from '@b-ticketing/core/conformance'
import type { EventBus } from '@b-ticketing/core/ports'
import { sharedKafka } from '@b-ticketing/services'
import { afterAll, describe, test } from 'vitest'
import { backlogOf, kafkajs, openBus, until } from './kafka.test-support.ts'

const kafka = await sharedKafka()

describe.skipIf(kafka === null)('EventBus on Kafka', () => {
  const brokers = kafka?.brokers ?? []
  const admin = kafkajs(brokers).admin()
  const connected = admin.connect()
  afterAll(() => admin.disconnect())

  const cases = eventBusContract(async () => {
    await connected
    const bus = openBus(brokers)
    const listening = new Map<object, { topic: string; groupId: string }>()

    const subscribe: EventBus['subscribe'] = async (wanted) => {
      const subscription = await bus.eventBus.subscribe(wanted)
      listening.set(subscription, { topic: `${bus.prefix}${wanted.topic}`, groupId: `${bus.prefix}${wanted.group}` })
      return {
        close: async () => {
          listening.delete(subscription)
          await subscription.close()
        },
      }
    }

    const backlog = async (): Promise<number> => {
      const open = await Promise.all(
        [...listening.values()].map(({ topic, groupId }) => backlogOf(admin, topic, groupId)),
      )
      return open.reduce((sum, count) => sum + count, 0)
    }

    return {
      port: { publish: bus.eventBus.publish, subscribe },
      settled: () => until(async () => (await backlog()) === 0, 'settled'),
      parked: bus.parked,
      close: bus.close,
    }
  })

  for (const { name, run } of cases) test.concurrent(name, run, 60_000)
})
