import { currentGroup, lineDraw, opened } from '@b-ticketing/core/adapter-kit'
import type { Id, LineDocument, LineDraw, ScheduleRecord } from '@b-ticketing/core/ports'

/** What scripts answer: clock, fields in the order of `lib/document.lua`, slices, late, given up. */
export type DocumentReply = readonly [
  now: string,
  fields: readonly string[],
  slices: readonly string[],
  late: readonly string[],
  left: readonly string[],
]

const names = [
  ...(['epoch', 'life', 'counter', 'state', 'version', 'tail', 'ceiling', 'through', 'rate', 'capacity'] as const),
  ...(['recent', 'since', 'segments', 'draw', 'unbuilt', 'lost', 'waiting', 'offered', 'active', 'lapsed'] as const),
  ...(['late', 'done', 'expired', 'left', 'forgotten'] as const),
]

type Fields = Readonly<Record<(typeof names)[number], string>>

/** Fields of the line as text; an empty one is null. */
const fieldsOf = (values: readonly string[]): Fields =>
  Object.fromEntries(names.map((name, i) => [name, values[i] as string])) as Fields

export function documentOf(scheduleId: Id, [now, values, slices, late, left]: DocumentReply): LineDocument {
  const fields = fieldsOf(values)
  const line = {
    tail: Number(fields.tail),
    admittedThrough: Number(fields.through),
    segments: fields.segments.split(' ').map((text) => {
      const [fromNumber = 0, fromGroup = 0, size = 0] = text.split(':').map(Number)
      return { fromNumber, fromGroup, size }
    }),
  }
  const draw = fields.draw === '' ? null : (JSON.parse(fields.draw) as LineDraw)
  return {
    scheduleId,
    epoch: fields.epoch,
    version: Number(fields.life) * 2 ** 32 + Number(fields.counter),
    storeTime: Number(now),
    state: fields.state as LineDocument['state'],
    recordVersion: Number(fields.version),
    ceiling: Number(fields.ceiling),
    ...line,
    slices: slices.map((text) => {
      const [from = 0, to = 0, at = 0] = text.split(' ').map(Number)
      return { from, to, at }
    }),
    late: late.map(Number),
    left: left.map(Number),
    ratePerMinute: nullable(fields.rate),
    capacity: nullable(fields.capacity),
    admittedLastMinute: Number(fields.recent),
    measuredMs: Math.min(60_000, Number(now) - Number(fields.since)),
    counts: countsOf(fields, line, draw),
    draw,
  }
}

const nullable = (text: string): number | null => (text === '' ? null : Number(text))

/** Lost slots count as active; the rest of the forgotten as expired, from which a visitor with a ticket still returns. */
function countsOf(
  fields: Fields,
  line: Pick<LineDocument, 'tail' | 'admittedThrough' | 'segments'>,
  draw: LineDraw | null,
): LineDocument['counts'] {
  const count = (name: keyof Fields) => Number(fields[name])
  const lost = Math.min(count('lost'), count('forgotten'))
  return {
    joined: line.tail,
    prequeued: draw === null ? count('waiting') : 0,
    waiting: count('waiting'),
    offered: count('offered'),
    active: count('active') + lost,
    lapsed: count('lapsed'),
    late: count('late'),
    done: count('done'),
    expired: count('expired') + count('forgotten') - lost,
    left: count('left'),
    admittedThrough: line.admittedThrough,
    currentGroup: currentGroup(line),
  }
}

/** What `configure-line.lua` takes of a record. `pending`: its draw is not fixed yet, so it is not taken over. */
export function ruleText(record: ScheduleRecord, pending: boolean): string {
  const { settings } = record
  const isOpen = opened(record.state)
  return JSON.stringify({
    version: record.version,
    epoch: record.epoch,
    life: record.lineIncarnation ?? 0,
    state: record.state,
    opened: isOpen,
    pending,
    draw: isOpen && !pending ? JSON.stringify(lineDraw(record)) : '',
    ceiling: record.ceiling,
    groupSize: settings.groupSize,
    rate: settings.ratePerMinute,
    capacity: settings.capacity,
    passTtl: settings.passTtlSeconds,
    claimWindow: settings.claimWindowSeconds,
    grace: settings.graceSeconds,
    partial: settings.partialGroupSeconds,
  })
}

/** What `configure-line.lua` takes of a document that a caller knows. */
export const knownText = (known: LineDocument | undefined): string =>
  known === undefined
    ? ''
    : JSON.stringify({
        epoch: known.epoch,
        through: known.admittedThrough,
        slots: known.counts.offered + known.counts.active,
        recent: known.admittedLastMinute,
      })
