import { randomUUID } from 'node:crypto'
import { Kafka as Client, logLevel } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { ownKafka, sharedKafka } from './index.ts'

const shared = await sharedKafka()

const clientOf = (brokers: readonly string[]): Client =>
  new Client({ brokers: [...brokers], logLevel: logLevel.NOTHING, connectionTimeout: 5_000, retry: { retries: 8 } })

async function send(client: Client, topic: string, value: string): Promise<void> {
  const producer = client.producer()
  await producer.connect()
  await producer.send({ topic, messages: [{ key: 'a', value }] })
  await producer.disconnect()
}

/** The first `count` messages of a topic. */
async function read(client: Client, topic: string, count: number): Promise<string[]> {
  const consumer = client.consumer({ groupId: randomUUID() })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const values: string[] = []
  await new Promise<void>((resolve, reject) => {
    const eachMessage = async ({ message }: { message: { value: Buffer | null } }) => {
      values.push(String(message.value))
      if (values.length === count) resolve()
    }
    consumer.run({ eachMessage }).catch(reject)
  })
  await consumer.disconnect()
  return values
}

async function createTopic(client: Client, topic: string): Promise<void> {
  const admin = client.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] })
  await admin.disconnect()
}

describe.skipIf(shared === null)('Kafka', () => {
  test('one broker for a run: what is sent is read, and nobody’s topic is made for them', async () => {
    expect(await sharedKafka()).toEqual(shared)
    const client = clientOf(shared!.brokers)
    const topic = randomUUID()
    await expect(send(clientOf(shared!.brokers), topic, 'lost')).rejects.toThrow(/does not host this topic/)
    await createTopic(client, topic)
    await send(client, topic, 'first')
    await send(client, topic, 'second')
    expect(await read(client, topic, 2)).toEqual(['first', 'second'])
  })

  test('one’s own: what was acknowledged outlives a kill; a paused one answers when it goes on', async () => {
    const own = (await ownKafka(['message.max.bytes=2000']))!
    const client = clientOf(own.brokers)
    await createTopic(client, 'orders')
    await send(client, 'orders', 'before')
    await expect(send(client, 'orders', 'x'.repeat(3_000))).rejects.toThrow(/larger than the max/)
    await own.kill()
    await own.start()
    await own.pause()
    const sending = send(client, 'orders', 'after')
    expect(await Promise.race([sending, new Promise((resolve) => setTimeout(resolve, 200, 'silence'))])).toBe('silence')
    await own.resume()
    await sending
    expect(await read(client, 'orders', 2)).toEqual(['before', 'after'])
    await own.close()
    await expect(clientOf(own.brokers).admin().connect()).rejects.toThrow()
  }, 90_000)
})
