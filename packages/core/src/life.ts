import type { Subscription } from './messaging/event-bus.port.ts'
import { TicketingError } from './shared/errors.ts'
import { type Loop, repeat } from './shared/loop.ts'
import type { Observer } from './shared/observer.ts'
import type { Runtime } from './shared/runtime.ts'

export interface Life {
  /** Starts every loop of its roles; returns once consumers are subscribed. Repeatable. */
  start(): Promise<void>
  /** Runs every loop once: for tests and schedulers of your own. Throws, when all have run, what the first that failed threw. */
  tick(): Promise<void>
  /**
   * Stops loops and consumers, finishes what is running, closes what the adapters opened; what needs a store is `CLOSED` from
   * then on. Repeatable.
   */
  close(): Promise<void>
}

/** Start, tick and close: the loops and consumers of one engine. */
export function createLife(p: {
  readonly runtime: Runtime
  readonly observer: Observer
  readonly loops: readonly Loop[]
  readonly consumers: readonly { subscribe(): Promise<Subscription> }[]
  readonly finish: () => Promise<void>
}): Life {
  const stopping = new AbortController()
  const { signal } = stopping
  let running: readonly Promise<void>[] = []
  let subscribed: Promise<readonly Subscription[]> | null = null
  let closed: Promise<void> | null = null

  const close = async (): Promise<void> => {
    stopping.abort()
    const subscriptions = (await subscribed?.catch(() => [])) ?? []
    try {
      await Promise.all(subscriptions.map((subscription) => subscription.close()))
      await Promise.all(running)
    } finally {
      // Whatever a bus could not end, what was opened is closed.
      await p.finish()
    }
  }

  return {
    start: async () => {
      if (signal.aborted) throw new TicketingError('CLOSED', 'the engine is closed')
      if (!subscribed) {
        subscribed = Promise.all(p.consumers.map((consumer) => consumer.subscribe()))
        running = p.loops.map((loop) => repeat({ loop, runtime: p.runtime, signal, observer: p.observer }))
      }
      await subscribed
    },
    tick: async () => {
      // One loop that fails, perhaps for want of a broker, does not stop the others.
      const failures: unknown[] = []
      for (const loop of p.loops) await loop.tick().catch((error: unknown) => failures.push(error))
      if (failures.length > 0) throw failures[0]
    },
    close: () => {
      closed ??= close()
      return closed
    },
  }
}
