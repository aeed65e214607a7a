import { createdSeat } from '../../catalogue/created-seat.ts'
import type { Seat, Section } from '../../catalogue/venue.ts'
import { codeAt } from '../occupancy.ts'
import type { AllocationPolicy, AllocationRequest, AllocationScore, Rung } from './allocation.ts'
import type { DrawnMap } from './map-drawing.test-support.ts'

/**
 * The rule said again as plainly as possible: every subset of the seats is a candidate, judged by the objective as it is
 * written down, and the list of candidates is sorted. Exponential: for small maps only.
 */
export interface Candidate {
  readonly withAccessible: boolean
  /** `section/seat index`, ascending; seats to be created under the indices they will get. */
  readonly seats: readonly string[]
  readonly score: AllocationScore
}

interface Spot {
  readonly section: number
  readonly row: number
  readonly index: number
  readonly seat: Seat
  /** Free for somebody who may buy on these channels. */
  readonly open: boolean
  readonly created: boolean
}

interface Question {
  readonly map: DrawnMap
  readonly request: AllocationRequest
  readonly policy: AllocationPolicy
}

/** Best first. */
export function candidates(question: Question): readonly Candidate[] {
  const spots = spotsOf(question)
  const passes = (question.request.accessible ?? 0) > 0 ? [true] : [false, true]
  const found = new Map<string, Candidate>()
  for (const withAccessible of passes)
    for (const candidate of candidatesOf(question, spots, withAccessible).sort(compareCandidates))
      if (!found.has(candidate.seats.join())) found.set(candidate.seats.join(), candidate)
  return [...found.values()]
}

/** The largest party below the one asked for that would have got seats. */
export function largestFit(question: Question): number {
  const { quantity, accessible = 0, parts } = question.request
  for (let n = quantity - 1; n >= Math.max(1, accessible); n--)
    for (const smaller of parts === undefined ? [undefined] : subParts(parts, n))
      if (
        candidates({ ...question, request: { ...question.request, quantity: n, ...(smaller && { parts: smaller }) } })
          .length > 0
      )
        return n
  return 0
}

type Parts = NonNullable<AllocationRequest['parts']>

function subParts(parts: Parts, total: number): Parts[] {
  const [part, ...others] = parts
  if (part === undefined) return total === 0 ? [[]] : []
  return Array.from({ length: Math.min(part.quantity, total) + 1 }, (_, quantity) =>
    subParts(others, total - quantity).map((rest) => (quantity === 0 ? rest : [{ ...part, quantity }, ...rest])),
  ).flat()
}

function spotsOf({ map, request }: Question): Spot[] {
  return map.sections.flatMap((section, rank) => {
    const { codes } = map.states[rank]!
    let index = 0
    return section.rows.flatMap((row, rowRank) =>
      row.seats.map((seat): Spot => {
        const bought = seat.channel !== undefined && !request.channels?.includes(seat.channel)
        const open = codeAt(codes, index) === 0 && !bought
        return { section: rank, row: rowRank, index: index++, seat, open, created: false }
      }),
    )
  })
}

function candidatesOf(question: Question, spots: readonly Spot[], withAccessible: boolean): Candidate[] {
  const { map, request } = question
  const allowed = spots.filter((spot) => mayTake(spot, map.sections, request, withAccessible))
  const ownSets = subsets(allowed, maxSeats(question, allowed))
  const results: Candidate[] = []
  const consider = (taken: readonly Spot[], creates: boolean): void => {
    const covers = coverings(question, spots, taken)
    if (covers === null) return
    const rung = creates ? 7 : rungOf(spots, taken)
    if (!reaches(request, rung)) return
    const score = scoreOf(question, spots, taken, rung)
    results.push({ withAccessible, seats: taken.map(({ section, index }) => `${section}/${index}`), score })
  }
  for (const taken of ownSets) if (taken.length > 0) consider(taken, false)
  for (const created of creations(question, withAccessible))
    for (const taken of ownSets) consider([...taken, ...created].sort(compareSpots), true)
  return results
}

const maxSeats = ({ map, request }: Question, allowed: readonly Spot[]): number =>
  map.sections.some(({ kind }) => kind === 'table') ? allowed.length : request.quantity

