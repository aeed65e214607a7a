import type { Runtime } from '@b-ticketing/core'
import type { Random } from './random.ts'

/** One virtual machine room: its clock jumps from event to event, and the seed decides the order within an instant. */
export interface Scheduler {
  now(): number
  /** The runtime of one process, whose own clock may be wrong by `skewMs`; after `kill` nothing of it ever runs again. */
  process(p?: { readonly skewMs?: number }): VirtualProcess
  /** Runs events until `done` or the virtual instant `until`; `after` sees every step. Resolves to the number of steps. */
  run(p: { readonly until: number; readonly done: () => boolean; readonly after: () => void }): Promise<number>
}

export interface VirtualProcess {
  readonly runtime: Runtime
  alive(): boolean
  kill(): void
  /** Stops it for a while, as SIGSTOP does: whatever it would do meanwhile, it does late. */
  freeze(ms: number): void
  /** Resolves when it is not frozen. */
  thawed(): Promise<void>
}

interface Event {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

export function createScheduler(p: { readonly random: Random; readonly start: number }): Scheduler {
  const events = createHeap()
  let now = p.start
  let count = 0

  // Work of one instant runs in an order the seed decides; the fraction tells equal draws apart.
  const schedule = (ms: number, run: () => void): void =>
    events.push({ at: now + Math.max(0, ms), order: p.random.below(1e6) + count++ * 1e-9, run })

  return {
    now: () => now,
    process: ({ skewMs = 0 } = {}) => {
      let alive = true
      let frozenUntil = 0
      const whenAlive =
        (run: () => void): (() => void) =>
        () => {
          if (!alive) return
          if (frozenUntil > now) schedule(frozenUntil - now, whenAlive(run))
          else run()
        }
      const sleep: Runtime['sleep'] = ({ ms, signal }) =>
        new Promise((resolve) => {
          if (signal?.aborted) return resolve()
          const wake = whenAlive(() => {
            signal?.removeEventListener('abort', wake)
            resolve()
          })
          // Like a real timer at least 1 ms, so that no loop can stop the clock.
          schedule(Math.max(1, ms || 1), wake)
          signal?.addEventListener('abort', wake)
        })
      return {
        runtime: {
          now: () => Math.floor(now) + skewMs,
          random: (bytes) => p.random.bytes(bytes),
          sleep,
          defer: (run) => schedule(0, whenAlive(run)),
        },
        alive: () => alive,
        kill: () => {
          alive = false
        },
        freeze: (ms) => {
          frozenUntil = Math.max(frozenUntil, now + ms)
        },
        thawed: () =>
          frozenUntil <= now
            ? Promise.resolve()
            : new Promise((resolve) => schedule(frozenUntil - now, whenAlive(resolve))),
      }
    },
    run: async ({ until, done, after }) => {
      for (let steps = 0; ; steps++) {
        await settled()
        after()
        if (done()) return steps
        const event = events.pop()
        if (!event || event.at > until) return steps
        now = Math.max(now, event.at)
        event.run()
      }
    },
  }
}

/** Everything a step set off by promises alone has happened when the host's own next turn begins. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function createHeap(): { push(event: Event): void; pop(): Event | undefined } {
  const heap: Event[] = []
  const before = (a: Event, b: Event): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
  const at = (i: number): Event => heap[i] as Event
  const swap = (i: number, j: number): void => {
    const [a, b] = [at(i), at(j)]
    heap[i] = b
    heap[j] = a
  }
  const sift = (i: number): void => {
    for (let parent = i; ; ) {
      const [left, right] = [2 * parent + 1, 2 * parent + 2]
      let least = parent
      if (left < heap.length && before(at(left), at(least))) least = left
      if (right < heap.length && before(at(right), at(least))) least = right
      if (least === parent) return
      swap(parent, least)
      parent = least
    }
  }
  return {
    push: (event) => {
      heap.push(event)
      for (let i = heap.length - 1; i > 0; ) {
        const parent = (i - 1) >> 1
        if (!before(at(i), at(parent))) return
        swap(i, parent)
        i = parent
      }
    },
    pop: () => {
      const first = heap[0]
      const last = heap.pop()
      if (!last || heap.length === 0) return first
      heap[0] = last
      sift(0)
      return first
    },
  }
}
