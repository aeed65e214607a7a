import { isId } from '../shared/ids.ts'
import { createdRow, createdSeatId } from './created-seat.ts'
import {
  type Fields,
  idRule,
  isCoordinate,
  isCount,
  isFields,
  isFlag,
  isText,
  own,
  pathTo,
  readings,
} from './document.ts'
import { createProblems, type Problems } from './problems.ts'
import { type Section, type Venue, venueSeatLimit } from './venue.ts'

const kinds = ['seated', 'ga', 'table', 'elastic']
const priceLimit = 1_000_000_000_000

/** A price in minor units: an integer ≥ 0, small enough that a hold's sum stays a safe integer. */
export const isPrice = (value: unknown): value is number => isCount(value) && value <= priceLimit

const isCurrency = (value: unknown): value is string => typeof value === 'string' && /^[A-Z]{3}$/.test(value)

/** Everything that is wrong with a venue, whatever it is; an empty list means that it is a `Venue`. */
export function validateVenue(venue: unknown): readonly string[] {
  const problems = createProblems()
  if (!isFields(venue)) return ['the venue must be an object']
  if (!isId(own(venue, 'venueId'))) problems.add('venueId', idRule)
  if (!isText(own(venue, 'name'))) problems.add('name', 'must be a text of 1 to 200 characters')
  if (!isCurrency(own(venue, 'currency'))) problems.add('currency', 'must be a three-letter code')
  const grades = checkGrades(venue, problems)
  checkSections(venue, grades, problems)
  // Sums and names of created seats are only worth a look once every part is what it should be.
  if (problems.count === 0) checkWhole(venue as unknown as Venue, problems)
  return problems.list()
}

/** Calls `check` with each object of a list that must not be empty, noting what is none. */
function each(
  fields: Fields,
  key: string,
  path: string,
  problems: Problems,
  check: (item: Fields, path: string) => void,
): void {
  const list = own(fields, key)
  if (!Array.isArray(list)) problems.add(pathTo(path, key), 'must be a list')
  else for (const item of readings(list, pathTo(path, key), problems)) check(item.fields, item.path)
}

/** Notes an id that is malformed or stands twice. */
function checkId(id: unknown, seen: Set<unknown>, path: string, problems: Problems): void {
  if (!isId(id)) problems.add(path, idRule)
  else if (seen.has(id)) problems.add(path, `${id} stands twice`)
  seen.add(id)
}

function checkFlags(fields: Fields, keys: readonly string[], path: string, problems: Problems): void {
  for (const key of keys) {
    const value = own(fields, key)
    if (value !== undefined && !isFlag(value)) problems.add(`${path}.${key}`, 'must be true or false')
  }
}

function checkGrades(venue: Fields, problems: Problems): ReadonlySet<unknown> {
  const grades = new Set<unknown>()
  each(venue, 'grades', '', problems, (grade, path) => {
    checkId(own(grade, 'id'), grades, `${path}.id`, problems)
    if (!isText(own(grade, 'label'))) problems.add(`${path}.label`, 'must be a text of 1 to 200 characters')
    const color = own(grade, 'color')
    if (color !== undefined && !isText(color)) problems.add(`${path}.color`, 'must be a text')
    const price = own(grade, 'price')
    if (price !== undefined && !isPrice(price)) problems.add(`${path}.price`, 'must be an integer ≥ 0 in minor units')
    checkFlags(grade, ['accessible'], path, problems)
  })
  return grades
}

function checkSections(venue: Fields, grades: ReadonlySet<unknown>, problems: Problems): void {
  const sections = new Set<unknown>()
  const seats = new Set<unknown>()
  each(venue, 'sections', '', problems, (section, path) => {
    checkId(own(section, 'id'), sections, `${path}.id`, problems)
    if (!isText(own(section, 'label'))) problems.add(`${path}.label`, 'must be a text of 1 to 200 characters')
    if (!grades.has(own(section, 'grade'))) problems.add(`${path}.grade`, 'is not a grade of the venue')
    checkPoint(section, path, problems)
    const focalPoint = own(section, 'focalPoint')
    if (isFields(focalPoint)) checkPoint(focalPoint, `${path}.focalPoint`, problems)
    else problems.add(`${path}.focalPoint`, 'must be a point')
    const listed = checkRows(section, path, { grades, seats, problems })
    checkKind(section, listed, path, problems)
  })
  if (sections.size === 0 && problems.count === 0) problems.add('sections', 'must name at least one section')
}

