import { systemRuntime } from '@b-ticketing/core'
import { overdue, withDeadline } from '@b-ticketing/core/adapter-kit'
import { Partitioners } from 'kafkajs'
import { asFault, unavailable } from './fault.ts'
import { type KafkaClient, type KafkaProducer, retry, type TopicRecords } from './kafka-client.ts'
import { createSenderState, type SenderState } from './sender-state.ts'

/** The one way into Kafka. */
export interface Sender {
  /**
   * One request, acknowledged by every replica in sync. Ends within the bound; what failed may still have been written, or be
   * written later.
   * @throws TicketingError `BUSY`, `STORE_FAULT`
   */
  send(batch: readonly TopicRecords[]): Promise<void>
  state(): ReturnType<SenderState['current']>
  close(): Promise<void>
}

export function createSender(p: {
  readonly client: KafkaClient
  /** Comes before the first send, and tells after a failed one when the brokers are back. */
  readonly ready: () => Promise<unknown>
  readonly timeoutMs: number
}): Sender {
  const { client, timeoutMs } = p
  let current: Promise<KafkaProducer> | null = null
  const state = createSenderState({ answers: p.ready })

  const open = async (): Promise<KafkaProducer> => {
    await p.ready()
    const createPartitioner = Partitioners.DefaultPartitioner
    const producer = client.producer({ allowAutoTopicCreation: false, createPartitioner, retry })
    await producer.connect().catch((error: unknown) => {
      producer.disconnect().catch(() => {})
      throw error
    })
    return producer
  }

  const producerOf = (): Promise<KafkaProducer> => {
    if (current) return current
    const opening = open()
    current = opening
    opening.catch(() => retire(opening))
    return opening
  }

  /** The next send opens a new one: a kafkajs producer does not always find its way back after a fault. */
  const retire = (producer: Promise<KafkaProducer>, last: Promise<unknown> = producer): void => {
    if (current === producer) current = null
    // Only after its last request has ended: one that is repeated would connect it again.
    void last
      .catch(() => {})
      .then(() => producer)
      .then((opened) => opened.disconnect())
      .catch(() => {})
  }

  return {
    send: async (batch) => {
      const producer = producerOf()
      let over = false
      let begun = false
      const sending = producer.then(async (opened) => {
        // What nobody waits for any more is not sent.
        if (over) return
        begun = true
        await opened.sendBatch({ acks: -1, timeout: timeoutMs, topicMessages: [...batch] })
      })
      try {
        const done = await withDeadline({ runtime: systemRuntime, ms: timeoutMs, work: () => sending })
        if (done === overdue) throw unavailable(`no acknowledgement within ${timeoutMs} ms`)
        state.acknowledged()
      } catch (error) {
        state.failed()
        over = true
        if (begun) retire(producer, sending)
        else sending.catch(() => {})
        throw asFault(error)
      }
    },
    state: state.current,
    close: async () => {
      state.close()
      const closing = current?.then((opened) => opened.disconnect()).catch(() => {})
      if (closing) await withDeadline({ runtime: systemRuntime, ms: timeoutMs, work: () => closing })
    },
  }
}
