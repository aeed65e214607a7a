import type { Runtime } from './runtime.ts'
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
  advance(ms: Ms): void
}

export function manualRuntime(p: { readonly start?: Ms; readonly seed?: number } = {}): ManualRuntime {
  let now = p.start ?? 1_800_000_000_000
  let state = (p.seed ?? 1) >>> 0
  const sleepers: { at: Ms; wake: () => void }[] = []
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
        if (signal?.aborted) return resolve()
        sleepers.push({ at: now + ms, wake: resolve })
        signal?.addEventListener('abort', () => resolve(), { once: true })
      }),
    defer: (run) => queueMicrotask(run),
    advance: (ms) => {
      now += ms
      sleepers.sort((a, b) => a.at - b.at)
      while (sleepers[0] && sleepers[0].at <= now) sleepers.shift()?.wake()
    },
  }
}
