import type { ScheduleRecord } from '../catalogue/schedule.ts'
import type { Id, Ms } from '../shared/types.ts'
import { admitsDirectly, graceEndsAt, lapsesAt, lateOffers, type Progress, stepSize } from './admission.ts'
import { allowance, type Meter, meterAt, newMeter, retune, spend } from './allowance.ts'
import { lineDraw, numberOfRank, rankOfNumber } from './draw.ts'
import { boundsOf, type GroupSegment, withGroupSize } from './group.ts'
import { currentGroup, type LineCounts, type LineDocument, type LineDraw, opened, type Slice } from './line.ts'

/** `forgotten`: the line has passed this number, but what became of it was lost with the store's data. */
export type NumberState =
  | 'waiting'
  | 'offered'
  | 'active'
  | 'lapsed'
  | 'late'
  | 'done'
  | 'expired'
  | 'left'
  | 'forgotten'

/** Where a visitor stands. `ranked`: in ranks, as given before the opening. */
export interface Standing {
  readonly at: number
  readonly ranked: boolean
  readonly operationId: Id
}

/** One line as a store keeps it: plain data, so that a test can take a copy of the store. */
export interface Line {
  /** What the store stood on when this was last installed; another one means that data may be lost. */
  runId: number
  record: ScheduleRecord
  counter: number
  tail: number
  admittedThrough: number
  segments: readonly GroupSegment[]
  tailSince: Ms
  meter: Meter
  draw: LineDraw | null
  /** Numbers that no longer wait. */
  readonly states: Map<number, Exclude<NumberState, 'waiting' | 'forgotten'>>
  readonly counts: Record<NumberState, number>
  /** Within their claim window, then within their grace: both oldest first. */
  readonly slices: Slice[]
  readonly lapsed: Slice[]
  /** Last offer of a number that was offered more than once: its older slices are not about it any more. */
  readonly again: Map<number, Ms>
  readonly late: number[]
  readonly passes: Map<number, Ms>
  /** Ends of passes by time, ascending; one that was left behind no longer matches `passes`. */
  readonly ends: { readonly at: Ms; readonly number: number }[]
  /** Slots whose visitors were lost with the data, and until when they count as active. */
  lost: number
  lostUntil: Ms
  /** The one-place index and the group lists; before the opening the list is by rank. */
  readonly index: Map<Id, Standing>
  readonly visitors: Map<number, Id>
  readonly left: number[]
}

const leftShown = 1_000
const lateShown = 1_000

export function newLine(
  record: ScheduleRecord,
  now: Ms,
  start: { runId: number; counter: number; tail: number },
): Line {
  const { settings } = record
  const counts = {
    waiting: start.tail,
    offered: 0,
    active: 0,
    lapsed: 0,
    late: 0,
    done: 0,
    expired: 0,
    left: 0,
    forgotten: 0,
  }
  return {
    ...start,
    record,
    admittedThrough: 0,
    segments: withGroupSize([], 0, settings.groupSize),
    tailSince: now,
    meter: newMeter(settings, now),
    draw: opened(record.state) ? lineDraw(record) : null,
    states: new Map(),
    counts,
    slices: [],
    lapsed: [],
    again: new Map(),
    late: [],
    passes: new Map(),
    ends: [],
    lost: 0,
    lostUntil: 0,
    index: new Map(),
    visitors: new Map(),
    left: [],
  }
}

export function stateOf(line: Line, number: number): NumberState {
  return line.states.get(number) ?? (number <= line.admittedThrough ? 'forgotten' : 'waiting')
}

export const hasEnded = (state: NumberState): boolean => state === 'done' || state === 'expired' || state === 'left'

function move(line: Line, number: number, to: Exclude<NumberState, 'waiting' | 'forgotten'>): void {
  const from = stateOf(line, number)
  line.counts[from]--
  line.counts[to]++
  line.states.set(number, to)
  line.counter++
}

