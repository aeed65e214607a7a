import type { Id } from '../shared/types.ts'
import {
  isCoordinate,
  isCount,
  isFields,
  listIn,
  optionalCoordinate,
  optionalFlag,
  optionalLabel,
  own,
  type Reading,
  readings,
} from './document.ts'
import type { Problems } from './problems.ts'
import { createIds, idPart } from './seat-id.ts'
import { type Row, type Seat, venueSeatLimit } from './venue.ts'

/** What the reading of a whole document carries from section to section. */
export interface RowReading {
  readonly problems: Problems
  /** Grades whose seats are accessible. */
  readonly accessible: ReadonlySet<Id>
  readonly seatId: (wanted: string, path: string) => Id | null
  /** Seats read so far: a document is given up before it fills the memory. */
  seats: number
}

export type Place = Omit<Seat, 'seatId'>

interface SectionAt {
  readonly id: Id
  readonly grade: Id
  readonly path: string
}

export function readRows(rows: readonly unknown[], section: SectionAt, reading: RowReading): readonly Row[] {
  const rowId = createIds(reading.problems)
  return readings(rows, `${section.path}.rows`, reading.problems).flatMap((at, rank) => {
    const label = optionalLabel(at)
    if (label === null) reading.problems.add(`${at.path}.label`, 'is missing')
    const id = label === null ? null : rowId(idPart(label), at.path)
    const places = readPlaces(at, rank, reading)
    if (label === null || id === null) return []
    return { id, label, seats: nameSeats(places, section, { rowId: id, path: at.path }, reading) }
  })
}

/** Places become seats: in the order of their positions, each under an id of its own. */
export function nameSeats(
  places: readonly Place[],
  section: SectionAt,
  row: { readonly rowId: Id; readonly path: string },
  reading: RowReading,
): readonly Seat[] {
  return [...places]
    .sort((a, b) => a.position - b.position)
    .flatMap((place) => {
      const seatId = reading.seatId(`${section.id}-${row.rowId}-${idPart(place.label)}`, row.path)
      if (seatId === null) return []
      const { accessible = reading.accessible.has(place.grade ?? section.grade), ...rest } = place
      return { seatId, ...rest, ...(accessible ? { accessible } : {}) }
    })
}

function readPlaces(at: Reading, rank: number, reading: RowReading): readonly Place[] {
  const items = listIn(at, 'seats')
  const before = reading.seats
  const places = items.some(Array.isArray)
    ? readRuns(items, rank, at.path, reading)
    : items.flatMap((item, i) => readPlace(item, rank, `${at.path}.seats[${i}]`, reading) ?? [])
  if (before <= venueSeatLimit && reading.seats > venueSeatLimit)
    reading.problems.add(at.path, `is past the limit of ${venueSeatLimit} seats`)
  return places
}

function readRuns(runs: readonly unknown[], rank: number, path: string, reading: RowReading): readonly Place[] {
  const places: Place[] = []
  let position = 0
  for (const [i, run] of runs.entries()) {
    if (!isRun(run)) {
      reading.problems.add(`${path}.seats[${i}]`, 'must be a run [first, last] of seat numbers, as the others')
      continue
    }
    const [first, last] = run
    const count = Math.abs(last - first) + 1
    reading.seats += count
    if (reading.seats > venueSeatLimit) return places
    if (i > 0) position++
    const step = last < first ? -1 : 1
    for (let n = 0; n < count; n++) {
      position++
      places.push({ label: String(first + step * n), x: position, y: rank, position })
    }
  }
  return places
}

const isRun = (value: unknown): value is readonly [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every(isCount)

function readPlace(fields: unknown, rank: number, path: string, reading: RowReading): Place | null {
  const { problems } = reading
  if (++reading.seats > venueSeatLimit) return null
  const at: Reading | null = isFields(fields) ? { fields, path, problems } : null
  const label = at && optionalLabel(at)
  const position = at && own(at.fields, 'position')
  if (at === null || label === null || !isCoordinate(position)) {
    problems.add(path, 'must be a run [first, last] or a seat { label, position }')
    return null
  }
  const [x, y] = [optionalCoordinate(at, 'x') ?? position, optionalCoordinate(at, 'y') ?? rank]
  return { label, x, y, position, ...readMarks(at) }
}

function readMarks(at: Reading): Partial<Place> {
  const [grade, channel] = [own(at.fields, 'grade') ?? null, own(at.fields, 'channel') ?? null]
  const accessible = optionalFlag(at, 'accessible')
  return {
    ...(grade === null ? {} : { grade: grade as Id }),
    ...(accessible === null ? {} : { accessible }),
    ...(optionalFlag(at, 'companion') ? { companion: true } : {}),
    ...(channel === null ? {} : { channel: channel as Id }),
    ...(optionalFlag(at, 'blocked') ? { blocked: true } : {}),
  }
}
