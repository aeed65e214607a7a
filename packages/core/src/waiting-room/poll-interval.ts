import type { Runtime } from '../shared/runtime.ts'
import type { Ms } from '../shared/types.ts'

const shortest: Ms = 1_500
const longest: Ms = 45_000
const withoutEta: Ms = 15_000
const jitter = 0.15

/**
 * When to ask again: 0.15 × ETA within 1.5–45 s, or 15 s without one, ±15 %, so that a crowd spreads out. Never more than half
 * the claim window, so that nobody misses an offer; before the opening never more than the time left.
 */
export function nextPollMs(p: {
  readonly etaSeconds: number | null
  readonly claimWindowSeconds: number
  /** Until `opensAt` (0 and less: it opens any moment); null when the sale has opened or no time is set. */
  readonly untilOpenMs: Ms | null
  /** 0 ≤ random < 1. */
  readonly random: number
}): Ms {
  const aim = p.etaSeconds === null ? withoutEta : Math.min(longest, Math.max(shortest, 150 * p.etaSeconds))
  const spread = aim * (1 - jitter + 2 * jitter * p.random)
  const left = p.untilOpenMs === null ? Number.POSITIVE_INFINITY : p.untilOpenMs > 0 ? p.untilOpenMs : shortest
  return Math.floor(Math.min(spread, left, p.claimWindowSeconds * 500))
}

/** Numbers 0 ≤ r < 1 out of the runtime's random bytes, many polls to one draw of them: a draw costs more than a poll. */
export function createSpread(runtime: Pick<Runtime, 'random'>): () => number {
  let bytes: Uint8Array = new Uint8Array()
  let at = 0
  return () => {
    if (at + 2 > bytes.length) {
      bytes = runtime.random(512)
      at = 0
    }
    at += 2
    return ((bytes[at - 2] as number) * 256 + (bytes[at - 1] as number)) / 65_536
  }
}
