import type { Observer } from '../shared/observer.ts'

/** Gateway work beside the loops: bounded, never waited for by a tick, finished before the engine closes. */
export interface Workers {
  /** How many more may start now. */
  free(): number
  /** Resolves when at least one may start. */
  room(): Promise<void>
  /** Runs it beside the caller; a failure is reported, and finished by the payment's lease. */
  start(work: () => Promise<unknown>): void
  /** Resolves when nothing runs any more. */
  idle(): Promise<void>
}

export function createWorkers(p: { readonly limit?: number; readonly observer: Observer }): Workers {
  const limit = p.limit ?? 256
  let waiting: { readonly until: () => boolean; readonly go: () => void }[] = []
  let running = 0

  const wake = (): void => {
    const ready = waiting.filter(({ until }) => until())
    waiting = waiting.filter((entry) => !ready.includes(entry))
    for (const { go } of ready) go()
  }
  const when = async (until: () => boolean): Promise<void> => {
    if (!until()) await new Promise<void>((go) => waiting.push({ until, go }))
  }

  return {
    free: () => Math.max(0, limit - running),
    room: () => when(() => running < limit),
    idle: () => when(() => running === 0),
    start(work) {
      running++
      void work()
        .catch((error: unknown) => {
          p.observer.count('payment_work_failures')
          p.observer.log('error', 'payment work failed, its lease will finish it', { error })
        })
        .finally(() => {
          running--
          wake()
        })
    },
  }
}
