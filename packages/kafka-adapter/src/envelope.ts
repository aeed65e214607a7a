import type { Message, Topic } from '@b-ticketing/core'
import { fromCloudEvent, toCloudEvent } from '@b-ticketing/core/adapter-kit'
import type { FetchedRecord, OutgoingRecord } from './kafka-client.ts'

export const toRecord = (message: Message): OutgoingRecord & { readonly value: Buffer } => {
  const { key, value, headers } = toCloudEvent(message)
  return { key, value: Buffer.from(value), headers }
}

export type ReadRecord = { readonly message: Message } | { readonly problem: string }

/** What a record says, or why it is no message of this topic. Never throws, whatever stands there. */
export function readRecord(topic: Topic, { key, value, headers }: FetchedRecord): ReadRecord {
  const id = headers?.ce_id
  try {
    const read = fromCloudEvent({
      key: textOf(key),
      value: textOf(value),
      headers: { ce_id: id === undefined || Array.isArray(id) ? undefined : String(id) },
    })
    if (!read.ok) return { problem: read.problems.join('; ') }
    return read.value.topic === topic ? { message: read.value } : { problem: 'the message is of another topic' }
  } catch {
    return { problem: 'the bytes are no UTF-8' }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

const textOf = (bytes: Buffer | null): string | null => (bytes === null ? null : utf8.decode(bytes))
