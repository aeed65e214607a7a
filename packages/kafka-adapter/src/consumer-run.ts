import { type Ms, systemRuntime } from '@b-ticketing/core'
import { withDeadline } from '@b-ticketing/core/adapter-kit'
import { subscribedRoundRobin } from './assigner.ts'
import { deferred } from './deferred.ts'
import { type FetchedBatch, type KafkaClient, type KafkaConsumer, retry } from './kafka-client.ts'
import type { Timing } from './timing.ts'

/** Why a consumer of kafkajs came to its end. */
export type RunEnd = 'closed' | 'crash' | 'stop' | 'silence' | 'fault'

/** One life of a kafkajs consumer. It is never trusted to restart itself: whoever runs it makes a new one. */
export interface ConsumerRun {
  /** Resolves when it consumes no more, for whatever reason. */
  readonly ended: Promise<RunEnd>
  /** What it failed with, if that is known. */
  error(): unknown
  /** The group has answered something that kafkajs has no event for. */
  alive(): void
  /** Leaves the group and disconnects. Returns within the bound. */
  dispose(): Promise<void>
}

export function startConsumer(p: {
  readonly client: KafkaClient
  readonly group: string
  readonly topic: string
  readonly concurrency: number
  readonly timing: Timing
  /** Comes before it connects. */
  readonly ready: () => Promise<unknown>
  readonly eachBatch: (batch: FetchedBatch) => Promise<void>
  readonly onJoin: (partitions: readonly number[]) => void
  readonly onRebalance: () => void
}): ConsumerRun {
  const { timing } = p
  const consumer = p.client.consumer({
    groupId: p.group,
    allowAutoTopicCreation: false,
    partitionAssigners: [subscribedRoundRobin],
    sessionTimeout: timing.sessionTimeoutMs,
    rebalanceTimeout: timing.rebalanceTimeoutMs,
    heartbeatInterval: timing.heartbeatMs,
    maxWaitTimeInMs: timing.fetchWaitMs,
    retry: { ...retry, restartOnFailure: async () => false },
  })
  const { promise: ended, resolve: end } = deferred<RunEnd>()
  let error: unknown
  let disposed = false
  const fail = (reason: RunEnd, cause: unknown): void => {
    error ??= cause
    end(reason)
  }
  const watch = watchdog(timing, () => end('silence'))
  listen(consumer, { ...p, watch, end, fail })

  const steps: readonly (() => Promise<unknown>)[] = [
    p.ready,
    () => consumer.connect(),
    // By its exact name: a regular expression never decides.
    () => consumer.subscribe({ topics: [p.topic], fromBeginning: true }),
    () =>
      consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: p.concurrency,
        eachBatch: p.eachBatch,
      }),
  ]

  const start = async (): Promise<void> => {
    try {
      for (const step of steps) if (!disposed) await step()
    } catch (fault) {
      fail('fault', fault)
    }
  }
  const started = start()

  return {
    ended,
    error: () => error,
    alive: watch.sign,
    dispose: async () => {
      disposed = true
      watch.stop()
      const leave = () => consumer.disconnect().catch(() => {})
      // A consumer that is still on its way in may connect after it was disconnected.
      void started.then(leave)
      await withDeadline({ runtime: systemRuntime, ms: timing.disposeMs, work: leave })
    },
  }
}

interface Watchdog {
  /** `joined`: from now on it fetches; otherwise it may wait for the group without a sign. */
  readonly sign: (joined?: boolean) => void
  readonly stop: () => void
}

/**
 * Barks when nothing was heard for longer than a consumer that works can be quiet. Counts its ticks and asks no clock: while this
 * process was held up it could not hear.
 */
function watchdog(timing: Timing, bark: () => void): Watchdog {
  let joined = false
  let quiet: Ms = 0
  const timer = setInterval(() => {
    quiet += timing.heartbeatMs
    if (quiet > (joined ? timing.silenceMs : timing.rebalanceTimeoutMs + timing.silenceMs)) bark()
  }, timing.heartbeatMs)
  timer.unref()
  return {
    sign: (now = joined) => {
      joined = now
      quiet = 0
    },
    stop: () => clearInterval(timer),
  }
}

function listen(
  consumer: KafkaConsumer,
  p: {
    readonly topic: string
    readonly watch: Watchdog
    readonly end: (reason: RunEnd) => void
    readonly fail: (reason: RunEnd, error: unknown) => void
    readonly onJoin: (partitions: readonly number[]) => void
    readonly onRebalance: () => void
  },
): void {
  // Only what a broker had to answer: a fetch is begun, and one of no partitions ended, with every retry.
  for (const event of ['consumer.connect', 'consumer.heartbeat'] as const) consumer.on(event, () => p.watch.sign())
  consumer.on('consumer.rebalancing', () => {
    p.watch.sign(false)
    p.onRebalance()
  })
  consumer.on('consumer.group_join', ({ payload }) => {
    p.watch.sign(true)
    p.onJoin((payload as { memberAssignment: Record<string, number[]> }).memberAssignment[p.topic] ?? [])
  })
  for (const event of ['consumer.stop', 'consumer.disconnect'] as const) consumer.on(event, () => p.end('stop'))
  consumer.on('consumer.crash', ({ payload }) => p.fail('crash', (payload as { error: unknown }).error))
}
