import { setTimeout as sleep } from 'node:timers/promises'
import type { InternetCounts } from './client.ts'
import type { CrowdBooks } from './crowd-books.ts'
import type { House } from './house-process.ts'
import type { Operator } from './operator.ts'
import type { Display } from './progress.ts'

/** Looks at the sale again and again, and shows it, until it is told to stop. */
export function watch(p: {
  readonly scheduleId: string
  readonly operator: Operator
  readonly house: House
  readonly counts: InternetCounts
  readonly books: CrowdBooks
  readonly display: Display
}): { readonly stop: () => Promise<void> } {
  const began = performance.now()
  let last = { at: began, answered: 0 }
  let stopped = false

  const look = async (): Promise<void> => {
    const [{ line, seats }, { mails }] = await Promise.all([p.operator.stats(p.scheduleId), p.house.pulse()])
    const at = performance.now()
    const { answered } = p.counts
    const perSecond = (count: number, ms: number): number => (count * 1_000) / Math.max(1, ms)
    const requestsPerSecond = {
      now: perSecond(answered - last.answered, at - last.at),
      average: perSecond(answered, at - began),
    }
    last = { at, answered }
    p.display.show({ seconds: (at - began) / 1_000, requestsPerSecond, mails, line, seats, crowd: p.books })
  }
  const run = async (): Promise<void> => {
    while (!stopped) {
      // A house that is gone is noticed elsewhere; a look that fails is only a look.
      await look().catch(() => {})
      for (let rest = 0; rest < lookEveryMs && !stopped; rest += 50) await sleep(50)
    }
    await look().catch(() => {})
  }
  const ended = run()
  return {
    stop: async () => {
      stopped = true
      await ended
      p.display.end()
    },
  }
}

const lookEveryMs = 500
