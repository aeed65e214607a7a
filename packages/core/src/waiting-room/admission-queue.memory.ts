import type { ScheduleRecord } from '../catalogue/schedule.ts'
import { TicketingError } from '../shared/errors.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Ms } from '../shared/types.ts'
import type { AdmissionQueue, JoinReply, PlaceReply } from './admission-queue.port.ts'
import { newMeter } from './allowance.ts'
import { drawPending } from './draw.ts'
import { boundsOfGroup, groupOf } from './group.ts'
import {
  activate,
  admit,
  becomeLate,
  documentOf,
  endDue,
  endPlace,
  hasEnded,
  issue,
  type Line,
  newLine,
  passBy,
  passUntil,
  setVisitor,
  stateOf,
  takeOver,
  visitorAt,
} from './line.memory.ts'
import { type LineDocument, opened, type QueueMember } from './line.ts'
import type { Place } from './queue-ticket.ts'

export interface MemoryAdmissionQueue extends AdmissionQueue {
  /** The store comes back from a restart, with its data or `empty`: until recovery every line answers `RECOVER`. */
  restart(p: { readonly empty: boolean }): void
  /** Takes a copy of the data; the function it returns fails over to it, as to a replica that had come so far. */
  replicate(): () => void
}

/** Lines in memory, judged by `runtime.now()` as the store's time. Every method decides and evolves in one stretch. */
export function createMemoryAdmissionQueue(p: { readonly runtime: Pick<Runtime, 'now'> }): MemoryAdmissionQueue {
  let lines = new Map<Id, Line>()
  let runId = 1
  const now = () => p.runtime.now()

  /** The line if the store can vouch for it, with everything ended that is due. */
  const sound = (scheduleId: Id): Line | null => {
    const line = lines.get(scheduleId)
    if (line?.runId !== runId) return null
    endDue(line, now())
    return line
  }

  return {
    join: async ({ scheduleId, epoch, joins }) => {
      const line = sound(scheduleId)
      if (!line) return 'RECOVER'
      if (line.record.epoch !== epoch) return joins.map(() => ({ is: 'epoch-over' }))
      return joins.map((join) => joinLine(line, join, now()))
    },

    tick: async ({ scheduleId }) => {
      const line = sound(scheduleId)
      if (!line) return 'RECOVER'
      admit(line, now())
      return documentOf(line, now())
    },

    claim: async ({ scheduleId, epoch, mode, places }) => {
      const line = sound(scheduleId)
      if (!line) return 'RECOVER'
      if (line.record.epoch !== epoch) return places.map(() => ({ is: 'epoch-over' }))
      return places.map(({ number, until }) =>
        mode === 'claim' ? claimPlace(line, number, now()) : checkPass(line, number, until ?? 0, now()),
      )
    },

    leave: async ({ scheduleId, epoch, places }) => {
      const line = sound(scheduleId)
      if (!line) return 'RECOVER'
      if (line.record.epoch !== epoch) return places.map(() => false)
      return places.map(({ visitor, place, as }) => leaveLine(line, visitor, place, as))
    },

    configure: async ({ scheduleId, record, recover = false, known }) => {
      const line = sound(scheduleId)
      if (!line && !recover) return 'RECOVER'
      const next = line
        ? configured(line, record, recover, known, now())
        : recovered(lines.get(scheduleId), record, known, now(), runId)
      if (next === 'RECOVER') return next
      lines.set(scheduleId, next)
      if (known?.epoch === next.record.epoch) passBy(next, known.admittedThrough)
      return documentOf(next, now())
    },

    members: async ({ scheduleId, epoch, group, after }) => {
      if (after !== undefined && !/^\d{1,15}$/.test(after))
        throw new TicketingError('INVALID', 'after must be the next of a page')
      const line = lines.get(scheduleId)
      if (line?.record.epoch !== epoch || line.draw === null) return { items: [], next: null }
      return memberPage(line, group, Number(after ?? 0))
    },

    restart: ({ empty }) => {
      runId++
      if (empty) lines.clear()
    },

    replicate: () => {
      const copy = structuredClone(lines)
      return () => {
        runId++
        lines = structuredClone(copy)
      }
    },
  }
}

type Join = { readonly visitor: Id; readonly operationId: Id; readonly ticket?: Place }

function joinLine(line: Line, join: Join, now: Ms): JoinReply {
  const { state, ceiling } = line.record
  if (state === 'ended') return { is: 'closed' }
  restore(line, join)
  const known = line.index.get(join.visitor)
  if (known?.ranked && line.draw !== null) return { is: 'rank', rank: known.at, created: false }
  if (known && (!hasEnded(stateOf(line, known.at)) || known.operationId === join.operationId)) {
    const until = line.passes.get(known.at)
    if (until !== undefined) return { is: 'admitted', number: known.at, until, created: false }
    return issued(line, known.at, false)
  }
  if (state === 'draining') return { is: 'closed' }
  if (line.tail >= ceiling) return { is: 'ceiling' }
  const { number, until } = issue(line, join.visitor, join.operationId, now)
  return until === null ? issued(line, number, true) : { is: 'admitted', number, until, created: true }
}

const issued = (line: Line, at: number, created: boolean): JoinReply =>
  line.draw === null ? { is: 'rank', rank: at, created } : { is: 'number', number: at, created }

/**
 * A place proven by its ticket is the visitor's, whatever the index remembers of them, unless it is known to have ended. An
 * index entry from before the opening is brought up to date by it.
 */
