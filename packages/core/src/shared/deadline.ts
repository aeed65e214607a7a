import type { Runtime } from './runtime.ts'
import type { Ms } from './types.ts'

/** What `withDeadline` answers when the time was over first; the work's signal has been aborted then. */
export const overdue = Symbol('overdue')

/** Runs `work` for at most `ms`: never longer, also when the work ignores its signal. */
export async function withDeadline<T>(p: {
  readonly runtime: Pick<Runtime, 'sleep'>
  readonly ms: Ms
  readonly work: (signal: AbortSignal) => Promise<T>
}): Promise<T | typeof overdue> {
  const work = new AbortController()
  const timer = new AbortController()
  const late = p.runtime.sleep({ ms: p.ms, signal: timer.signal }).then((): typeof overdue => overdue)
  try {
    const first = await Promise.race([p.work(work.signal), late])
    if (first === overdue) work.abort()
    return first
  } finally {
    // With a reason: without one an exception is made, for 38 µs, that nobody looks at.
    timer.abort(overdue)
  }
}
