import type { Seat, Section } from '../../catalogue/venue.ts'
import { type PackedSection, packCodes, type SeatCode } from '../occupancy.ts'
import type { Allocation, AllocationPolicy, AllocationRequest, AllocationResult } from './allocation.ts'
import { createAllocator } from './allocator.ts'

/**
 * Maps as drawings, one string a row: `.` free `x` taken `|` aisle `#` blocked from the start `o` so, and opened later
 * `b` blocked later, `a` / `A` an accessible seat free / taken, `c` a companion's, `v` only for channel `vip`, `1` … `9` free,
 * of grade `g1` … `g9`.
 * Seats of a row are numbered from 1; row A is at the front; pitch is 1; the focal point is the middle of the front row.
 */
export type Drawing = readonly string[]

export interface DrawnSection extends Partial<Pick<Section, 'kind' | 'grade' | 'maxCapacity' | 'soldWhole'>> {
  readonly rows: Drawing
}

export interface DrawnMap {
  readonly sections: readonly Section[]
  readonly states: readonly PackedSection[]
}

function drawSection(id: string, drawn: Drawing | DrawnSection, prefix = ''): Section {
  const { rows: drawing, ...rest } = 'rows' in drawn ? drawn : { rows: drawn }
  const rows = drawing.map((line, rank) => drawRow(line, rank, prefix))
  const front = rows[0]?.seats ?? []
  const x = ((front[0]?.x ?? 0) + (front.at(-1)?.x ?? 0)) / 2
  const capacity = rows.reduce((sum, row) => sum + row.seats.length, 0)
  return { id, label: id, kind: 'seated', grade: 'g0', x: 0, y: 0, capacity, focalPoint: { x, y: 0 }, rows, ...rest }
}

function drawRow(line: string, rank: number, prefix: string): Section['rows'][number] {
  const row = String.fromCharCode(65 + rank)
  const seats: Seat[] = []
  for (const [position, mark] of [...line].entries())
    if (!'|│'.includes(mark)) seats.push(drawSeat(mark, `${prefix}${row}`, seats.length + 1, position, rank))
  return { id: row, label: row, seats }
}

function drawSeat(mark: string, row: string, number: number, position: number, y: number): Seat {
  return {
    seatId: `${row}${number}`,
    label: String(number),
    x: position,
    y,
    position,
    ...(/\d/.test(mark) && { grade: `g${mark}` }),
    ...('aA'.includes(mark) && { accessible: true }),
    ...(mark === 'c' && { companion: true }),
    ...(mark === 'v' && { channel: 'vip' }),
    ...('#o'.includes(mark) && { blocked: true }),
  }
}

const codes: Readonly<Record<string, SeatCode>> = { x: 1, A: 2, b: 3, '#': 3 }

const drawState = (id: string, drawn: Drawing | DrawnSection): PackedSection => {
  const marks = [...('rows' in drawn ? drawn.rows : drawn).join('')].filter((mark) => !'|│'.includes(mark))
  return { section: id, count: marks.length, version: 1, codes: packCodes(marks.map((mark) => codes[mark] ?? 0)) }
}

/** Seats of several sections are named `<section>-<row><number>`, those of a single one `<row><number>`. */
export function drawMap(drawn: Drawing | Readonly<Record<string, Drawing | DrawnSection>>): DrawnMap {
  const entries = Object.entries(Array.isArray(drawn) ? { S: drawn } : drawn) as [string, Drawing | DrawnSection][]
  const prefix = (id: string) => (entries.length > 1 ? `${id}-` : '')
  return {
    sections: entries.map(([id, of]) => drawSection(id, of, prefix(id))),
    states: entries.map(([id, of]) => drawState(id, of)),
  }
}

export function allocateOn(
  { sections, states }: DrawnMap,
  request: AllocationRequest,
  policy: AllocationPolicy = 'nearest',
  explain = false,
): AllocationResult {
  const allocator = createAllocator(sections)
  for (const state of states) allocator.replace(state)
  return allocator.allocate({ request, policy, explain })
}

/** Names of the seats that exist already, in the order of the answer. */
export function namesOf(sections: readonly Section[], { parts }: Pick<Allocation, 'parts'>): readonly string[] {
  return parts.flatMap(({ section, seats }) => {
    const all = sections.find(({ id }) => id === section)!.rows.flatMap((row) => row.seats)
    return seats.map((seat) => all[seat]?.seatId ?? `${section}+${seat}`)
  })
}

/** What a request gets, in one line: `A5,A6 rung 1`, or `none, largest 3`. */
export function answer(
  drawn: Parameters<typeof drawMap>[0],
  request: number | AllocationRequest,
  policy: AllocationPolicy = 'nearest',
): string {
  const map = drawMap(drawn)
  const result = allocateOn(map, typeof request === 'number' ? { quantity: request } : request, policy)
  if (!result.ok) return `none, largest ${result.largestFit}`
  const { create, score } = result.value
  const made = create ? ` + ${create.count} new in ${create.section}` : ''
  return `${namesOf(map.sections, result.value).join(',')}${made} rung ${score.rung}`
}
