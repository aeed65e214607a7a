import { randomBytes } from './crypto.ts'
import type { Ms } from './types.ts'

/**
 * The one source of non-determinism: the clock, randomness, waiting and the end of a turn. Nothing in core reads them in
 * another way, so a simulation that injects its own decides every order and replays a seed exactly.
 */
export interface Runtime {
  /** Milliseconds since 1970, UTC. */
  now(): Ms
  random(bytes: number): Uint8Array
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  sleep(p: { readonly ms: Ms; readonly signal?: AbortSignal }): Promise<void>
  /** Runs `run` at the end of this event-loop turn: what group commit collects until. */
  defer(run: () => void): void
}

/** A timer set further ahead than this fires at once, so longer sleeps end early: loops look again and sleep on. */
const longestTimer = 2 ** 31 - 1

export const systemRuntime: Runtime = {
  now: () => Date.now(),
  random: randomBytes,
  sleep: ({ ms, signal }) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const done = () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, Math.min(ms, longestTimer))
      signal?.addEventListener('abort', done, { once: true })
    }),
  defer: (run) => void setImmediate(run),
}
