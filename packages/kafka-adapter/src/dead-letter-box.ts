import type { Id, Observer, Topic } from '@b-ticketing/core'
import { deadLetterId } from '@b-ticketing/core/adapter-kit'
import type { DeadLetter, DeadLetters } from '@b-ticketing/core/ports'
import type { FetchedRecord, OutgoingRecord } from './kafka-client.ts'
import type { Sender } from './sender.ts'
import type { Topics } from './topics.ts'

export type Letter = Omit<DeadLetter, 'at' | 'replayedAt'>

/** A letter, and the record it was. */
export interface ParkedRecord {
  readonly letter: Letter
  readonly record: FetchedRecord
}

/** Where records end that cannot be handled: a row in the record, and the same bytes in `<topic>.dlq`. */
export interface DeadLetterBox {
  /** Both or a throw; repeated, it makes no second row, but may leave a second copy in the topic. */
  park(p: {
    readonly topic: Topic
    readonly partition: number
    readonly parked: readonly ParkedRecord[]
  }): Promise<void>
}

export function createDeadLetterBox(p: {
  readonly sender: Sender
  readonly topics: Topics
  readonly deadLetters: DeadLetters | undefined
  readonly observer: Observer
}): DeadLetterBox {
  return {
    async park({ topic, partition, parked }) {
      await p.deadLetters?.park({ letters: parked.map(({ letter }) => letter) })
      const messages = parked.map((one) => copyOf(one, p.topics.nameOf(topic), partition))
      await p.sender.send([{ topic: p.topics.deadLettersOf(topic), messages }])
      for (const { letter } of parked) {
        const { id, source, reason } = letter
        p.observer.log('error', 'a message was parked as a dead letter', { id, group: source, reason })
        p.observer.count('kafka_dead_letters', { topic, group: source })
      }
    },
  }
}

/** The letter of a record that is no message. Its place is its name: every delivery gives the same letter. */
export function unreadableLetter(p: {
  readonly topic: Topic
  readonly group: Id
  readonly partition: number
  readonly record: FetchedRecord
  readonly problem: string
}): Letter {
  const { topic, group, record } = p
  return {
    id: deadLetterId({ source: group, eventId: `${topic}-${p.partition}-${record.offset}` }),
    source: group,
    reason: p.problem,
    message: { topic: 'unreadable', from: topic, key: base64(record.key, 1_024), value: base64(record.value, 65_536) },
  }
}

const base64 = (bytes: Buffer | null, most: number): string | null =>
  bytes?.subarray(0, most).toString('base64') ?? null

function copyOf({ letter, record }: ParkedRecord, topic: string, partition: number): OutgoingRecord {
  return {
    key: record.key,
    value: record.value,
    headers: {
      ...singleHeaders(record),
      dlq_letter: letter.id,
      dlq_group: letter.source,
      dlq_reason: letter.reason,
      dlq_topic: topic,
      dlq_partition: String(partition),
      dlq_offset: record.offset,
    },
  }
}

const singleHeaders = ({ headers = {} }: FetchedRecord): Record<string, Buffer | string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => {
      const first = Array.isArray(value) ? value[0] : value
      return first === undefined ? [] : [[name, first]]
    }),
  )
