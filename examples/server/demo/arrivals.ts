import type { Random } from './random.ts'

/**
 * The facts (data/onsale-facts.md): of a crowd of 200 000, half stood there in the opening second, and the rest fell off with a
 * half-life of about a minute, with a thin tail for hours. A laptop's ballpark cannot wait that long, so the opening second is
 * stretched to as long as `rate` arrivals a second need for half of the crowd, the half-life is shortened to 2.5 such bursts
 * (from some sixty), and the tail is cut after three half-lives.
 */
const halfLives = 3
const burstsPerHalfLife = 2.5

/** When each fan comes, in ms after the opening, ascending. The same `random` gives the same crowd. */
export function arrivals(p: {
  readonly fans: number
  readonly rate: number
  readonly random: Random
}): readonly number[] {
  const opening = Math.ceil(p.fans / 2)
  const burst = (opening / p.rate) * 1_000
  const halfLife = burst * burstsPerHalfLife
  const cut = 1 - 2 ** -halfLives
  const instants = Array.from({ length: p.fans }, (_, fan) =>
    fan < opening ? p.random.next() * burst : -Math.log2(1 - p.random.next() * cut) * halfLife,
  )
  return instants.sort((a, b) => a - b)
}
