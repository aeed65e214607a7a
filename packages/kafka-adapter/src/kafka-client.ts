import type { DefaultPartitioner, PartitionAssigner } from 'kafkajs'

/** What we call of kafkajs's `Kafka`. Yours is borrowed: only the producers, consumers and admins made of it are closed. */
export interface KafkaClient {
  producer(config: {
    readonly allowAutoTopicCreation: boolean
    readonly createPartitioner: DefaultPartitioner
    readonly retry: Retry
  }): KafkaProducer
  consumer(config: {
    readonly groupId: string
    readonly allowAutoTopicCreation: boolean
    readonly partitionAssigners: PartitionAssigner[]
    readonly sessionTimeout: number
    readonly rebalanceTimeout: number
    readonly heartbeatInterval: number
    readonly maxWaitTimeInMs: number
    readonly retry: Retry & { readonly restartOnFailure: () => Promise<boolean> }
  }): KafkaConsumer
  admin(config: { readonly retry: Retry }): KafkaAdmin
}

interface Retry {
  readonly retries: number
  readonly initialRetryTime: number
  readonly maxRetryTime: number
}

/** Of one call. Who called tries again when it must, so kafkajs need not for long. */
export const retry: Retry = { retries: 5, initialRetryTime: 100, maxRetryTime: 1_000 }

export interface KafkaProducer {
  connect(): Promise<void>
  sendBatch(batch: { acks: number; timeout: number; topicMessages: TopicRecords[] }): Promise<unknown>
  disconnect(): Promise<void>
}

export interface TopicRecords {
  readonly topic: string
  readonly messages: OutgoingRecord[]
}

export interface OutgoingRecord {
  readonly key: Buffer | string | null
  readonly value: Buffer | string | null
  readonly headers: Readonly<Record<string, Buffer | string>>
}

export interface KafkaConsumer {
  connect(): Promise<void>
  subscribe(p: { topics: string[]; fromBeginning: boolean }): Promise<void>
  run(p: {
    autoCommit: false
    eachBatchAutoResolve: false
    partitionsConsumedConcurrently: number
    eachBatch: (batch: FetchedBatch) => Promise<void>
  }): Promise<void>
  disconnect(): Promise<void>
  on(event: ConsumerEvent, listener: (event: { readonly payload: unknown }) => void): () => void
}

/** Where kafkajs tells what its consumer does. */
export type ConsumerEvent =
  | 'consumer.connect'
  | 'consumer.heartbeat'
  | 'consumer.rebalancing'
  | 'consumer.group_join'
  | 'consumer.crash'
  | 'consumer.stop'
  | 'consumer.disconnect'

/** What was fetched of one partition, and the member's means while it works it off. */
export interface FetchedBatch {
  readonly batch: {
    readonly partition: number
    /** The offset after the newest record of the partition. */
    readonly highWatermark: string
    readonly messages: readonly FetchedRecord[]
  }
  heartbeat(): Promise<void>
  resolveOffset(offset: string): void
  commitOffsetsIfNecessary(offsets: {
    topics: { topic: string; partitions: { partition: number; offset: string }[] }[]
  }): Promise<void>
  isRunning(): boolean
}

export interface FetchedRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly offset: string
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>
}

export interface KafkaAdmin {
  connect(): Promise<void>
  disconnect(): Promise<void>
  listTopics(): Promise<string[]>
  createTopics(p: {
    waitForLeaders: boolean
    topics: {
      topic: string
      numPartitions: number
      replicationFactor: number
      configEntries: { name: string; value: string }[]
    }[]
  }): Promise<boolean>
  fetchTopicOffsets(topic: string): Promise<unknown>
  fetchTopicMetadata(p: {
    topics: string[]
  }): Promise<{ topics: { name: string; partitions: { replicas: number[] }[] }[] }>
  describeConfigs(p: {
    includeSynonyms: boolean
    resources: { type: 2; name: string; configNames: string[] }[]
  }): Promise<{ resources: { resourceName: string; configEntries: { configName: string; configValue: string }[] }[] }>
}
