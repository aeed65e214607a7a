import assert from 'node:assert/strict'
import { ownKafka } from '@b-ticketing/services'

/** A broker of the row's own. */
export async function withKafka<T>(run: (brokers: string[]) => Promise<T>): Promise<T> {
  const kafka = await ownKafka()
  assert.ok(kafka, 'this row needs Kafka')
  try {
    return await run([...kafka.brokers])
  } finally {
    await kafka.close()
  }
}
