import type { AllocationPolicy } from './allocation.ts'
import { addToFront, type Choice, type Front, head, join, noSeats, withHead } from './choice.ts'
import type { Demand } from './demand.ts'

/** For every state of a demand that some seats can bring about: the choices worth keeping. State 0 takes nothing. */
export type ChoiceTable = ReadonlyMap<number, Front>

export const emptyTable: ChoiceTable = new Map([[0, [noSeats]]])

export function put(table: Map<number, Front>, state: number, choice: Choice, policy: AllocationPolicy): void {
  table.set(state, addToFront(table.get(state), choice, policy))
}

/** Every way to seat some persons in `first` and others in `last`, whose slots are all higher. */
export function joinTables(
  first: ChoiceTable,
  last: ChoiceTable,
  demand: Demand,
  policy: AllocationPolicy,
): ChoiceTable {
  if (first.size === 1) return last
  if (last.size === 1) return first
  const joined = new Map<number, Front>()
  for (const [a, firsts] of first)
    for (const [b, lasts] of last) {
      const state = demand.join(a, b)
      if (state < 0) continue
      const wasted = (demand.accessible(a) + demand.accessible(b) - demand.accessible(state)) * head.accessible
      for (const one of firsts)
        for (const other of lasts) put(joined, state, withHead(join(one, other), wasted), policy)
    }
  return joined
}

/** The same table where using it at all costs `more`. */
export function charge(table: ChoiceTable, more: number): ChoiceTable {
  if (more === 0 || table.size === 1) return table
  const charged = new Map<number, Front>()
  for (const [state, front] of table)
    charged.set(state, state === 0 ? front : front.map((choice) => withHead(choice, more)))
  return charged
}