export function activate(line: Line, number: number, until: Ms): void {
  move(line, number, 'active')
  line.passes.set(number, until)
  const before = line.ends.findLastIndex(({ at }) => at <= until)
  line.ends.splice(before + 1, 0, { at: until, number })
}

export const passUntil = (line: Line, now: Ms): Ms => now + line.record.settings.passTtlSeconds * 1_000

/** The numbers up to here have been passed; what became of those that still wait for the store is not known to it. */
export function passBy(line: Line, number: number): void {
  const to = Math.min(number, line.tail)
  for (let n = line.admittedThrough + 1; n <= to; n++) {
    if (line.states.has(n)) continue
    line.counts.waiting--
    line.counts.forgotten++
  }
  if (to <= line.admittedThrough) return
  line.admittedThrough = to
  line.counter++
}

const progress = (line: Line): Progress => ({
  state: line.record.state,
  tail: line.tail,
  admittedThrough: line.admittedThrough,
  segments: line.segments,
  tailSince: line.tailSince,
  busy: line.counts.offered + line.counts.active + line.lost,
  waiting: line.counts.waiting,
  late: line.late.length,
})

/** Ends everything that is due. */
export function endDue(line: Line, now: Ms): void {
  const { settings } = line.record
  while (line.ends[0] && line.ends[0].at <= now) {
    const { at, number } = line.ends.shift()!
    if (line.states.get(number) === 'active' && line.passes.get(number) === at) endPlace(line, number, 'expired')
  }
  if (line.lost > 0 && line.lostUntil <= now) {
    line.lost = 0
    line.counter++
  }
  while (line.slices[0] && lapsesAt(line.slices[0], settings) <= now) {
    const slice = line.slices.shift()!
    for (const number of concerned(line, slice, 'offered')) move(line, number, 'lapsed')
    line.lapsed.push(slice)
  }
  while (line.lapsed[0] && graceEndsAt(line.lapsed[0], settings) <= now) {
    const slice = line.lapsed.shift()!
    for (const number of concerned(line, slice, 'lapsed')) endPlace(line, number, 'expired')
  }
}

/** Numbers of a slice in that state since that very slice. */
function concerned(line: Line, slice: Slice, state: NumberState): readonly number[] {
  const numbers: number[] = []
  for (let n = slice.from; n <= slice.to; n++) {
    if (line.states.get(n) === state && (line.again.get(n) ?? slice.at) === slice.at) numbers.push(n)
  }
  return numbers
}

export function endPlace(line: Line, number: number, as: 'done' | 'expired' | 'left'): void {
  const before = stateOf(line, number)
  if (before === 'late') line.late.splice(line.late.indexOf(number), 1)
  if (before === 'waiting') line.left.push(number)
  if (line.left.length > leftShown) line.left.shift()
  move(line, number, as)
  line.passes.delete(number)
  line.again.delete(number)
}

export function becomeLate(line: Line, number: number): void {
  move(line, number, 'late')
  const before = line.late.findLastIndex((late) => late < number)
  line.late.splice(before + 1, 0, number)
}

/** The late first, by number; then the line, step by step. What moves in one tick is one slice. */
export function admit(line: Line, now: Ms): void {
  const { settings } = line.record
  line.meter = meterAt(line.meter, settings, now)
  for (let k = lateOffers(progress(line), settings, allowance(line.meter, settings)); k > 0; k--) {
    const number = line.late.shift()!
    move(line, number, 'offered')
    line.again.set(number, now)
    line.slices.push({ from: number, to: number, at: now })
    line.meter = spend(line.meter, settings, 1)
  }
  const from = line.admittedThrough + 1
  for (;;) {
    const k = stepSize(progress(line), settings, allowance(line.meter, settings), now)
    if (k <= 0) break
    const numbers = Array.from({ length: k }, (_, i) => line.admittedThrough + 1 + i).filter((n) => !line.states.has(n))
    for (const number of numbers) move(line, number, 'offered')
    line.admittedThrough += k
    line.counter++
    line.meter = spend(line.meter, settings, numbers.length)
  }
  if (line.admittedThrough >= from) line.slices.push({ from, to: line.admittedThrough, at: now })
}

