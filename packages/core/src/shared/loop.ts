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
      report(p.observer, p.loop.name, failures, error)
    }
    if (p.signal.aborted) return
    await p.runtime.sleep({ ms: pauseAfter(p.loop.everyMs, failures), signal: p.signal })
  }
}

/** Never shorter than the loop's own pace, which may be slower than 5 s. */
const pauseAfter = (everyMs: Ms, failures: number): Ms =>
  failures === 0 ? everyMs : Math.max(everyMs, Math.min(5_000, Math.max(1, everyMs) * 2 ** Math.min(failures, 12)))

/** A host's logger that throws must not end the loop. */
function report(observer: Observer, loop: string, failures: number, error: unknown): void {
  try {
    observer.log('error', 'loop failed', { loop, failures, error })
    observer.count('loop_failures', { loop })
  } catch {
    // Nobody is left to tell.
  }
}
