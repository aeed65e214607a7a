import type { Id } from '../shared/types.ts'
import {
  type Fields,
  isCount,
  isFields,
  listIn,
  objectsIn,
  optional,
  optionalFlag,
  optionalLabel,
  own,
  pathTo,
  type Reading,
} from './document.ts'
import { createProblems, refuse } from './problems.ts'
import { createIds, idPart } from './seat-id.ts'
import { pointIn, seatPitch } from './seatsio-geometry.ts'
import { type Area, type ChartReading, sectionOf } from './seatsio-section.ts'
import type { Grade, Point, Section, Venue } from './venue.ts'
import { validateVenue } from './venue-problems.ts'

const what = 'the seats.io chart'

/**
 * A venue from the chart JSON of seats.io. Categories become grades (without prices: the schedule brings them), sections and
 * rows stay, rows outside of any section form the section `main` (or that of their floor); tables and booths become table sections, general admission
 * areas ga sections. Seats are neighbours when they are no more than 1.5 seat pitches apart in the order of their row.
 * @throws TicketingError `INVALID` with `details.problems`.
 */
export function importSeatsioChart(
  chart: unknown,
  p: { readonly venueId?: Id; readonly currency?: string } = {},
): Venue {
  if (!isFields(chart)) refuse(what, ['it must be an object'])
  const at: Reading = { fields: chart as Fields, path: '', problems: createProblems() }
  const name = optionalLabel(at, 'name') ?? 'Chart'
  const grades = readCategories(at)
  const sections = readChart(at, grades)
  refuse(what, at.problems.list())
  const venueId = p.venueId ?? (idPart(name).slice(0, 64) || 'chart')
  const venue = { venueId, name, currency: p.currency ?? 'KRW', grades: [...grades.values()], sections }
  refuse(what, validateVenue(venue))
  return venue
}

/** Grades by category key as text; keys are numbers in old charts and texts in new ones. */
function readCategories(at: Reading): ReadonlyMap<string, Grade> {
  const categories = own(at.fields, 'categories')
  const list = isFields(categories) ? objectsIn({ ...at, fields: categories, path: 'categories' }, 'list') : []
  const gradeId = createIds(at.problems)
  const grades = new Map<string, Grade>()
  for (const category of Array.isArray(categories) ? objectsIn(at, 'categories') : list) {
    const key = optionalLabel(category, 'key') ?? optionalLabel(category)
    if (key === null || grades.has(key)) {
      at.problems.add(pathTo(category.path, 'key'), key === null ? 'is missing' : `${key.slice(0, 80)} stands twice`)
      continue
    }
    const color = optionalLabel(category, 'color')
    grades.set(key, {
      id: gradeId(idPart(key), category.path) ?? '-',
      label: optionalLabel(category) ?? key,
      ...(color === null ? {} : { color }),
      ...(optionalFlag(category, 'accessible') ? { accessible: true } : {}),
    })
  }
  if (grades.size === 0) at.problems.add('categories', 'must list at least one category')
  return grades
}

function readChart(at: Reading, grades: ReadonlyMap<string, Grade>): readonly Section[] {
  const reading: ChartReading = {
    problems: at.problems,
    grades,
    accessible: new Set([...grades.values()].filter((grade) => grade.accessible).map((grade) => grade.id)),
    sectionId: createIds(at.problems),
    seatId: createIds(at.problems),
    seats: 0,
  }
  return areasOf(at).flatMap((area) => readArea(area, reading))
}

/** A chart of several floors has a sub-chart for each. */
function areasOf(at: Reading): readonly Area[] {
  const zones = zonePoints(at)
  if (own(at.fields, 'subChartFloors') === undefined) {
    const root = subChart(at)
    return root ? floorAreas(root, 'main', zones) : []
  }
  return objectsIn(at, 'subChartFloors').flatMap((floor, i) => {
    const name = optionalLabel(floor, 'floorName') ?? String(i + 1)
    return floorAreas(floor, `Floor ${name}`, zones)
  })
}