/** Issues the next number or rank. `until`: admitted directly. */
export function issue(
  line: Line,
  visitor: Id,
  operationId: Id,
  now: Ms,
): { readonly number: number; readonly until: Ms | null } {
  const { settings } = line.record
  line.meter = meterAt(line.meter, settings, now)
  const direct = admitsDirectly(progress(line), settings, allowance(line.meter, settings))
  const number = ++line.tail
  line.counter++
  line.counts.waiting++
  if (boundsOf(line.segments, number).first === number) line.tailSince = now
  line.index.set(visitor, { at: number, ranked: line.draw === null, operationId })
  line.visitors.set(number, visitor)
  if (!direct) return { number, until: null }
  const until = passUntil(line, now)
  activate(line, number, until)
  line.admittedThrough = number
  line.meter = spend(line.meter, settings, 1)
  return { number, until }
}

/** A newer record of the same epoch. */
export function takeOver(line: Line, record: ScheduleRecord, now: Ms): void {
  const { groupSize } = record.settings
  line.segments = withGroupSize(line.segments, line.tail, groupSize)
  line.meter = retune(line.meter, line.record.settings, record.settings, now)
  line.record = record
  line.counter++
  if (line.draw === null && opened(record.state)) open(line, lineDraw(record))
}

function open(line: Line, draw: LineDraw): void {
  line.draw = draw
  const places = [...line.states].map(([rank, state]) => [numberOfRank(draw, rank), state] as const)
  line.states.clear()
  for (const [number, state] of places) line.states.set(number, state)
  for (const [i, rank] of line.left.entries()) line.left[i] = numberOfRank(draw, rank)
}

/** Who stands at a number: the list is by rank up to the draw's n. */
export const visitorAt = (line: Line, number: number): Id | undefined =>
  line.visitors.get(line.draw ? rankOfNumber(line.draw, number) : number)

export function setVisitor(line: Line, number: number, visitor: Id): void {
  line.visitors.set(line.draw ? rankOfNumber(line.draw, number) : number, visitor)
}

/** Versions of one life of the line: counted on across a reset, above all of the life before. */
const versionOf = (line: Line): number => (line.record.lineIncarnation ?? 0) * 2 ** 32 + line.counter

export function documentOf(line: Line, now: Ms): LineDocument {
  const { record } = line
  const meter = meterAt(line.meter, record.settings, now)
  return {
    scheduleId: record.scheduleId,
    epoch: record.epoch,
    version: versionOf(line),
    storeTime: now,
    state: record.state,
    recordVersion: record.version,
    tail: line.tail,
    ceiling: record.ceiling,
    admittedThrough: line.admittedThrough,
    slices: [...line.slices],
    late: line.late.slice(0, lateShown),
    left: [...line.left],
    segments: line.segments,
    ratePerMinute: record.settings.ratePerMinute,
    capacity: record.settings.capacity,
    admittedLastMinute: meter.recent,
    measuredMs: Math.min(60_000, now - meter.since),
    counts: countsOf(line),
    draw: line.draw,
  }
}

/** Lost slots count as active; the rest of the forgotten as expired, from which a visitor with a ticket still returns. */
function countsOf(line: Line): LineCounts {
  const { forgotten, ...counts } = line.counts
  const lost = Math.min(line.lost, forgotten)
  return {
    ...counts,
    joined: line.tail,
    prequeued: line.draw === null ? counts.waiting : 0,
    active: counts.active + lost,
    expired: counts.expired + forgotten - lost,
    admittedThrough: line.admittedThrough,
    currentGroup: currentGroup(line),
  }
}
