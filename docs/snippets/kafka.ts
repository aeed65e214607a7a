// region engine
import { createBookingEngine, type Engine } from '@b-ticketing/core'
import { inMemoryAdapters } from '@b-ticketing/core/memory'
import { kafkaAdapters } from '@b-ticketing/kafka-adapter'

export async function openEngine(brokers: string[], secret: string): Promise<Engine> {
  const record = inMemoryAdapters()
  const onKafka = kafkaAdapters(
    { brokers, clientId: 'box-office' },
    { deadLetters: record.deadLetters, prefix: 'box-office.' },
  )

  // Makes the topics that are missing; throws when one would lose messages, and says what an operator should know.
  const { warnings } = await onKafka.doctor()
  for (const warning of warnings) console.warn(warning)

  return createBookingEngine({ ...record, ...onKafka, tokenSecrets: [{ kid: '2026-11', secret }] })
}
// endregion
