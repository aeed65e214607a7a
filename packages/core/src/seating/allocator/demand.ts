import type { AllocationRequest } from './allocation.ts'
import { type SeatGrid, trait } from './seat-grid.ts'

/**
 * What a party still needs, as one number: a *state* says how many persons of each part have a seat and how many of the
 * wanted accessible seats are found. State 0 is nobody, `full` everybody.
 */
export interface Demand {
  readonly quantity: number
  readonly full: number
  /** The state after one person more sits on `slot`; −1 when nobody is left for a seat of its grade. */
  seat(state: number, slot: number): number
  /** The state of two partial assignments taken together; −1 when they are too many for a part. */
  join(a: number, b: number): number
  persons(state: number): number
  accessible(state: number): number
}

export function createDemand(grid: SeatGrid, request: AllocationRequest): Demand {
  const parts = mergeParts(request)
  const quantities = [...parts.values()]
  const wanted = request.accessible ?? 0
  const bases = quantities.map((_, part) => quantities.slice(0, part).reduce((base, q) => base * (q + 1), wanted + 1))
  const partOf = grid.grades.map((id) => (request.parts === undefined ? 0 : [...parts.keys()].indexOf(id)))

  const persons = (state: number): number =>
    quantities.reduce((sum, quantity, part) => sum + digit(state, bases[part]!, quantity), 0)
  const accessible = (state: number): number => state % (wanted + 1)

  return {
    quantity: request.quantity,
    full: quantities.reduce((sum, quantity, part) => sum + quantity * bases[part]!, wanted),
    persons,
    accessible,
    seat(state, slot) {
      const part = partOf[grid.grade[slot]!]!
      if (part < 0 || digit(state, bases[part]!, quantities[part]!) === quantities[part]) return -1
      const counts = (grid.traits[slot]! & trait.accessible) !== 0 && accessible(state) < wanted
      return state + bases[part]! + (counts ? 1 : 0)
    },
    join(a, b) {
      for (const [part, quantity] of quantities.entries())
        if (digit(a, bases[part]!, quantity) + digit(b, bases[part]!, quantity) > quantity) return -1
      return a + b - Math.max(0, accessible(a) + accessible(b) - wanted)
    },
  }
}

const digit = (state: number, base: number, quantity: number): number => Math.floor(state / base) % (quantity + 1)

/** Grade → persons; one nameless part when the request names none. */
function mergeParts(request: AllocationRequest): ReadonlyMap<string, number> {
  if (request.parts === undefined) return new Map([['', request.quantity]])
  const parts = new Map<string, number>()
  for (const { grade, quantity } of request.parts) parts.set(grade, (parts.get(grade) ?? 0) + quantity)
  return parts
}
