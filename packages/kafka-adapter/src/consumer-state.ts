import { type Id, isTicketingError, type Observer, type Topic } from '@b-ticketing/core'
import type { RunEnd } from './consumer-run.ts'
import { asFault } from './fault.ts'

/** What an operator sees of one consumer. */
export interface ConsumerHealth {
  readonly topic: Topic
  readonly group: Id
  /** `joining`: not in the group; `rebalancing`: the group shares its partitions anew; `paused`: waits for a dependency. */
  readonly state: 'joining' | 'rebalancing' | 'consuming' | 'paused' | 'closed'
  /** How many partitions it has now. */
  readonly partitions: number
  /** Messages waiting in them, as of the last fetch. */
  readonly lag: number
  /** How often the watchdog made it anew. */
  readonly restarts: number
  /** Why it is not consuming, as far as that is known. */
  readonly fault: string | null
}

/** What is known of one consumer, and told to the observer as it changes. */
export interface ConsumerState {
  joined(partitions: number): void
  rebalancing(): void
  /** Of one partition: the next offset to be done, and the one after its newest message. */
  progressed(p: { readonly partition: number; readonly next: bigint; readonly end: string }): void
  /** It has no partitions any more, and another one is made once it is gone. */
  left(reason: RunEnd): void
  restarting(reason: RunEnd, error: unknown): void
  closed(): void
  health(paused: string | null): ConsumerHealth
}

export function createConsumerState(p: {
  readonly topic: Topic
  readonly group: Id
  readonly observer: Observer
}): ConsumerState {
  const { observer, ...labels } = p
  const lags = new Map<number, number>()
  let state: Exclude<ConsumerHealth['state'], 'paused'> = 'joining'
  let partitions = 0
  let restarts = 0
  let fault: string | null = null

  const setPartitions = (count: number): void => {
    partitions = count
    lags.clear()
    observer.gauge('kafka_consumer_partitions', count, labels)
  }

  return {
    joined: (count) => {
      state = 'consuming'
      fault = null
      setPartitions(count)
      observer.log('info', 'a consumer joined its group', { ...labels, partitions: count })
    },
    rebalancing: () => {
      state = 'rebalancing'
      observer.count('kafka_rebalances', labels)
    },
    progressed: ({ partition, next, end }) => {
      // What was begun before it left.
      if (partitions === 0) return
      lags.set(partition, Math.max(0, Number(BigInt(end) - next)))
      observer.gauge('kafka_consumer_lag', sumOf(lags), labels)
    },
    left: (reason) => {
      state = 'joining'
      fault = `the consumer ended: ${reason}`
      setPartitions(0)
    },
    restarting: (reason, error) => {
      restarts++
      if (error !== undefined) fault = textOf(error)
      observer.count('kafka_consumer_restarts', { ...labels, reason })
      observer.log('warn', 'a consumer is made anew', { ...labels, reason, fault })
    },
    closed: () => {
      state = 'closed'
      setPartitions(0)
    },
    health: (paused) => ({
      topic: p.topic,
      group: p.group,
      state: state === 'consuming' && paused !== null ? 'paused' : state,
      partitions,
      lag: sumOf(lags),
      restarts,
      fault: paused ?? fault,
    }),
  }
}

const sumOf = (lags: ReadonlyMap<number, number>): number => [...lags.values()].reduce((sum, lag) => sum + lag, 0)

function textOf(error: unknown): string {
  const { message, cause } = isTicketingError(error) ? error : asFault(error)
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}
