import { createBookingEngine, generateBallpark } from '@b-ticketing/core'
import { inMemoryAdapters } from '@b-ticketing/core/memory'
import { sharedKafka } from '@b-ticketing/services'
import { expect, test } from 'vitest'
import { messageOf, openBus, publishAll, until } from './kafka.test-support.ts'

const kafka = await sharedKafka()

test.skipIf(kafka === null)(
  'P2, P5: a payment and its mail go over Kafka; what no record knows is parked, and replayed by an operator',
  async () => {
    const record = inMemoryAdapters()
    const bus = openBus(kafka?.brokers ?? [], { deadLetters: record.deadLetters })
    const engine = await createBookingEngine({
      ...record,
      eventBus: bus.eventBus,
      tokenSecrets: [{ kid: 'k1', secret: 'a secret of at least thirty-two characters' }],
    })
    await engine.start()
    expect(bus.health().consumers.map(({ topic, group }) => [topic, group])).toEqual([
      ['payment-requested', 'payment-service-group'],
      ['payment-completed', 'notification-service-group'],
    ])

    await engine.schedules.create({ scheduleId: 'game-1', venue: generateBallpark({ seats: 1_000 }), state: 'open' })
    const { ticket } = await engine.waitingRoom.join({ scheduleId: 'game-1', visitor: 'visitor-1' })
    const status = await engine.waitingRoom.status({ ticket })
    if (status.state !== 'admitted') throw new Error('not admitted')
    const hold = await engine.seating.autoAssign({ pass: status.pass, quantity: 2 })
    if (!hold.ok) throw new Error(hold.reason)
    await engine.payments.request({
      ...{ pass: status.pass, hold: hold.value, buyer: { email: 'fan@example.com' } },
      ...{ paymentToken: 'tok_approve', idempotencyKey: 'order-1' },
    })
    await until(() => record.notifier.messages().length === 1)

    await publishAll(bus, [messageOf('nobody', 1)])
    const letters = async () => (await engine.deadLetters.list()).items
    await until(async () => (await letters()).length === 1)
    const [letter] = await letters()
    expect(letter).toMatchObject({ source: 'payment-service-group', message: messageOf('nobody', 1), replayedAt: null })
    await engine.deadLetters.replay({ id: letter!.id })
    // Nothing has changed, so it comes back as the same letter, open again.
    await until(async () => (await letters())[0]?.replayedAt === null)
    expect(await letters()).toHaveLength(1)

    await engine.close()
    expect(bus.health().consumers).toEqual([])
    await expect(bus.eventBus.publish({ topic: 'payment-requested', messages: [] })).rejects.toMatchObject({
      code: 'CLOSED',
    })
  },
  60_000,
)
