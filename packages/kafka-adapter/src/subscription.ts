import { type Id, isTicketingError, type Observer, systemRuntime, type Topic } from '@b-ticketing/core'
import { redeliveryPauseMs } from '@b-ticketing/core/adapter-kit'
import type { Subscription } from '@b-ticketing/core/ports'
import type { BatchWorker } from './batch-worker.ts'
import { type ConsumerRun, type RunEnd, startConsumer } from './consumer-run.ts'
import { deferred } from './deferred.ts'
import { asFault } from './fault.ts'
import type { FetchedBatch, FetchedRecord, KafkaClient } from './kafka-client.ts'
import { keepMembership } from './membership.ts'
import type { Timing } from './timing.ts'

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

export interface WatchedSubscription extends Subscription {
  /** Resolves when the group is joined for the first time. */
  readonly joined: Promise<void>
  health(): ConsumerHealth
}

/**
 * A member of a group for as long as it is not closed: the watchdog makes a new consumer whenever the last one crashed, stopped,
 * or has gone silent.
 */
export function openSubscription(p: {
  readonly client: KafkaClient
  readonly topic: Topic
  readonly group: Id
  /** Their names in Kafka. */
  readonly names: { readonly topic: string; readonly group: string }
  readonly worker: BatchWorker
  readonly concurrency: number
  readonly ready: () => Promise<unknown>
  readonly timing: Timing
  readonly observer: Observer
}): WatchedSubscription {
  const { topic, group, timing, observer, worker } = p
  const labels = { topic, group }
  const closing = new AbortController()
  const givenUp = new AbortController()
  const { promise: whenClosing, resolve: beginClose } = deferred<RunEnd>()
  const { promise: joined, resolve: join } = deferred<void>()
  const lags = new Map<number, number>()
  let partitions: readonly number[] = []
  let state: 'joining' | 'rebalancing' | 'consuming' = 'joining'
  let restarts = 0
  let failures = 0
  let lastFault: string | null = null

  const setLag = (partition: number, highWatermark: string, next: number): void => {
    lags.set(partition, Math.max(0, Number(highWatermark) - next))
    observer.gauge('kafka_consumer_lag', lagOf(lags), labels)
  }

  const eachBatch = async (fetched: FetchedBatch, over: AbortSignal, onBeat: () => void): Promise<void> => {
    const { batch } = fetched
    const { partition, highWatermark, messages } = batch
    const first = messages[0]
    if (!first) return
    const membership = keepMembership({
      heartbeat: () => fetched.heartbeat(),
      everyMs: timing.heartbeatMs,
      onBeat,
    })
    const commit = async ({ offset }: FetchedRecord): Promise<void> => {
      const next = BigInt(offset) + 1n
      await fetched.commitOffsetsIfNecessary({
        topics: [{ topic: p.names.topic, partitions: [{ partition, offset: String(next) }] }],
      })
      fetched.resolveOffset(offset)
      setLag(partition, highWatermark, Number(next))
    }
    setLag(partition, highWatermark, Number(first.offset))
    try {
      const stop = AbortSignal.any([over, membership.lost])
      await worker.workOff({ partition, records: messages, commit, stop, giveUp: givenUp.signal })
    } finally {
      membership.end()
    }
  }

  const onJoin = (mine: readonly number[]): void => {
    partitions = mine
    state = 'consuming'
    failures = 0
    lastFault = null
    lags.clear()
    observer.log('info', 'a consumer joined its group', { ...labels, partitions: mine.length })
    observer.gauge('kafka_consumer_partitions', mine.length, labels)
    join()
  }

  const onRebalance = (): void => {
    state = 'rebalancing'
    observer.count('kafka_rebalances', labels)
  }

  const restartAfter = async (reason: RunEnd, error: unknown): Promise<void> => {
    lastFault = error === undefined ? `the consumer ended: ${reason}` : faultText(error)
    restarts++
    observer.count('kafka_consumer_restarts', { ...labels, reason })
    observer.log('warn', 'a consumer is made anew', { ...labels, reason, fault: lastFault })
    await systemRuntime.sleep({ ms: redeliveryPauseMs(++failures), signal: closing.signal })
  }

  /** One consumer from its first step to its last. */
  const liveOnce = async (): Promise<void> => {
    const over = new AbortController()
    const run: ConsumerRun = startConsumer({
      ...p,
      ...p.names,
      eachBatch: (fetched) => eachBatch(fetched, over.signal, () => run.alive()),
      onJoin,
      onRebalance,
    })
    const reason = await Promise.race([run.ended, whenClosing])
    over.abort()
    await run.dispose()
    partitions = []
    state = 'joining'
    observer.gauge('kafka_consumer_partitions', 0, labels)
    if (reason !== 'closed') await restartAfter(reason, run.error())
  }

  const live = async (): Promise<void> => {
    while (!closing.signal.aborted) await liveOnce()
  }
  const lived = live()

  const close = async (): Promise<void> => {
    closing.abort()
    beginClose('closed')
    join()
    const patience = setTimeout(() => givenUp.abort(), timing.closeTimeoutMs)
    await lived
    clearTimeout(patience)
  }
  let closed: Promise<void> | null = null

  return {
    joined,
    health: () => {
      const paused = worker.paused()
      const shown = closing.signal.aborted ? 'closed' : state === 'consuming' && paused !== null ? 'paused' : state
      const fault = paused ?? lastFault
      return { topic, group, state: shown, partitions: partitions.length, lag: lagOf(lags), restarts, fault }
    },
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

const lagOf = (lags: ReadonlyMap<number, number>): number => [...lags.values()].reduce((sum, lag) => sum + lag, 0)

function faultText(error: unknown): string {
  const { message, cause } = isTicketingError(error) ? error : asFault(error)
  return cause instanceof Error ? `${message}: ${cause.message}` : message
}
