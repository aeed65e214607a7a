import type { Id, Part, SeatCommand, SeatReply } from '@b-ticketing/core/ports'
import { pack, type Unpacked } from './msgpack.ts'
import { packCommand, packParts, unpackReply } from './seat-codec.ts'
import { type Answer, homeOf } from './seat-shards.ts'
import {
  command,
  type Desk,
  type Errand,
  holdIdOf,
  letGo,
  missing,
  partsIn,
  sectionsOf,
  toHomes,
  toParts,
} from './sectioned-desk.ts'

// How visitors' commands are done where each section is a shard of its own: their home judges and is what stands, the parts
// follow, and all of it may be repeated from the start by whoever never heard how it went. See scripts/lib/seat-home.lua.

type OfHolder = Extract<SeatCommand, { do: 'take' | 'release' | 'extend' | 'pin' }>

/** Commands of visitors, each of another one: takes of one section, releases, extensions, pins; or one take of several sections. */
export async function doForHolders(desk: Desk, commands: readonly OfHolder[]): Promise<readonly SeatReply[]> {
  const { scheduleId, history } = desk
  const begun = await toHomes(
    desk,
    commands.map((one) => ({ to: homeOf(one.holder), packed: packCommand(one) })),
  )
  const errands = commands.flatMap((one, i) => errandsOf(one, i, begun[i]))
  const done = await toParts(desk, errands)
  const map = errands.length > 0 ? await history.merge() : null
  const outcomes = commands.map((one, i) => ({
    command: one,
    begun: begun[i] ?? null,
    parts: errands.flatMap((errand, k) => (errand.i === i ? [{ section: errand.to, answer: done[k]! }] : [])),
  }))
  const steps = outcomes.map((outcome) => finish(outcome, map?.version ?? 0))
  const ends = await toHomes(
    desk,
    steps.flatMap((step, i) => (step ? [{ to: homeOf(commands[i]!.holder), packed: step }] : [])),
  )
  let next = 0
  const ended = steps.map((step) => (step ? (ends[next++] ?? null) : null))
  const left = outcomes.flatMap((outcome, i) => leftovers(outcome, i, ended[i] ?? null))
  await toParts(desk, left)
  return outcomes.map((outcome, i) => replyTo(scheduleId, outcome, ended[i] ?? null))
}

interface Outcome {
  readonly command: OfHolder
  /** Of its home; null: it is not installed. */
  readonly begun: Answer | null
  readonly parts: readonly { readonly section: Id; readonly answer: Answer }[]
}

function errandsOf(one: OfHolder, i: number, begun: Answer | null | undefined): readonly Errand[] {
  const [is] = begun ?? []
  if (begun == null) return []
  const each = (mark: Unpacked | undefined, raw: Unpacked | undefined, packed: (part: Part) => Buffer) =>
    mark === undefined ? [] : partsIn(raw).map((part) => ({ i, to: part.section, packed: packed(part) }))
  if (one.do === 'release') return is === 'done' ? letGo(i, begun[1] as string, partsIn(begun[2])) : []
  if (one.do === 'pin') {
    if (is !== 'hold') return []
    return each(begun[12], begun[10], () => command('pin', begun[12] as string, one.holder, one.requestId, one.leaseMs))
  }
  if (is === 'hold') return replacedBy(i, begun)
  if (is !== 'open') return []
  const [, mark, expires, parts, replaced] = begun as [string, string, number, string, string]
  if (one.do === 'extend') return each(mark, parts, () => command('extend', mark, expires))
  return each(mark, parts, (part) => command('take', mark, one.holder, expires, replaced, one.epoch, packParts([part])))
}

/** What its home is told then; null: nothing. */
function finish({ command: one, begun, parts }: Outcome, version: number): Buffer | null {
  const isDone = parts.every(({ answer }) => answer[0] === 'done')
  if (begun === null || parts.length === 0) return null
  if (one.do === 'pin')
    return isDone ? null : command('lose', one.holdId, begun[12] as string, one.requestId, one.operationId)
  if (begun[0] !== 'open') return null
  const head = [one.operationId, one.fingerprint ?? ''] as const
  const [, mark, expires] = begun as [string, string, number]
  if (one.do === 'take') {
    // Without the map nobody knows of the seats.
    return isDone && version > 0
      ? pack('confirm', ...head, holdIdOf(mark), mark, version)
      : pack('cancel', ...head, holdIdOf(mark), mark)
  }
  const { holdId, holder, version: before } = one as Extract<OfHolder, { do: 'extend' }>
  if (!isDone) return command('lose', holdId, mark, '', '')
  return version === 0 ? null : pack('extended', ...head, holdId, before, holder, expires, version)
}

/** What the parts still have of a hold that is over. */
function leftovers({ command: one, begun, parts }: Outcome, i: number, ended: Answer | null): readonly Errand[] {
  if (begun === null || ended === null) return []
  const all = parts.map(({ section }) => ({ section, seats: [] }))
  if (one.do === 'pin') return all.map(({ section }) => ({ i, to: section, packed: command('unpin', one.requestId) }))
  const mark = begun[1] as string
  // Whoever ended or pinned it meanwhile sees to its seats.
  if (one.do === 'extend') return typeof ended[1] === 'string' && ended[0] === 'done' ? letGo(i, mark, all) : []
  if (ended[0] !== 'hold') return letGo(i, mark, all)
  return replacedBy(i, ended)
}

/** The hold that a new one has replaced, if any. */
const replacedBy = (i: number, { 14: mark, 15: parts }: Answer): readonly Errand[] =>
  typeof mark === 'string' ? letGo(i, mark, partsIn(parts)) : []

function replyTo(scheduleId: Id, outcome: Outcome, ended: Answer | null): SeatReply {
  const { command: one, begun, parts } = outcome
  if (begun === null) return missing(sectionsOf(one))
  if (one.do === 'pin' && ended !== null) return { is: 'stale' }
  if (one.do === 'extend' && ended?.[0] === 'done') return { is: 'stale' }
  if (one.do === 'take' && ended !== null && ended[0] !== 'hold') return refusalOf(parts, ended)
  if (begun[0] === 'open' && ended === null) return missing(sectionsOf(one))
  return unpackReply(scheduleId, one, 0, (ended ?? begun) as Unpacked[])
}

function refusalOf(parts: Outcome['parts'], ended: Answer): SeatReply {
  const unknown = parts.filter(({ answer }) => answer[0] === 'missing').map(({ section }) => section)
  if (unknown.length > 0) return missing(unknown)
  const taken = parts.flatMap(({ answer }) => (answer[0] === 'taken' ? [answer[1] as Unpacked[]] : []))
  if (taken.length > 0) return unpackReply('', { do: 'recall', operationId: '' }, 0, ['taken', ...taken])
  if (ended[0] === 'reused') return { is: 'reused' }
  // What all parts have was not to be confirmed: its time was over, or the map is gone.
  return ended[0] === 'done' && parts.every(({ answer }) => answer[0] === 'done')
    ? missing(parts.map(({ section }) => section))
    : { is: 'late' }
}
