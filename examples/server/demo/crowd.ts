import { setTimeout as sleep } from 'node:timers/promises'
import { arrivals } from './arrivals.ts'
import { character, lastFan } from './character.ts'
import type { Internet } from './client.ts'
import type { CrowdBooks } from './crowd-books.ts'
import { createFan } from './fan.ts'
import { createRandom } from './random.ts'
import { visit } from './visit.ts'

/** How many seats are free, and how many are held or being paid for. */
export type SeatsLeft = () => Promise<{ readonly available: number; readonly reserved: number }>

interface Sale {
  readonly internet: Internet
  readonly scheduleId: string
  readonly books: CrowdBooks
}

/** From the last arrival on: as long as the slowest card takes, and a little for a slow machine. */
const latestMs = 90_000

/** The whole crowd, from the opening to the last fan who has seats or has given up. */
export async function onSale(p: Sale & { readonly fans: number; readonly rate: number; readonly seed: number }) {
  const { fans, rate, seed, books, scheduleId } = p
  const random = createRandom(seed)
  const instants = arrivals({ fans, rate, random })
  const began = performance.now()
  const end = began + instants.at(-1)! + latestMs
  const over = (): boolean => performance.now() > end
  await Promise.all(
    instants.map(async (at, nth) => {
      const who = character({ random, nth, fans })
      const fan = createFan({
        name: `fan-${nth + 1}`,
        who,
        browser: p.internet.browser(),
        scheduleId,
        random: createRandom(seed + 1 + nth * 7919),
        books,
        over,
      })
      await sleep(Math.max(0, at - (performance.now() - began)))
      await visit(fan)
    }),
  )
}

const lastFansAtOnce = 250
const lastFansMs = 90_000
/** When no seat is free but some may come back: somebody else's hold or payment must end first. */
const lookAgainMs = 250

/**
 * The last fans take single seats until none is free and none can come back. Bounded: a crowd that was too small for the
 * ballpark leaves seats over. Resolves to whether it is sold out.
 */
export async function lastFans(p: Sale & { readonly most: number; readonly seatsLeft: SeatsLeft }): Promise<boolean> {
  const { books, scheduleId } = p
  const end = performance.now() + lastFansMs
  const over = (): boolean => performance.now() > end
  let sent = 0
  for (;;) {
    const { available, reserved } = await p.seatsLeft()
    if (available + reserved === 0) return true
    const now = Math.min(available, lastFansAtOnce, p.most - sent)
    if (over() || (now === 0 && available > 0)) return false
    const one = (i: number) => {
      const name = `last-fan-${sent + i + 1}`
      const random = createRandom(sent + i)
      return visit(createFan({ name, who: lastFan, browser: p.internet.browser(), scheduleId, random, books, over }))
    }
    await Promise.all(Array.from({ length: now }, (_, i) => one(i)))
    sent += now
    if (now === 0) await sleep(lookAgainMs)
  }
}