function mayTake(
  spot: Spot,
  sections: readonly Section[],
  request: AllocationRequest,
  withAccessible: boolean,
): boolean {
  const section = sections[spot.section]!
  const grade = spot.seat.grade ?? section.grade
  if (!spot.open || (request.section !== undefined && section.id !== request.section)) return false
  if (request.grade !== undefined && grade !== request.grade) return false
  if (request.parts !== undefined && !request.parts.some((part) => part.grade === grade)) return false
  return withAccessible || !(spot.seat.accessible || spot.seat.companion)
}

function subsets(spots: readonly Spot[], most: number): Spot[][] {
  let sets: Spot[][] = [[]]
  for (const spot of spots) sets = sets.concat(sets.filter((set) => set.length < most).map((set) => [...set, spot]))
  return sets
}

/** The next 1, 2 … seats of each elastic section. */
function creations({ map, request }: Question, withAccessible: boolean): Spot[][] {
  return map.sections.flatMap((section, rank) => {
    if (section.kind !== 'elastic') return []
    const { count } = map.states[rank]!
    const row = section.rows.findIndex(({ id }) => id === 'E')
    const next = Array.from({ length: Math.min(request.quantity, section.maxCapacity! - count) }, (_, i): Spot => {
      const seat = createdSeat(section, count + i)
      return {
        section: rank,
        row: row < 0 ? section.rows.length : row,
        index: count + i,
        seat,
        open: true,
        created: true,
      }
    })
    const wanted = next.filter((spot) => mayTake(spot, map.sections, request, withAccessible))
    return wanted.map((_, last) => wanted.slice(0, last + 1))
  })
}

/** True when the seats are right for this party: persons by grade, accessible seats, companions, whole tables. */
function coverings({ map, request }: Question, spots: readonly Spot[], taken: readonly Spot[]): true | null {
  const accessible = taken.filter(({ seat }) => seat.accessible)
  if (accessible.length < (request.accessible ?? 0)) return null
  const alone = taken.some(
    (spot) => spot.seat.companion && !spot.seat.accessible && !accessible.some((other) => areNeighbours(spot, other)),
  )
  if (alone) return null
  // A seat of a table that is sold whole to any party may stay empty.
  const needed: Spot[] = []
  const optional: Spot[] = []
  for (const row of groupBy(taken, rowKey)) {
    const section = map.sections[row[0]!.section]!
    if (section.kind === 'table') {
      const whole = spots.filter((spot) => rowKey(spot) === rowKey(row[0]!) && (spot.open || !spot.seat.blocked))
      if (whole.length !== row.length) return null
    }
    ;(section.kind === 'table' && section.soldWhole ? optional : needed).push(...row)
  }
  const tables = groupBy(optional, rowKey)
  const wanted = request.parts ?? [{ grade: '', quantity: request.quantity }]
  const gradeOf = (spot: Spot) =>
    request.parts === undefined ? '' : (spot.seat.grade ?? map.sections[spot.section]!.grade)
  const fits = (persons: readonly Spot[]) =>
    persons.length === request.quantity &&
    persons.filter(({ seat }) => seat.accessible).length >= (request.accessible ?? 0) &&
    wanted.every(({ grade, quantity }) => persons.filter((spot) => gradeOf(spot) === grade).length === quantity)
  const sitting = subsets(optional, request.quantity).filter((set) =>
    tables.every((table) => set.some((spot) => table.includes(spot))),
  )
  return sitting.some((set) => fits([...needed, ...set])) ? true : null
}

function rungOf(spots: readonly Spot[], taken: readonly Spot[]): Rung {
  const fragments = fragmentsOf(taken)
  if (fragments.length === 1) return orphansOf(spots, taken) === 0 ? 1 : 2
  const rows = groupBy(taken, rowKey)
  if (rows.length === 1) return 3
  if (groupBy(taken, ({ section }) => String(section)).length > 1) return 6
  const stacked =
    fragments.length === rows.length &&
    rows.slice(1).every((row, i) => {
      const below = rows[i]!
      const shared = row.some(({ seat }) => below.some((other) => other.seat.position === seat.position))
      return row[0]!.row === below[0]!.row + 1 && shared
    })
  return stacked ? 4 : 5
}

function reaches({ together = 'any' }: AllocationRequest, rung: Rung): boolean {
  return rung <= { adjacent: 2, row: 3, any: 7 }[together]
}

