import type { Id } from '../shared/types.ts'
import { objectsIn, optionalFlag, optionalLabel, pathTo, type Reading } from './document.ts'
import { nameSeats, type Place, type RowReading } from './import-rows.ts'
import { createIds, idPart } from './seat-id.ts'
import { pointOf, positionsOf } from './seatsio-geometry.ts'
import { type Grade, middleOfFront, type Point, type Row, type Section, venueSeatLimit } from './venue.ts'

/** A part of a chart with seats in it: the whole chart, or one of its sections. */
export interface Area {
  readonly at: Reading
  readonly label: string
  /** Category of seats that name none. */
  readonly category: string | null
  /** Where the area's own coordinates start. */
  readonly offset: Point
  readonly focalPoint: Point | null
  /** Length of a seat pitch in the units of the chart. */
  readonly pitch: number
}

export interface ChartReading extends RowReading {
  readonly grades: ReadonlyMap<string, Grade>
  readonly sectionId: (wanted: string, path: string) => Id | null
}

interface Kind {
  readonly kind: 'seated' | 'table' | 'ga'
  readonly suffix: string
  readonly soldWhole?: true
  /** Instead of seats: so many numbered places. */
  readonly places?: number
}

type GradedPlace = Place & { readonly grade: Id }

/** A section of ours from rows (or tables, booths, one general admission area); null when there are none. */
export function sectionOf(area: Area, kind: Kind, rows: readonly Reading[], reading: ChartReading): Section | null {
  if (rows.length === 0) return null
  const id = reading.sectionId([idPart(area.label), kind.suffix].filter(Boolean).join('-'), area.at.path)
  const places = rows.map((row, rank) => readPlaces(area, kind, { row, rank }, reading))
  const grade = mostCommon(places.flat().map((place) => place.grade))
  if (id === null || grade === null) return null
  const named = nameRows(rows, places, { id, grade, path: area.at.path }, reading)
  return {
    id,
    label: kind.suffix === '' ? area.label : `${area.label} (${kind.suffix.replaceAll('-', ' ')})`,
    kind: kind.kind,
    grade,
    x: area.offset.x,
    y: area.offset.y,
    capacity: named.reduce((sum, row) => sum + row.seats.length, 0),
    ...(kind.soldWhole ? { soldWhole: true } : {}),
    focalPoint: area.focalPoint ? scaled(area.focalPoint, area.pitch) : middleOfFront(named),
    rows: named,
  }
}

function nameRows(
  rows: readonly Reading[],
  places: readonly (readonly GradedPlace[])[],
  section: { readonly id: Id; readonly grade: Id; readonly path: string },
  reading: ChartReading,
): readonly Row[] {
  const rowId = createIds(reading.problems)
  return rows.flatMap((row, rank) => {
    const label = optionalLabel(row)
    const id = label === null ? null : rowId(idPart(label), row.path)
    if (label === null) reading.problems.add(pathTo(row.path, 'label'), 'is missing')
    if (label === null || id === null) return []
    const own = places[rank]!.map(({ grade, ...place }) => (grade === section.grade ? place : { ...place, grade }))
    return { id, label, seats: nameSeats(own, section, { rowId: id, path: row.path }, reading) }
  })
}

function readPlaces(
  area: Area,
  kind: Kind,
  { row, rank }: { readonly row: Reading; readonly rank: number },
  reading: ChartReading,
): readonly GradedPlace[] {
  const before = reading.seats
  const seats = kind.places === undefined ? objectsIn(row, 'seats') : []
  reading.seats += kind.places ?? seats.length
  if (reading.seats > venueSeatLimit) {
    if (before <= venueSeatLimit) reading.problems.add(row.path, `is past the limit of ${venueSeatLimit} seats`)
    return []
  }
  const category = optionalLabel(row, 'categoryKey') ?? area.category
  if (kind.places !== undefined) return numbered(kind.places, gradeIn(row, category, reading))
  const points = seats.map((seat) => pointOf(seat.fields))
  const positions = positionsOf(points, area.pitch)
  return seats.flatMap((seat, i) => {
    const at = { position: positions[i]!, point: points[i] ?? null, rank }
    return readSeat(area, seat, at, category, reading) ?? []
  })
}

function readSeat(
  area: Area,
  seat: Reading,
  at: { readonly position: number; readonly point: Point | null; readonly rank: number },
  rowCategory: string | null,
  reading: ChartReading,
): GradedPlace | null {
  const label = optionalLabel(seat)
  if (label === null) reading.problems.add(pathTo(seat.path, 'label'), 'is missing')
  const grade = gradeIn(seat, optionalLabel(seat, 'categoryKey') ?? rowCategory, reading)
  if (label === null || grade === null) return null
  const { point, position } = at
  const { x, y } = point
    ? scaled({ x: point.x + area.offset.x, y: point.y + area.offset.y }, area.pitch)
    : { x: position, y: at.rank }
  return { label, x, y, position, grade, ...marks(seat) }
}

const numbered = (count: number, grade: Id | null): readonly GradedPlace[] =>
  grade === null
    ? []
    : Array.from({ length: count }, (_, i) => ({ label: String(i + 1), x: i + 1, y: 0, position: i + 1, grade }))

const marks = (seat: Reading): Partial<Place> => ({
  ...(optionalFlag(seat, 'accessible') ? { accessible: true } : {}),
  ...(optionalFlag(seat, 'companionSeat') ? { companion: true } : {}),
})

function gradeIn(at: Reading, category: string | null, reading: ChartReading): Id | null {
  const grade = category === null ? undefined : reading.grades.get(category)
  if (!grade) at.problems.add(pathTo(at.path, 'categoryKey'), 'is not a category of the chart')
  return grade?.id ?? null
}

/** To 1/1000 of a seat pitch, which is what distances are counted in. */
const scaled = ({ x, y }: Point, pitch: number): Point => ({ x: thousandth(x / pitch), y: thousandth(y / pitch) })

const thousandth = (value: number): number => Math.round(value * 1_000) / 1_000

function mostCommon(ids: readonly Id[]): Id | null {
  const counts = new Map<Id, number>()
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1)
  let best: Id | null = null
  for (const [id, count] of counts) if (best === null || count > counts.get(best)!) best = id
  return best
}