function checkPoint(fields: Fields, path: string, problems: Problems): void {
  for (const key of ['x', 'y'])
    if (!isCoordinate(own(fields, key))) problems.add(`${path}.${key}`, 'must be a finite coordinate')
}

function checkKind(section: Fields, listed: number, path: string, problems: Problems): void {
  const kind = own(section, 'kind')
  const max = own(section, 'maxCapacity')
  if (!kinds.includes(kind as string)) problems.add(`${path}.kind`, `must be one of ${kinds.join(', ')}`)
  if (own(section, 'capacity') !== listed) problems.add(`${path}.capacity`, `must be the ${listed} seats it lists`)
  if (kind === 'elastic' ? !isCount(max) || max < listed || max === 0 : max !== undefined)
    problems.add(
      `${path}.maxCapacity`,
      kind === 'elastic' ? `must be an integer ≥ ${Math.max(1, listed)}` : 'belongs to elastic sections',
    )
  if (kind !== 'elastic' && listed === 0) problems.add(`${path}.rows`, 'list no seat')
  if (kind === 'ga' && (own(section, 'rows') as readonly unknown[] | undefined)?.length !== 1)
    problems.add(`${path}.rows`, 'of a ga section must be one row of numbered places')
  checkFlags(section, ['soldWhole'], path, problems)
  if (own(section, 'soldWhole') !== undefined && kind !== 'table')
    problems.add(`${path}.soldWhole`, 'belongs to table sections')
}

interface Register {
  readonly grades: ReadonlySet<unknown>
  readonly seats: Set<unknown>
  readonly problems: Problems
}

function checkRows(section: Fields, path: string, p: Register): number {
  const rows = new Set<unknown>()
  let listed = 0
  each(section, 'rows', path, p.problems, (row, rowPath) => {
    checkId(own(row, 'id'), rows, `${rowPath}.id`, p.problems)
    if (!isText(own(row, 'label'))) p.problems.add(`${rowPath}.label`, 'must be a text of 1 to 200 characters')
    let before = Number.NEGATIVE_INFINITY
    let inRow = 0
    each(row, 'seats', rowPath, p.problems, (seat, seatPath) => {
      before = checkSeat(seat, before, seatPath, p)
      inRow++
    })
    if (inRow === 0) p.problems.add(`${rowPath}.seats`, 'list no seat')
    listed += inRow
  })
  return listed
}

/** Answers the position that the next seat of the row must exceed. */
function checkSeat(seat: Fields, before: number, path: string, { grades, seats, problems }: Register): number {
  checkId(own(seat, 'seatId'), seats, `${path}.seatId`, problems)
  if (!isText(own(seat, 'label'))) problems.add(`${path}.label`, 'must be a text of 1 to 200 characters')
  checkPoint(seat, path, problems)
  checkFlags(seat, ['accessible', 'companion', 'blocked'], path, problems)
  const grade = own(seat, 'grade')
  if (grade !== undefined && !grades.has(grade)) problems.add(`${path}.grade`, 'is not a grade of the venue')
  const channel = own(seat, 'channel')
  if (channel !== undefined && !isId(channel)) problems.add(`${path}.channel`, idRule)
  const position = own(seat, 'position')
  if (isCoordinate(position) && Number.isInteger(position) && position > before) return position
  problems.add(`${path}.position`, 'must be an integer greater than that of the seat before')
  return before
}

function checkWhole(venue: Venue, problems: Problems): void {
  const seats = venue.sections.reduce((sum, section) => sum + Math.max(section.capacity, section.maxCapacity ?? 0), 0)
  if (seats > venueSeatLimit)
    return problems.add('sections', `hold ${seats} seats, at most ${venueSeatLimit} are allowed`)
  const elastic = venue.sections.filter((section) => section.kind === 'elastic')
  if (elastic.length === 0) return
  const ids = new Set(
    venue.sections.flatMap((section) => section.rows.flatMap((row) => row.seats.map((s) => s.seatId))),
  )
  for (const section of elastic) checkCreated(section, ids, problems)
}

/** Seats that will be created must find their names free: no listed seat, and no other section's created one, has them. */
function checkCreated(section: Section, ids: Set<string>, problems: Problems): void {
  const { firstNumber } = createdRow(section)
  for (let step = 0; step < (section.maxCapacity ?? 0) - section.capacity; step++) {
    const id = createdSeatId(section, firstNumber + step)
    if (!isId(id) || ids.has(id)) {
      problems.add(`section ${section.id}`, `a created seat could not be named ${id}`)
      return
    }
    ids.add(id)
  }
}
