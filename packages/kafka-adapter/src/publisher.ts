import { type Message, type Ms, systemRuntime, type Topic } from '@b-ticketing/core'
import { demandMessages } from '@b-ticketing/core/adapter-kit'
import type { PublishReply } from '@b-ticketing/core/ports'
import { deferred } from './deferred.ts'
import { toRecord } from './envelope.ts'
import { asFault, unavailable } from './fault.ts'
import type { OutgoingRecord } from './kafka-client.ts'
import type { Sender } from './sender.ts'

/** Of one request: below the 1 MB that a broker takes for one partition. */
const mostBytes = 512 * 1_024
const mostMessages = 1_024

/** About what key and headers of a message take. */
const headerBytes = 512

/** Of what waits; more is `BUSY`. */
const backlog = 10_000

/** One `publish`. Once it is answered, nothing more of it is sent. */
interface Call {
  readonly replies: PublishReply[]
  /** How many are not acknowledged yet. */
  open: number
  readonly until: Ms
  answered: boolean
  /** What was not acknowledged by now is not known; a refusal is thrown. */
  readonly answer: (fault?: unknown) => void
  readonly reply: Promise<readonly PublishReply[]>
}

/** One message on its way. */
interface Waiting {
  readonly topic: Topic
  readonly record: OutgoingRecord
  readonly bytes: number
  readonly call: Call
  /** Among the messages of its call. */
  readonly index: number
}

export interface Publisher {
  publish(p: { readonly topic: Topic; readonly messages: readonly Message[] }): Promise<readonly PublishReply[]>
}

/**
 * Group commit: what all callers of a turn publish travels as one request, and one request is on its way at a time, so that the
 * order of a booking holds whatever is repeated. Every call is answered within the bound.
 */
export function createPublisher(p: {
  readonly sender: Pick<Sender, 'send'>
  readonly nameOf: (topic: Topic) => string
  readonly timeoutMs: number
}): Publisher {
  const line: Waiting[] = []
  const calls = createCalls(p.timeoutMs)
  let pumping = false

  const pump = async (): Promise<void> => {
    while (line.length > 0) await deliver(takeFrom(line))
    pumping = false
  }

  const deliver = async (batch: readonly Waiting[]): Promise<void> => {
    const topics = byTopic(batch)
    if (topics.length === 0) return
    try {
      const records = topics.map(([topic, waiting]) => ({
        topic: p.nameOf(topic),
        messages: waiting.map(({ record }) => record),
      }))
      await p.sender.send(records)
      for (const waiting of batch) acknowledged(waiting)
    } catch (fault) {
      // A topic that is refused does not take another one down with it.
      if (topics.length > 1) for (const [, waiting] of topics) await deliver(waiting.filter(isOpen))
      else for (const { call } of batch) call.answer(fault)
    }
  }

  const enqueue = (topic: Topic, messages: readonly Message[]): Call => {
    const call = calls.open(messages.length)
    for (const [index, message] of messages.entries()) {
      const record = toRecord(message)
      line.push({ topic, record, bytes: record.value.length + headerBytes, call, index })
    }
    if (!pumping) {
      pumping = true
      systemRuntime.defer(() => void pump())
    }
    return call
  }

  return {
    async publish({ topic, messages }) {
      demandMessages(topic, messages)
      if (messages.length === 0) return []
      if (line.length + messages.length > backlog) throw unavailable(`more than ${backlog} messages are waiting`)
      return enqueue(topic, messages).reply
    },
  }
}

/** Calls that wait for their answer. One timer serves them all: they come due in the order they came. */
function createCalls(timeoutMs: Ms): { open(count: number): Call } {
  const waiting = new Set<Call>()
  let timer: NodeJS.Timeout | undefined

  const sweep = (): void => {
    timer = undefined
    const now = performance.now()
    for (const call of waiting) {
      if (call.until > now) return wakeIn(call.until - now)
      call.answer()
    }
  }
  const wakeIn = (ms: Ms): void => {
    timer = setTimeout(sweep, Math.ceil(ms))
    timer.unref()
  }

  return {
    open: (count) => {
      const { promise: reply, resolve, reject } = deferred<readonly PublishReply[]>()
      const call: Call = {
        replies: new Array<PublishReply>(count).fill('unknown'),
        open: count,
        until: performance.now() + timeoutMs,
        answered: false,
        reply,
        answer: (fault) => {
          call.answered = true
          waiting.delete(call)
          if (fault === undefined || asFault(fault).code === 'BUSY') resolve(call.replies)
          else reject(fault)
        },
      }
      waiting.add(call)
      if (timer === undefined) wakeIn(timeoutMs)
      return call
    },
  }
}

function acknowledged({ call, index }: Waiting): void {
  call.replies[index] = 'acked'
  if (--call.open === 0) call.answer()
}

function byTopic(batch: readonly Waiting[]): readonly (readonly [Topic, readonly Waiting[]])[] {
  const groups = new Map<Topic, Waiting[]>()
  for (const waiting of batch) {
    const group = groups.get(waiting.topic)
    if (group) group.push(waiting)
    else groups.set(waiting.topic, [waiting])
  }
  return [...groups]
}

const isOpen = ({ call }: Waiting): boolean => !call.answered

/** The next request: as much as fits, without what has been answered. */
function takeFrom(line: Waiting[]): readonly Waiting[] {
  let bytes = 0
  let count = 0
  while (count < line.length && count < mostMessages) {
    bytes += line[count]!.bytes
    if (count > 0 && bytes > mostBytes) break
    count++
  }
  return line.splice(0, count).filter(isOpen)
}
