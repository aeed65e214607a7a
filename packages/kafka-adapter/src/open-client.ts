import type { Observer } from '@b-ticketing/core'
import { Kafka, type KafkaConfig, type LogEntry, logLevel } from 'kafkajs'
import { type KafkaClient, retry } from './kafka-client.ts'

/** How to reach the brokers; `ssl` and `sasl` go to kafkajs as they are. */
export type KafkaConnection = Pick<KafkaConfig, 'brokers' | 'clientId' | 'ssl' | 'sasl'>

/** A client of ours. Whoever uses it has a bound of their own, and tries again. */
export const openClient = (connection: KafkaConnection, observer: Observer): KafkaClient =>
  new Kafka({
    ...connection,
    // Connecting means TLS and a busy broker too; kafkajs's own second is short, and its 30 for a request are long.
    connectionTimeout: 5_000,
    requestTimeout: 10_000,
    retry,
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => report(observer, entry),
  })

/** What kafkajs takes for an error is mostly a step of its retries; what matters is told by who uses it. */
function report(observer: Observer, { namespace, log }: LogEntry): void {
  const { message, broker, groupId, error } = log
  observer.log('debug', `kafkajs: ${message}`, { namespace, broker, groupId, error: String(error ?? '') })
}