/** What stands outside of any section, then the sections. */
function floorAreas(root: Reading, label: string, zones: ReadonlyMap<string, Point | null>): readonly Area[] {
  const focalPoint = pointIn(root.fields, 'focalPoint')
  const sections = objectsIn(root, 'sections').flatMap((section) => {
    const inner = subChart(section)
    const name = optionalLabel(section)
    if (name === null) root.problems.add(pathTo(section.path, 'label'), 'is missing')
    if (inner === null || name === null) return []
    const zone = optionalLabel(section, 'zone')
    return areaOf(inner, name, {
      category: optionalLabel(section, 'categoryKey'),
      offset: pointIn(section.fields, 'topLeft') ?? { x: 0, y: 0 },
      focalPoint: (zone === null ? null : zones.get(zone)) ?? focalPoint,
    })
  })
  return [areaOf(root, label, { category: null, offset: { x: 0, y: 0 }, focalPoint }), ...sections]
}

const areaOf = (at: Reading, label: string, rest: Pick<Area, 'category' | 'offset' | 'focalPoint'>): Area => {
  const rows = listIn(at, 'rows')
  return { at, label, ...rest, pitch: seatPitch(rows.length > 0 ? rows : listIn(at, 'tables')) }
}

function subChart(at: Reading): Reading | null {
  const fields = optional(at, 'subChart', isFields, 'an object')
  if (fields) return { ...at, fields, path: pathTo(at.path, 'subChart') }
  at.problems.add(pathTo(at.path, 'subChart'), 'is missing')
  return null
}

function zonePoints(at: Reading): ReadonlyMap<string, Point | null> {
  const zones = optional(at, 'zones', isFields, 'an object')
  const list = zones ? objectsIn({ ...at, fields: zones, path: 'zones' }, 'list') : []
  return new Map(list.map((zone) => [optionalLabel(zone, 'key') ?? '', pointIn(zone.fields, 'focalPoint')]))
}

/** One area of a chart is up to several of our sections: a section of ours is all seats, all tables or all places. */
function readArea(area: Area, reading: ChartReading): readonly Section[] {
  const { at } = area
  const tables = objectsIn(at, 'tables')
  const split = tables.filter((table) => !isWhole(table))
  const booths = objectsIn(at, 'booths').map(asTable)
  const whole = { kind: 'table', soldWhole: true } as const
  return [
    sectionOf(area, { kind: 'seated', suffix: '' }, objectsIn(at, 'rows'), reading),
    sectionOf(area, { kind: 'table', suffix: 'tables' }, split, reading),
    sectionOf(area, { ...whole, suffix: 'whole-tables' }, tables.filter(isWhole), reading),
    sectionOf(area, { ...whole, suffix: 'booths' }, booths, reading),
    ...objectsIn(at, 'generalAdmissionAreas').map((places) => generalAdmission(area, places, reading)),
  ].filter((section) => section !== null)
}

const isWhole = ({ fields }: Reading): boolean =>
  own(fields, 'bookAsAWhole') === true || own(fields, 'bookAsWhole') === true

/** A booth is sold as one thing: a table of one seat. */
const asTable = (booth: Reading): Reading => ({ ...booth, fields: { ...booth.fields, seats: [{ label: '1' }] } })

function generalAdmission(area: Area, at: Reading, reading: ChartReading): Section | null {
  const capacity = optional(at, 'capacity', isCount, 'an integer ≥ 0') ?? 0
  const label = optionalLabel(at)
  if (label === null || capacity < 1) {
    at.problems.add(at.path, 'must have a label and a capacity')
    return null
  }
  const kind = isWhole(at) ? ({ kind: 'table', soldWhole: true } as const) : ({ kind: 'ga' } as const)
  const row = { ...at, fields: { ...at.fields, label: '1' } }
  return sectionOf({ ...area, label, focalPoint: null }, { ...kind, suffix: '', places: capacity }, [row], reading)
}
