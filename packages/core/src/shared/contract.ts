import type { AuditRow } from './audit.ts'
import { type Runtime, systemRuntime } from './runtime.ts'
import type { Ms } from './types.ts'

/** One named case of a conformance kit. Runner-neutral: `for (const { name, run } of kit(factory)) test(name, run)`. */
export interface ContractCase {
  readonly name: string
  readonly run: () => Promise<void>
}

/** What a kit gets from its factory: an isolated, empty subject whose clock the kit moves (a kit never sleeps). */
export interface Subject<Port> {
  readonly port: Port
  /** The store's own clock, as the port judges deadlines by it. */
  now(): Ms
  /** Moves that clock forward. */
  advance(ms: Ms): void | Promise<void>
  close?(): void | Promise<void>
}

/** A subject of the record, whose store writes the trail of operators' acts. */
export interface Audited {
  /** Every audit row, oldest first, read from the store itself and not through the port. */
  audit(): Promise<readonly AuditRow[]>
}

export type SubjectFactory<S> = () => S | Promise<S>

/** Binds cases to a factory: every case gets a subject of its own, closed afterwards also when the case fails. */
export function bindCases<S extends { close?(): void | Promise<void> }>(
  kit: string,
  factory: SubjectFactory<S>,
  cases: Readonly<Record<string, (subject: S) => Promise<void>>>,
): readonly ContractCase[] {
  return Object.entries(cases).map(([name, run]) => ({
    name: `${kit}: ${name}`,
    run: async () => {
      const subject = await factory()
      try {
        await run(subject)
      } finally {
        await subject.close?.()
      }
    },
  }))
}

/** A runtime whose clock only moves when told to; `sleep` returns in order of its deadlines as `advance` passes them. */
export interface ManualRuntime extends Runtime {
  /** Jumps: all whose deadline has come wake together and see the new time. */
  advance(ms: Ms): void
  /** Moves on from deadline to deadline; whatever a sleeper does next, sleeping again included, happens at its own instant. */
  elapse(ms: Ms): Promise<void>
}

/** Lets everything that can go on without the clock go on. */
export const settle = (): Promise<void> => new Promise((resolve) => systemRuntime.defer(resolve))

export function manualRuntime(p: { readonly start?: Ms; readonly seed?: number } = {}): ManualRuntime {
  let now = p.start ?? 1_800_000_000_000
  let state = (p.seed ?? 1) >>> 0
  const sleepers: { at: Ms; wake: () => void }[] = []
  const advance = (ms: Ms): void => {
    now += ms
    while (sleepers[0] && sleepers[0].at <= now) sleepers.shift()?.wake()
  }
  // Like a real timer, at least 1 ms: a loop without a pause could never be elapsed.
  const sleep = (ms: Ms, signal: AbortSignal | undefined, resolve: () => void): void => {
    const sleeper = { at: now + Math.max(1, ms || 1), wake: () => {} }
    const abandon = () => {
      sleepers.splice(sleepers.indexOf(sleeper), 1)
      resolve()
    }
    sleeper.wake = () => {
      signal?.removeEventListener('abort', abandon)
      resolve()
    }
    signal?.addEventListener('abort', abandon, { once: true })
    const after = sleepers.findIndex(({ at }) => at > sleeper.at)
    sleepers.splice(after < 0 ? sleepers.length : after, 0, sleeper)
  }
  const nextByte = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) & 0xff
  }
  return {
    now: () => now,
    random: (bytes) => Uint8Array.from({ length: bytes }, nextByte),
    sleep: ({ ms, signal }) =>
      new Promise((resolve) => {
        if (signal?.aborted) resolve()
        else sleep(ms, signal, resolve)
      }),
    defer: (run) => queueMicrotask(run),
    advance,
    elapse: async (ms) => {
      const end = now + ms
      await settle()
      while (sleepers[0] && sleepers[0].at <= end) {
        advance(Math.max(0, sleepers[0].at - now))
        await settle()
      }
      advance(end - now)
    },
  }
}
