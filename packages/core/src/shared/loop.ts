import type { Observer } from './observer.ts'
import type { Runtime } from './runtime.ts'
import type { Ms } from './types.ts'

/** Background work. One `tick` does all that is due now and is safe to run twice, late, or in N processes at once. */
export interface Loop {
  readonly name: string
  /** Pause between two ticks of `start`. */
  readonly everyMs: Ms
  tick(): Promise<void>
}

/** Repeats `tick` until `signal` aborts. A tick that throws is reported and tried again after a growing pause (to 5 s). */
export async function repeat(p: {
  loop: Loop
  runtime: Runtime
  signal: AbortSignal
  observer: Observer
}): Promise<void> {
  let failures = 0
  while (!p.signal.aborted) {
    try {
      await p.loop.tick()
      failures = 0
    } catch (error) {
      failures++
      p.observer.log('error', 'loop failed', { loop: p.loop.name, failures, error })
      p.observer.count('loop_failures', { loop: p.loop.name })
    }
    const ms = failures === 0 ? p.loop.everyMs : Math.min(5_000, p.loop.everyMs * 2 ** Math.min(failures, 10))
    await p.runtime.sleep({ ms, signal: p.signal })
  }
}
