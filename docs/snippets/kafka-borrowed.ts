// region borrowed
import { type KafkaAdapters, kafkaAdapters } from '@b-ticketing/kafka-adapter'
import { Kafka } from 'kafkajs'

export function borrow(brokers: string[]): KafkaAdapters {
  const kafka = new Kafka({ clientId: 'box-office', brokers, ssl: true })
  return kafkaAdapters(kafka, { replicas: 3, partitions: 24 })
}
// endregion
