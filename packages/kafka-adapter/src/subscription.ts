import { type Id, type Observer, systemRuntime, type Topic } from '@b-ticketing/core'
import { redeliveryPauseMs } from '@b-ticketing/core/adapter-kit'
import type { Subscription } from '@b-ticketing/core/ports'
import type { BatchWorker } from './batch-worker.ts'
import { type ConsumerRun, type RunEnd, startConsumer } from './consumer-run.ts'
import { type ConsumerHealth, createConsumerState } from './consumer-state.ts'
import { deferred } from './deferred.ts'
import type { FetchedBatch, FetchedRecord, KafkaClient } from './kafka-client.ts'
import { keepMembership } from './membership.ts'
import type { Timing } from './timing.ts'

export interface WatchedSubscription extends Subscription {
  /** Resolves when the group is joined for the first time, or there will be no first time. */
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
  const { timing, worker } = p
  const state = createConsumerState({ topic: p.topic, group: p.group, observer: p.observer })
  const closing = new AbortController()
  const givenUp = new AbortController()
  const { promise: whenClosing, resolve: beginClose } = deferred<RunEnd>()
  const { promise: joined, resolve: join } = deferred<void>()
  let failures = 0

  const eachBatch = async (fetched: FetchedBatch, over: AbortSignal, onAnswer: () => void): Promise<void> => {
    const { partition, highWatermark: end, messages: records } = fetched.batch
    if (records.length === 0) return
    const commit = async ({ offset }: FetchedRecord): Promise<void> => {
      const next = BigInt(offset) + 1n
      const partitions = [{ partition, offset: String(next) }]
      await fetched.commitOffsetsIfNecessary({ topics: [{ topic: p.names.topic, partitions }] })
      fetched.resolveOffset(offset)
      state.progressed({ partition, next, end })
    }
    state.progressed({ partition, next: BigInt(records[0]!.offset), end })
    const membership = keepMembership({ heartbeat: () => fetched.heartbeat(), everyMs: timing.heartbeatMs, onAnswer })
    try {
      const stop = AbortSignal.any([over, membership.lost])
      await worker.workOff({ partition, records, commit, stop, giveUp: givenUp.signal })
    } finally {
      membership.end()
    }
  }

  /** One consumer from its first step to its last; @returns why it ended, and with what. */
  const liveOnce = async (): Promise<readonly [RunEnd, unknown]> => {
    const over = new AbortController()
    const run: ConsumerRun = startConsumer({
      ...p,
      ...p.names,
      eachBatch: (fetched) => eachBatch(fetched, over.signal, () => run.alive()),
      onJoin: (partitions) => {
        if (over.signal.aborted) return
        failures = 0
        state.joined(partitions.length)
        join()
      },
      onRebalance: () => {
        if (!over.signal.aborted) state.rebalancing()
      },
    })
    const reason = await Promise.race([run.ended, whenClosing])
    over.abort()
    // At once: leaving takes its time, from brokers that do not answer most of all.
    if (reason !== 'closed') state.left(reason)
    await run.dispose()
    return [reason, run.error()]
  }

  const live = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      const [reason, error] = await liveOnce().catch((fault: unknown) => ['fault', fault] as const)
      if (reason === 'closed') break
      state.restarting(reason, error)
      await systemRuntime.sleep({ ms: redeliveryPauseMs(++failures), signal: closing.signal })
    }
    state.closed()
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
    health: () => state.health(worker.paused()),
    close: () => {
      closed ??= close()
      return closed
    },
  }
}
