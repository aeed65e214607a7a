import type { AllocationPolicy } from './allocation.ts'
import { qualityOf } from './quality.ts'

/** Some seats of a party with their part of the objective; every figure is a sum, so choices of different rows add up. */
export interface Choice {
  /** Fragments, lone persons, section changes, accessible seats, orphans: most important first, as digits. */
  readonly head: number
  readonly distance: number
  readonly gap: number
  readonly seats: number
  readonly picks: Picks
}

/** Slots in ascending order, built without copying. */
type Picks = null | number | { readonly before: Picks; readonly last: Picks }

/** What `head` counts; a digit has room for any party the allocator accepts. */
const digit = 1024
export const head = {
  fragment: digit ** 4,
  lonePerson: digit ** 3,
  sectionChange: digit ** 2,
  accessible: digit,
  orphan: 1,
} as const

export const noSeats: Choice = { head: 0, distance: 0, gap: 0, seats: 0, picks: null }

export const readHead = (choice: Choice) => ({
  fragments: Math.floor(choice.head / head.fragment),
  lonePersons: Math.floor(choice.head / head.lonePerson) % digit,
  sectionChanges: Math.floor(choice.head / head.sectionChange) % digit,
  accessible: Math.floor(choice.head / head.accessible) % digit,
  orphans: choice.head % digit,
})

/** `before` lies before `last`: its slots are all lower. */
export const join = (before: Choice, last: Choice): Choice => ({
  head: before.head + last.head,
  distance: before.distance + last.distance,
  gap: before.gap + last.gap,
  seats: before.seats + last.seats,
  picks: joinPicks(before.picks, last.picks),
})

export const joinPicks = (before: Picks, last: Picks): Picks =>
  before === null ? last : last === null ? before : { before, last }

export const withHead = (choice: Choice, more: number): Choice => ({ ...choice, head: choice.head + more })

export function slotsOf({ picks }: Choice): number[] {
  const slots: number[] = []
  const walk = (part: Picks): void => {
    if (typeof part === 'number') slots.push(part)
    else if (part !== null) {
      walk(part.before)
      walk(part.last)
    }
  }
  walk(picks)
  return slots
}

/** Order of two finished choices of the same party: negative when `a` is the better one. */
export function compareChoices(a: Choice, b: Choice, policy: AllocationPolicy): number {
  if (a.head !== b.head) return a.head - b.head
  const quality = qualityOf(policy, a.distance, a.seats) - qualityOf(policy, b.distance, b.seats)
  if (quality !== 0) return quality
  if (policy !== 'first-fit' && a.gap !== b.gap) return a.gap - b.gap
  return compareSlots(a, b)
}

function compareSlots(a: Choice, b: Choice): number {
  const [as, bs] = [slotsOf(a), slotsOf(b)]
  const different = as.findIndex((slot, i) => slot !== bs[i])
  return different < 0 ? as.length - bs.length : as[different]! - (bs[different] ?? Number.NEGATIVE_INFINITY)
}

/**
 * Partial choices for the same state of a demand of which none is worse whatever follows. For `nearest` and `first-fit` it is
 * always one: their order survives adding the same seats on both sides. A `yield` band does not: a little more distance may
 * cost a band or nothing, so what is farther but leaves less gap, or comes first, is kept too.
 */
export type Front = readonly Choice[]

/** Most choices a front keeps; reached only by `yield` with large split parties, which then is no longer exact. */
const frontLimit = 128

export function addToFront(front: Front | undefined, choice: Choice, policy: AllocationPolicy): Front {
  const best = front?.[0]
  if (front === undefined || best === undefined || choice.head < best.head) return [choice]
  if (choice.head > best.head) return front
  if (policy !== 'yield') return compareChoices(choice, best, policy) < 0 ? [choice] : front
  if (front.some((kept) => covers(kept, choice))) return front
  const left = front.filter((kept) => !covers(choice, kept))
  return left.length < frontLimit ? [...left, choice] : front
}

const covers = (a: Choice, b: Choice): boolean =>
  a.seats === b.seats && a.distance <= b.distance && a.gap <= b.gap && compareSlots(a, b) <= 0

export const bestOf = (front: Front | undefined, policy: AllocationPolicy): Choice | null =>
  front?.reduce((best, choice) => (compareChoices(choice, best, policy) < 0 ? choice : best)) ?? null
