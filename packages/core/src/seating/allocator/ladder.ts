import type { Rung, Together } from './allocation.ts'
import { bestOf, type Choice, compareChoices, head, joinPicks, noSeats, withHead } from './choice.ts'
import { type ChoiceTable, charge, emptyTable, joinTables, put } from './choice-table.ts'
import { createSectionChoices, largestOf, type Search, type SectionChoices } from './section-choices.ts'

export interface Step {
  readonly rung: Rung
  readonly choice: Choice
  /** Rung 7: the section (rank) that creates seats, which are among the choice's. */
  readonly creates: number
}

/** How far down the ladder a request may go. */
export interface Reach {
  readonly together: Together
  /** Ranks, ascending. */
  readonly sections: readonly number[]
  /** Rank of the section that costs no section change; −1: the first one used. */
  readonly preferred: number
  /** First rung worth a look. */
  readonly from: Rung
}

/** A rung, and what a section offers on it. */
type Offer = readonly [Rung, (section: SectionChoices) => Choice | null]

/** The whole ladder for one kind of request, with what it found in each section until that section changes. */
export interface Ladder {
  /** The best on the first rung that has anything; null below the last. */
  climb(reach: Reach): Step | null
  /** Most persons of the demand that would fit. */
  largest(reach: Reach): number
  choices(section: number): SectionChoices
}

/** With a spared slot, `base` is the same ladder without one: it knows every section but that of the slot. */
export function createLadder(search: Search, base?: Ladder): Ladder {
  const { index, demand, policy, masks, spared } = search
  const { grid } = index
  const sparing = spared < 0 ? -1 : grid.rowSection[grid.wordRow[spared >>> 5]!]!
  const known: { version: number; choices: SectionChoices }[] = []

  function choicesOf(section: number): SectionChoices {
    if (base !== undefined && section !== sparing) return base.choices(section)
    const version = index.sectionVersion[section]!
    let entry = known[section]
    if (entry?.version !== version) {
      entry = { version, choices: createSectionChoices(search, section) }
      known[section] = entry
    }
    return entry.choices
  }

  const changeCost = (section: number, preferred: number): number => (section === preferred ? 0 : head.sectionChange)

  /** The best that single sections offer. */
  function bestIn({ sections, preferred }: Reach, offer: (section: SectionChoices) => Choice | null): Choice | null {
    let best: Choice | null = null
    for (const section of sections) {
      const offered = offer(choicesOf(section))
      if (offered === null) continue
      const choice = withHead(offered, changeCost(section, preferred))
      if (best === null || compareChoices(choice, best, policy) < 0) best = choice
    }
    return best
  }

  const within = (reach: Reach): Step | null => {
    const rungs: readonly Offer[] = [
      [1, (section) => section.adjacent()[0]],
      [2, (section) => section.adjacent()[1]],
      [3, (section) => section.inRow()],
      ...Array.from({ length: demand.quantity - 1 }, (_, more): Offer => [4, (section) => section.stacked(more + 2)]),
      [5, (section) => section.anywhere()],
    ]
    const last = { adjacent: 2, row: 3, any: 5 }[reach.together]
    for (const [rung, offer] of rungs) {
      const choice = rung >= reach.from && rung <= last ? bestIn(reach, offer) : null
      if (choice !== null) return { rung, choice, creates: -1 }
    }
    return null
  }

  /** All sections together; `creating` one of them (−1: none). */
  const across = ({ sections, preferred }: Reach, creating: number): ChoiceTable =>
    sections.reduce((all, section) => {
      let table = choicesOf(section).table()
      if (section === creating) table = joinTables(table, creatable(section), demand, policy)
      return joinTables(all, charge(table, changeCost(section, preferred)), demand, policy)
    }, emptyTable)

  /** The next seats of an elastic section: one fragment, without orphan or gap. */
  function creatable(section: number): ChoiceTable {
    const table = new Map(emptyTable)
    const slots = grid.seatSlot[section]!
    let choice = noSeats
    let state = 0
    for (let seat = index.counts[section]!; seat < slots.length; seat++) {
      const slot = slots[seat]!
      const open = (masks.takeable[slot >>> 5]! >>> (slot & 31)) & 1
      state = open === 1 && slot !== spared ? demand.seat(state, slot) : -1
      if (state < 0) break
      const picks = joinPicks(choice.picks, slot)
      const seats = choice.seats + 1
      const lone = seats === 1 && demand.quantity > 1 ? head.lonePerson : 0
      choice = { head: head.fragment + lone, distance: choice.distance + grid.distance[slot]!, gap: 0, seats, picks }
      put(table, state, choice, policy)
    }
    return table
  }

  const elastic = ({ sections }: Reach): readonly number[] =>
    sections.filter((section) => grid.sections[section]!.kind === 'elastic')

  function creating(reach: Reach): Step | null {
    let best: Step | null = null
    for (const section of elastic(reach)) {
      const choice = bestOf(across(reach, section).get(demand.full), policy)
      if (choice === null || (best !== null && compareChoices(best.choice, choice, policy) <= 0)) continue
      best = { rung: 7, choice, creates: section }
    }
    return best
  }

  return {
    choices: choicesOf,
    climb(reach) {
      const step = within(reach)
      if (step !== null || reach.together !== 'any') return step
      const choice = reach.sections.length > 1 ? bestOf(across(reach, -1).get(demand.full), policy) : null
      return choice === null ? creating(reach) : { rung: 6, choice, creates: -1 }
    },
    largest(reach) {
      const { together, sections } = reach
      if (together !== 'any')
        return sections.reduce((most, section) => Math.max(most, choicesOf(section).largest(together)), 0)
      return [-1, ...elastic(reach)].reduce(
        (most, section) => Math.max(most, largestOf(across(reach, section).keys(), demand)),
        0,
      )
    },
  }
}
