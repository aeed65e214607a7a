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

/** From the last planned arrival on: as long as the slowest card takes, and much for a slow machine. */
const latestMs = 180_000

/**
 * One machine is not eleven thousand: with so many requests unanswered the crowd has outrun it, and whoever has not come yet
 * comes a little later. Otherwise every fan would only wait for all the others, and no hold would live to be paid for.
 */
const crowded = 500
const lookAgainMs = 25

/** The whole crowd, from the opening to the last fan who has seats or has given up. */
export async function onSale(p: Sale & { readonly fans: number; readonly rate: number; readonly seed: number }) {
  const { fans, rate, seed, books, scheduleId, internet } = p
  const random = createRandom(seed)
  const instants = arrivals({ fans, rate, random })
  const began = performance.now()
  const elapsed = (): number => performance.now() - began
  const untilMs = instants.at(-1)! + latestMs
  const visits: Promise<void>[] = []
  for (const [nth, at] of instants.entries()) {
    const who = character({ random, nth, fans })
    const early = at - elapsed()
    if (early > 0) await sleep(early)
    while (internet.counts.pending > crowded && elapsed() < untilMs) await sleep(lookAgainMs)
    const browser = internet.browser()
    const mood = createRandom(seed + 1 + nth * 7919)
    visits.push(
      visit(createFan({ name: `fan-${nth + 1}`, who, browser, scheduleId, random: mood, books, elapsed, untilMs })),
    )
  }
  await Promise.all(visits)
}

const lastFansAtOnce = 250
const lastFansMs = 120_000
/** When no seat is free but some may come back: somebody else's hold or payment must end first. */
const seatsBackMs = 250

/**
 * The last fans take single seats until none is free and none can come back. Bounded: a crowd that was too small for the
 * ballpark leaves seats over. Resolves to whether it is sold out.
 */
export async function lastFans(p: Sale & { readonly most: number; readonly seatsLeft: SeatsLeft }): Promise<boolean> {
  const { books, scheduleId } = p
  const began = performance.now()
  const elapsed = (): number => performance.now() - began
  let sent = 0
  for (;;) {
    const { available, reserved } = await p.seatsLeft()
    if (available + reserved === 0) return true
    const now = Math.min(available, lastFansAtOnce, p.most - sent)
    if (elapsed() > lastFansMs || (now === 0 && available > 0)) return false
    const one = (i: number) => {
      const name = `last-fan-${sent + i + 1}`
      const random = createRandom(sent + i)
      const browser = p.internet.browser()
      return visit(createFan({ name, who: lastFan, browser, scheduleId, random, books, elapsed, untilMs: lastFansMs }))
    }
    await Promise.all(Array.from({ length: now }, (_, i) => one(i)))
    sent += now
    if (now === 0) await sleep(seatsBackMs)
  }
}
