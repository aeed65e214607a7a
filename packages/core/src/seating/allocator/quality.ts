import type { AllocationPolicy } from './allocation.ts'

/** Width of a `yield` band in 1/1000 seat pitch. */
const band = 4_000

/** The `quality` of `seats` seats whose distances add up to `distance`. */
export function qualityOf(policy: AllocationPolicy, distance: number, seats: number): number {
  if (policy === 'nearest') return distance
  return policy === 'yield' ? Math.floor(distance / (seats * band)) : 0
}
