import {
  type Fields,
  idIn,
  isCoordinate,
  isCount,
  isFields,
  isText,
  listIn,
  objectsIn,
  optional,
  optionalCoordinate,
  optionalCount,
  optionalFlag,
  optionalLabel,
  own,
  pathTo,
  type Reading,
} from './document.ts'
import { type RowReading, readRows } from './import-rows.ts'
import { createProblems, refuse } from './problems.ts'
import { createIds } from './seat-id.ts'
import {
  type Grade,
  isWheelchairGrade,
  middleOfFront,
  type Point,
  type Row,
  type Section,
  type SectionKind,
  type Venue,
  venueCapacity,
} from './venue.ts'
import { isPrice, validateVenue } from './venue-problems.ts'

const what = 'the venue document'

/**
 * A venue from our own document. Rows list runs `[first, last]` of neighbouring seats (first > last: the numbers fall; each
 * further run skips one position) or seats `{ label, position, x?, y?, grade?, accessible?, companion?, channel?, blocked? }` in
 * any order. Without x and y: x = position, y = rank of the row. Ids are `section-row-label`. Fields that are not named here
 * describe (plans, notes, sources) and are passed over.
 * @throws TicketingError `INVALID` with `details.problems`.
 */
export function importVenue(document: unknown): Venue {
  if (!isFields(document)) refuse(what, ['it must be an object'])
  const at: Reading = { fields: document as Fields, path: '', problems: createProblems() }
  const grades = objectsIn(at, 'grades').map(readGrade)
  const venueId = idIn(at, own(at.fields, 'id') === undefined ? 'venueId' : 'id')
  const venue: Venue = {
    venueId,
    name: optionalLabel(at, 'name') ?? venueId,
    currency: (own(at.fields, 'currency') ?? 'KRW') as string,
    grades,
    sections: readSections(at, grades),
  }
  checkTotal(at, 'capacity', venueCapacity(venue))
  refuse(what, at.problems.list())
  refuse(what, validateVenue(venue))
  return venue
}

/** A count that the document states beside what it lists must agree with it. */
function checkTotal(at: Reading, key: string, listed: number): void {
  const stated = optionalCount(at, key)
  if (stated !== null && stated !== listed)
    at.problems.add(pathTo(at.path, key), `is ${stated}, but ${listed} seats are listed`)
}

function readGrade(at: Reading): Grade {
  const id = idIn(at)
  const color = optional(at, 'color', isText, 'a text')
  const price = readPrice(at)
  const accessible = optionalFlag(at, 'accessible') ?? isWheelchairGrade(id)
  return {
    id,
    label: optionalLabel(at) ?? id,
    ...(color === null ? {} : { color }),
    ...(price === null ? {} : { price }),
    ...(accessible ? { accessible } : {}),
  }
}

/** `price`, or the weekday price of `prices`. */
function readPrice(at: Reading): number | null {
  const expected = 'an integer ≥ 0 in minor units'
  const price = optional(at, 'price', isPrice, expected)
  const prices = optional(at, 'prices', isFields, 'an object')
  if (price !== null || prices === null) return price
  return optional({ ...at, fields: prices, path: pathTo(at.path, 'prices') }, 'weekday', isPrice, expected)
}

function readSections(at: Reading, grades: readonly Grade[]): readonly Section[] {
  const reading: RowReading = {
    problems: at.problems,
    accessible: new Set(grades.filter((grade) => grade.accessible).map((grade) => grade.id)),
    seatId: createIds(at.problems),
    seats: 0,
  }
  return objectsIn(at, 'sections').map((section) => readSection(section, reading))
}

function readSection(at: Reading, reading: RowReading): Section {
  const id = idIn(at)
  const kind = (own(at.fields, 'kind') ?? 'seated') as SectionKind
  const grade = own(at.fields, 'grade') as Section['grade']
  const places = kind === 'ga' && own(at.fields, 'rows') === undefined ? gaPlaces(at) : listIn(at, 'rows')
  const rows = readRows(places, { id, grade, path: at.path }, reading)
  const capacity = rows.reduce((sum, row) => sum + row.seats.length, 0)
  checkTotal(at, 'capacity', capacity)
  // The real ballpark states the number of its seats here; a list of seats would be another shape.
  checkTotal(at, 'seats', capacity)
  const maxCapacity = optionalCount(at, 'maxCapacity')
  const soldWhole = optionalFlag(at, 'soldWhole')
  return {
    id,
    label: optionalLabel(at) ?? id,
    kind,
    grade,
    x: optionalCoordinate(at, 'x') ?? 0,
    y: optionalCoordinate(at, 'y') ?? 0,
    capacity,
    ...(maxCapacity === null ? {} : { maxCapacity }),
    ...(soldWhole === null ? {} : { soldWhole }),
    focalPoint: readFocalPoint(at, rows),
    rows,
  }
}

/** General admission lists no rows: its capacity is one row of numbered places. */
function gaPlaces(at: Reading): readonly unknown[] {
  const capacity = own(at.fields, 'capacity')
  if (isCount(capacity) && capacity > 0) return [{ label: '1', seats: [[1, capacity]] }]
  at.problems.add(`${at.path}.capacity`, 'of a ga section must be an integer ≥ 1')
  return []
}

function readFocalPoint(at: Reading, rows: readonly Row[]): Point {
  const value = own(at.fields, 'focalPoint')
  if (value === undefined || value === null) return middleOfFront(rows)
  const [x, y] = isFields(value) ? [own(value, 'x'), own(value, 'y')] : Array.isArray(value) ? value : []
  if (isCoordinate(x) && isCoordinate(y)) return { x, y }
  at.problems.add(`${at.path}.focalPoint`, 'must be a point { x, y }')
  return { x: 0, y: 0 }
}
