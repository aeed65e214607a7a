import { demandFields, isCount } from './document.ts'
import { importVenue } from './import-venue.ts'
import { refuse } from './problems.ts'
import { type Venue, venueSeatLimit } from './venue.ts'

/** Rings of the stands, from the field outwards. */
const rings = [
  { grade: 'premium', radius: 60 },
  { grade: 'infield', radius: 80 },
  { grade: 'upper', radius: 110 },
  { grade: 'outfield', radius: 130 },
] as const

const grades = [
  { id: 'premium', label: 'Premium', price: 60_000 },
  { id: 'infield', label: 'Infield', price: 25_000 },
  { id: 'upper', label: 'Upper', price: 15_000 },
  { id: 'outfield', label: 'Outfield', price: 9_000 },
  { id: 'wheelchair-infield', label: 'Wheelchair (infield)', price: 12_000 },
]

type Draw = (below: number) => number

/**
 * A made-up ballpark of exactly `seats` seats, labelled and priced, the same for the same parameters. Sections hold about 250
 * seats (unless their number is given), stand in four rings and number their seats through the block like a snake or anew in
 * every row; half of the rows are split by an aisle; one section in twenty is for wheelchairs.
 * @throws TicketingError `INVALID` when `seats` is not 1 to 1 000 000, or `sections` not 1 to `seats` (at most 10 000).
 */
export function generateBallpark(p: {
  readonly seats: number
  readonly sections?: number
  readonly seed?: number
  readonly venueId?: string
}): Venue {
  demandFields(p, ['seats', 'sections', 'seed', 'venueId'])
  const { seats, sections = Math.max(1, Math.round(seats / 250)), seed = 1, venueId = `ballpark-${seats}` } = p
  if (!isCount(seats) || seats < 1 || seats > venueSeatLimit)
    refuse('the ballpark', [`seats must be 1 to ${venueSeatLimit}`])
  if (!isCount(sections) || sections < 1 || sections > Math.min(seats, 10_000))
    refuse('the ballpark', ['sections must be 1 to the number of seats, at most 10000'])
  if (!isCount(seed)) refuse('the ballpark', ['seed must be an integer ≥ 0'])
  const draw = seeded(seed)
  const share = (i: number) => Math.floor(seats / sections) + (i < seats % sections ? 1 : 0)
  return importVenue({
    id: venueId,
    name: `Ballpark of ${seats}`,
    currency: 'KRW',
    grades,
    sections: Array.from({ length: sections }, (_, i) => section(i, sections, share(i), draw)),
  })
}

/** Sections of a ring stand side by side: `101`, `102` … behind home plate, ring 1 nearest the field. */
function section(i: number, sections: number, seats: number, draw: Draw) {
  const perRing = Math.ceil(sections / rings.length)
  const ring = rings[Math.floor(i / perRing)]!
  const angle = ((i % perRing) / perRing) * 2 * Math.PI
  const metres = (value: number) => Math.round(value * 10) / 10
  return {
    id: `${Math.floor(i / perRing) + 1}${String((i % perRing) + 1).padStart(2, '0')}`,
    grade: i % 20 === 19 ? 'wheelchair-infield' : ring.grade,
    x: metres(ring.radius * Math.sin(angle)),
    y: metres(-ring.radius * Math.cos(angle)),
    rows: rowsOf(seats, draw),
  }
}

function rowsOf(seats: number, draw: Draw) {
  const width = 10 + draw(15)
  const snake = draw(2) === 0
  return Array.from({ length: Math.ceil(seats / width) }, (_, rank) => {
    const first = snake ? rank * width + 1 : 1
    const last = first + Math.min(width, seats - rank * width) - 1
    const run = snake && rank % 2 === 1 ? ([last, first] as const) : ([first, last] as const)
    return { label: String(rank + 1), seats: split(run, draw) }
  })
}

/** One run, or two with an aisle between them. */
function split([first, last]: readonly [number, number], draw: Draw): readonly (readonly [number, number])[] {
  const length = Math.abs(last - first) + 1
  if (length < 8 || draw(2) === 0) return [[first, last]]
  const left = 3 + draw(length - 6)
  const step = last < first ? -1 : 1
  return [
    [first, first + step * (left - 1)],
    [first + step * left, last],
  ]
}

/** Mulberry32: small, and the same everywhere. */
function seeded(seed: number): Draw {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}
