import { type Id, type Message, type Ms, type Observer, systemRuntime, type Topic } from '@b-ticketing/core'
import {
  afterHandling,
  maxMessages,
  overdue,
  type Remaining,
  redeliveryPauseMs,
  withDeadline,
} from '@b-ticketing/core/adapter-kit'
import type { HandleReply } from '@b-ticketing/core/ports'
import { type DeadLetterBox, type ParkedRecord, unreadableLetter } from './dead-letter-box.ts'
import { deferred } from './deferred.ts'
import { readRecord } from './envelope.ts'
import { unavailable } from './fault.ts'
import type { FetchedRecord } from './kafka-client.ts'

export type Handle = (batch: readonly Message[]) => Promise<readonly HandleReply[]>

export interface BatchWorker {
  /**
   * Works records of one partition off, in order. False: not all of it was, because `stop` aborted first. A fault of a dependency
   * is waited out here, so nothing overtakes.
   */
  workOff(p: {
    readonly partition: number
    readonly records: readonly FetchedRecord[]
    /** Before this many records are done, and after each time: they will not come again. */
    readonly commit: (last: FetchedRecord) => Promise<void>
    /** Nothing more is begun. */
    readonly stop: AbortSignal
    /** A running `handle` is not waited for any longer. */
    readonly giveUp: AbortSignal
  }): Promise<boolean>
  /** Why nothing goes on, if a dependency is down. */
  paused(): string | null
}

export function createBatchWorker(p: {
  readonly topic: Topic
  readonly group: Id
  readonly handle: Handle
  readonly handleTimeoutMs: Ms
  readonly deadLetterBox: DeadLetterBox
  readonly observer: Observer
}): BatchWorker {
  const { topic, group } = p
  const labels = { topic, group }
  const pauses = new Map<number, string>()

  const handleInTime = async (messages: readonly Message[], giveUp: AbortSignal): Promise<readonly HandleReply[]> => {
    const work = () => unless(giveUp, p.handle(messages))
    const replies = await withDeadline({ runtime: systemRuntime, ms: p.handleTimeoutMs, work })
    if (replies === overdue) throw unavailable(`handling took more than ${p.handleTimeoutMs} ms`)
    return replies
  }

  const pause = async (partition: number, fault: unknown, faults: number, stop: AbortSignal): Promise<void> => {
    const reason = fault instanceof Error ? fault.message : String(fault)
    p.observer.count('kafka_handle_faults', labels)
    if (pauses.size === 0) p.observer.log('warn', 'a consumer waits for a dependency', { ...labels, reason })
    pauses.set(partition, reason)
    await systemRuntime.sleep({ ms: redeliveryPauseMs(faults), signal: stop })
  }

  const deliver = async (
    partition: number,
    records: readonly FetchedRecord[],
    { stop, giveUp }: { readonly stop: AbortSignal; readonly giveUp: AbortSignal },
  ): Promise<boolean> => {
    const sorted = sort({ topic, group, partition }, records)
    let { parked } = sorted
    let remaining: Remaining = { messages: [...sorted.readable.keys()], attempts: 0 }
    for (let faults = 0; parked.length > 0 || remaining.messages.length > 0; ) {
      if (stop.aborted) return false
      try {
        if (parked.length > 0) await p.deadLetterBox.park({ topic, partition, parked })
        parked = []
        if (remaining.messages.length > 0) {
          const after = afterHandling(group, remaining, await handleInTime(remaining.messages, giveUp))
          remaining = after.remaining
          parked = after.letters.map((letter) => ({ letter, record: sorted.readable.get(letter.message as Message)! }))
        }
        faults = 0
        pauses.delete(partition)
      } catch (fault) {
        await pause(partition, fault, ++faults, stop)
      }
    }
    return true
  }

  return {
    async workOff({ partition, records, commit, stop, giveUp }) {
      try {
        for (let from = 0; from < records.length; from += maxMessages) {
          const chunk = records.slice(from, from + maxMessages)
          if (!(await deliver(partition, chunk, { stop, giveUp }))) return false
          await commit(chunk.at(-1)!)
        }
        return true
      } finally {
        pauses.delete(partition)
      }
    },
    paused: () => pauses.values().next().value ?? null,
  }
}

/** Messages with the record each one was, and what is no message at all. */
function sort(
  place: { readonly topic: Topic; readonly group: Id; readonly partition: number },
  records: readonly FetchedRecord[],
): { readonly readable: ReadonlyMap<Message, FetchedRecord>; readonly parked: readonly ParkedRecord[] } {
  const readable = new Map<Message, FetchedRecord>()
  const parked: ParkedRecord[] = []
  for (const record of records) {
    const read = readRecord(place.topic, record)
    if ('message' in read) readable.set(read.message, record)
    else parked.push({ record, letter: unreadableLetter({ ...place, record, problem: read.problem }) })
  }
  return { readable, parked }
}

/** @throws TicketingError `BUSY` when `signal` aborts before `work` has ended. */
async function unless<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: aborted, reject } = deferred<never>()
  const fail = () => reject(unavailable('the consumer is closed'))
  signal.addEventListener('abort', fail)
  if (signal.aborted) fail()
  try {
    return await Promise.race([work, aborted])
  } finally {
    signal.removeEventListener('abort', fail)
  }
}