function scoreOf(
  { map, request, policy }: Question,
  spots: readonly Spot[],
  taken: readonly Spot[],
  rung: Rung,
): AllocationScore {
  const existing = taken.filter(({ created }) => !created)
  const created = taken.filter((spot) => spot.created)
  const fragments = [...fragmentsOf(existing), ...(created.length > 0 ? [created] : [])]
  const used = groupBy(taken, ({ section }) => String(section)).map(([first]) => map.sections[first!.section]!.id)
  const distance = taken.reduce((sum, spot) => sum + distanceOf(spot, map.sections[spot.section]!), 0)
  const accessible = taken.filter(({ seat }) => seat.accessible).length
  const band = Math.floor(distance / taken.length / 4000)
  return {
    rung,
    fragments: fragments.length,
    lonePersons: request.quantity > 1 ? fragments.filter(({ length }) => length === 1).length : 0,
    sectionChanges:
      request.preferredSection === undefined
        ? used.length - 1
        : used.filter((id) => id !== request.preferredSection).length,
    accessibleWasted: accessible - (request.accessible ?? 0),
    orphans: orphansOf(spots, existing),
    quality: policy === 'nearest' ? distance : policy === 'yield' ? band : 0,
    residualGap: policy === 'first-fit' ? 0 : gapOf(map.sections, spots, existing, request.quantity - created.length),
    sectionRank: taken[0]!.section,
    rowRank: taken[0]!.row,
    start: taken[0]!.seat.position,
  }
}

const distanceOf = ({ seat }: Spot, { focalPoint }: Section): number =>
  Math.round(Math.sqrt((seat.x - focalPoint.x) ** 2 + (seat.y - focalPoint.y) ** 2) * 1000)

/** Runs of one where a longer run was. */
function orphansOf(spots: readonly Spot[], taken: readonly Spot[]): number {
  return openRuns(spots)
    .filter(({ length }) => length > 1)
    .flatMap((run) => fragmentsOf(run.filter((spot) => !taken.includes(spot))))
    .filter(({ length }) => length === 1).length
}

/** Seats left in all runs used; at a table sold whole, those that stay empty. */
function gapOf(sections: readonly Section[], spots: readonly Spot[], taken: readonly Spot[], persons: number): number {
  const isTable = (spot: Spot) => sections[spot.section]!.kind === 'table'
  const left = openRuns(spots)
    .filter((run) => !isTable(run[0]!) && run.some((spot) => taken.includes(spot)))
    .reduce((sum, run) => sum + run.filter((spot) => !taken.includes(spot)).length, 0)
  return left + taken.length - persons
}

const openRuns = (spots: readonly Spot[]): Spot[][] => fragmentsOf(spots.filter(({ open }) => open))

/** Stretches of neighbours. */
function fragmentsOf(taken: readonly Spot[]): Spot[][] {
  const fragments: Spot[][] = []
  for (const spot of taken) {
    const last = fragments.at(-1)
    if (last !== undefined && areNeighbours(last.at(-1)!, spot)) last.push(spot)
    else fragments.push([spot])
  }
  return fragments
}

const rowKey = ({ section, row }: Spot): string => `${section}/${row}`

const areNeighbours = (a: Spot, b: Spot): boolean =>
  rowKey(a) === rowKey(b) && Math.abs(a.seat.position - b.seat.position) === 1

function groupBy(spots: readonly Spot[], key: (spot: Spot) => string): Spot[][] {
  const keys = [...new Set(spots.map(key))]
  return keys.map((wanted) => spots.filter((spot) => key(spot) === wanted))
}

const compareSpots = (a: Spot, b: Spot): number =>
  a.section - b.section || a.row - b.row || a.seat.position - b.seat.position

const order = [
  'rung',
  'fragments',
  'lonePersons',
  'sectionChanges',
  'accessibleWasted',
  'orphans',
  'quality',
  'residualGap',
  'sectionRank',
  'rowRank',
  'start',
] as const satisfies readonly (keyof AllocationScore)[]

/** Seats of a candidate stand in (section, row, position) order, and so do indices within a section. */
function compareCandidates(a: Candidate, b: Candidate): number {
  for (const part of order) if (a.score[part] !== b.score[part]) return a.score[part] - b.score[part]
  for (const [i, seat] of a.seats.entries()) {
    const [section, index] = seat.split('/').map(Number)
    const [otherSection, otherIndex] = (b.seats[i] ?? '0/0').split('/').map(Number)
    if (seat !== b.seats[i]) return section! - otherSection! || index! - otherIndex!
  }
  return 0
}