function restore(line: Line, { visitor, operationId, ticket }: Join): void {
  const at = ticket && placeAt(line, ticket)
  const known = line.index.get(visitor)
  const ranked = line.draw === null
  const outdated = known !== undefined && known.ranked !== ranked
  if (!at || at > line.tail || (known?.at === at && !outdated)) return
  if (hasEnded(stateOf(line, at)) && !outdated) return
  if (known && !outdated && !hasEnded(stateOf(line, known.at))) endPlace(line, known.at, 'left')
  line.index.set(visitor, { at, ranked, operationId: outdated ? known.operationId : operationId })
  setVisitor(line, at, visitor)
}

/** Where a place stands now; null for a rank once there are numbers, and for a number before. */
function placeAt(line: Line, place: Place): number | null {
  if ('rank' in place) return line.draw === null ? place.rank : null
  return line.draw === null ? null : place.number
}

function claimPlace(line: Line, number: number, now: Ms): PlaceReply {
  const state = number < 1 || number > line.tail ? 'waiting' : stateOf(line, number)
  const takes = state === 'offered' || (state === 'forgotten' && line.lost > 0)
  if (takes && line.record.state === 'ended') return { is: 'waiting' }
  if (takes) {
    if (state === 'forgotten') line.lost--
    activate(line, number, passUntil(line, now))
    return { is: 'active', number, until: passUntil(line, now) }
  }
  if (state === 'lapsed' || state === 'forgotten') {
    becomeLate(line, number)
    return { is: 'late' }
  }
  return standing(line, number, state)
}

function checkPass(line: Line, number: number, until: Ms, now: Ms): PlaceReply {
  if (number < 1 || number > line.tail || line.draw === null) return { is: 'expired' }
  const state = stateOf(line, number)
  if (state === 'active' || hasEnded(state)) return standing(line, number, state)
  if (until <= now) return { is: 'expired' }
  passBy(line, number)
  if (state === 'late') line.late.splice(line.late.indexOf(number), 1)
  if (stateOf(line, number) === 'forgotten') line.lost = Math.max(0, line.lost - 1)
  activate(line, number, until)
  return { is: 'active', number, until }
}

function standing(line: Line, number: number, state: ReturnType<typeof stateOf>): PlaceReply {
  if (state === 'active') return { is: 'active', number, until: line.passes.get(number)! }
  if (state === 'done' || state === 'left') return { is: 'left' }
  return { is: state === 'offered' || state === 'forgotten' ? 'waiting' : state }
}

function leaveLine(line: Line, visitor: Id, place: Place | undefined, as: 'done' | 'left'): boolean {
  const known = line.index.get(visitor)
  const indexed = known && known.ranked === (line.draw === null) ? known.at : null
  const at = place ? placeAt(line, place) : indexed
  if (!at || at > line.tail || hasEnded(stateOf(line, at))) return false
  endPlace(line, at, stateOf(line, at) === 'active' ? as : 'left')
  return true
}

function configured(
  line: Line,
  record: ScheduleRecord,
  recover: boolean,
  known: LineDocument | undefined,
  now: Ms,
): Line | 'RECOVER' {
  if (record.version <= line.record.version || drawPending(record)) return line
  // A life of the line that this store saw nothing of: whatever it holds is older.
  if (record.lineIncarnation !== line.record.lineIncarnation)
    return recover ? recovered(line, record, known, now, line.runId) : 'RECOVER'
  if (record.epoch !== line.record.epoch)
    return newLine(record, now, { runId: line.runId, counter: line.counter + 1, tail: 0 })
  takeOver(line, record, now)
  return line
}

/** What is known is kept; what may have happened since is assumed: every number issued, every known slot taken. */
function recovered(
  before: Line | undefined,
  record: ScheduleRecord,
  known: LineDocument | undefined,
  now: Ms,
  runId: number,
): Line | 'RECOVER' {
  if (drawPending(record) || (before && before.record.version >= record.version)) return 'RECOVER'
  const kept = before?.record.epoch === record.epoch ? before : undefined
  const line = kept ?? newLine(record, now, { runId, counter: 0, tail: 0 })
  line.runId = runId
  line.counts.waiting += Math.max(0, record.ceiling - line.tail)
  line.tail = Math.max(line.tail, record.ceiling)
  line.tailSince = now
  if (kept) takeOver(line, record, now)
  if (!opened(record.state) || record.ceiling === 0) return line
  const last = known?.epoch === record.epoch ? known : undefined
  const { capacity, ratePerMinute } = record.settings
  const slots = last ? last.counts.offered + last.counts.active : (capacity ?? 0)
  line.lost = Math.max(line.lost, slots - line.counts.offered - line.counts.active, 0)
  line.lostUntil = passUntil(line, now)
  line.meter = newMeter(
    record.settings,
    now,
    Math.max(last?.admittedLastMinute ?? ratePerMinute ?? 0, line.meter.recent),
  )
  return line
}

const pageSize = 1_000

function memberPage(line: Line, group: number | undefined, after: number) {
  const bounds = group === undefined ? { first: 1, last: line.tail } : boundsOfGroup(line.segments, group)
  const items: QueueMember[] = []
  for (
    let number = Math.max(bounds?.first ?? 1, after + 1);
    number <= Math.min(bounds?.last ?? 0, line.tail);
    number++
  ) {
    const visitor = visitorAt(line, number)
    if (visitor === undefined) continue
    if (items.length === pageSize) return { items, next: String(items.at(-1)!.number) }
    items.push({ group: groupOf(line.segments, number), number, visitor })
  }
  return { items, next: null }
}
