import { systemRuntime } from '@b-ticketing/core'
import { redeliveryPauseMs } from '@b-ticketing/core/adapter-kit'

/** What is known of the way into Kafka. */
export interface SenderState {
  acknowledged(): void
  failed(): void
  /** `down`: a send failed, and since then neither was one acknowledged nor did the brokers answer; `unused` before the first. */
  current(): 'unused' | 'up' | 'down'
  /** Nothing is asked any more. */
  close(): void
}

/**
 * Whether the brokers are back is asked, because the next send may be one of another process: then this one would be down for
 * ever. Each failed send begins the wait anew, so brokers that answer and yet acknowledge nothing do not pass for well.
 */
export function createSenderState(p: {
  /** Resolves when the brokers serve what is sent to. */
  readonly answers: () => Promise<unknown>
}): SenderState {
  let state: ReturnType<SenderState['current']> = 'unused'
  let failures = 0
  let closed = false
  let asking = new AbortController()

  const ask = async (over: AbortSignal): Promise<void> => {
    for (let answered = false; !answered; ) {
      await systemRuntime.sleep({ ms: redeliveryPauseMs(++failures), signal: over })
      if (over.aborted) return
      answered = await p.answers().then(
        () => true,
        () => false,
      )
    }
    if (!over.aborted) state = 'up'
  }

  return {
    acknowledged: () => {
      asking.abort()
      failures = 0
      state = 'up'
    },
    failed: () => {
      asking.abort()
      state = 'down'
      if (closed) return
      asking = new AbortController()
      void ask(asking.signal)
    },
    current: () => state,
    close: () => {
      closed = true
      asking.abort()
    },
  }
}
