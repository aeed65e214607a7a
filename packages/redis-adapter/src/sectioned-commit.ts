import type { HoldRecord, Id, Part, SeatCommand, SeatReply } from '@b-ticketing/core/ports'
import { groupBy } from './group-by.ts'
import { type Packable, pack, type Unpacked } from './msgpack.ts'
import { packCommand, packParts, unpackParts, unpackReply } from './seat-codec.ts'
import type { SeatHistory } from './seat-history.ts'
import { type Answer, homeOf, homes, type SeatShards } from './seat-shards.ts'

// How a command is done where each section is a shard of its own: its home judges it and is what stands, the parts follow, and
// all of it may be repeated from the start by whoever never heard how it went. See scripts/lib/seat-home.lua.


type OfHolder = Extract<SeatCommand, { do: 'take' | 'release' | 'extend' | 'pin' }>
type Project = Extract<SeatCommand, { do: 'project' }>

/** For one call: what its commands do to the shards. */
export interface Desk {
  readonly scheduleId: Id
  readonly shards: SeatShards
  readonly history: SeatHistory
  /** All sections of the schedule. */
  sections(): Promise<readonly Id[]>
}

/** A command for a shard, on behalf of the caller's command `i`. */
interface Errand {
  readonly i: number
  readonly to: Id
  readonly packed: Buffer
}

/** Sends errands, those to one shard together and in order. Answer *k* is to errand *k*. */
async function send<To>(
  errands: readonly { readonly to: To; readonly packed: Buffer }[],
  run: (to: To, commands: readonly Buffer[]) => Promise<readonly Answer[] | null>,
): Promise<readonly (Answer | null)[]> {
  const byShard = groupBy(
    errands.map(({ to, packed }, k) => ({ to, packed, k })),
    ({ to }) => to,
  )
  const answers: (Answer | null)[] = []
  await Promise.all(
    [...byShard].map(async ([to, list]) => {
      const replies = await run(
        to,
        list.map(({ packed }) => packed),
      )
      for (const [at, { k }] of list.entries()) answers[k] = replies?.[at] ?? null
    }),
  )
  return answers
}

const toHomes = ({ scheduleId, shards }: Desk, errands: readonly { readonly to: number; readonly packed: Buffer }[]) =>
  send(errands, (home, commands) => shards.home(scheduleId, home, commands))

const toParts = ({ scheduleId, shards, history }: Desk, errands: readonly Errand[]) =>
  send(errands, async (section, commands) => {
    const news = await shards.part(scheduleId, section, commands)
    history.heard(news)
    return news.answers
  })

const everyHome = Array.from({ length: homes }, (_, home) => home)

const partsIn = (raw: Unpacked | undefined): readonly Part[] =>
  typeof raw === 'string' && raw !== '' ? unpackParts(raw) : []

const command = (name: string, ...values: readonly Packable[]): Buffer => pack(name, '', '', ...values)

const holdIdOf = (mark: string): Id => mark.split('.')[0] as Id

export const missing = (sections: readonly Id[]): SeatReply => ({ is: 'missing', sections })

export const sectionsOf = (one: SeatCommand): readonly Id[] => {
  if (one.do === 'take') return one.parts.map(({ section }) => section)
  return one.do === 'project' ? [one.part.section] : one.do === 'grow' ? [one.section] : []
}

/** Gives up seats of a hold that is over at home. */
const letGo = (i: number, mark: string, parts: readonly Part[]): readonly Errand[] =>
  parts.map(({ section }) => ({ i, to: section, packed: command('release', mark) }))

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
  return each(mark, parts, (part) =>
    command('take', mark, one.holder, expires, replaced, one.epoch, packParts([part])),
  )
}

/** What its home is told then; null: nothing. */
function finish({ command: one, begun, parts }: Outcome, version: number): Buffer | null {
  const good = parts.every(({ answer }) => answer[0] === 'done')
  if (begun === null || parts.length === 0) return null
  if (one.do === 'pin') return good ? null : command('lose', one.holdId, begun[12] as string, one.requestId, one.operationId)
  if (begun[0] !== 'open') return null
  const head = [one.operationId, one.fingerprint ?? ''] as const
  const [, mark, expires] = begun as [string, string, number]
  if (one.do === 'take') {
    return good ? pack('confirm', ...head, holdIdOf(mark), mark, version) : pack('cancel', ...head, holdIdOf(mark), mark)
  }
  const { holdId, holder, version: before } = one as Extract<OfHolder, { do: 'extend' }>
  if (!good) return command('lose', holdId, mark, '', '')
  return pack('extended', ...head, holdId, before, holder, expires, version)
}

/** What the parts still have of a hold that is over. */
function leftovers({ command: one, begun, parts }: Outcome, i: number, ended: Answer | null): readonly Errand[] {
  if (begun === null || ended === null) return []
  const all = parts.map(({ section }) => ({ section, seats: [] }))
  if (one.do === 'pin') return all.map(({ section }) => ({ i, to: section, packed: command('unpin', one.requestId) }))
  const mark = begun[1] as string
  if (one.do === 'extend') return ended[0] === 'hold' ? [] : letGo(i, mark, all)
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
  return unpackReply(scheduleId, one, 0, (ended ?? begun) as Unpacked[])
}

function refusalOf(parts: Outcome['parts'], ended: Answer): SeatReply {
  const unknown = parts.filter(({ answer }) => answer[0] === 'missing').map(({ section }) => section)
  if (unknown.length > 0) return missing(unknown)
  const taken = parts.flatMap(({ answer }) => (answer[0] === 'taken' ? [answer[1] as Unpacked[]] : []))
  if (taken.length > 0) return unpackReply('', { do: 'recall', operationId: '' }, 0, ['taken', ...taken])
  return ended[0] === 'reused' ? { is: 'reused' } : { is: 'late' }
}

/** Words of the record: the parts hear them first, then the homes of those whose quota they change. */
export async function doProjections(desk: Desk, commands: readonly Project[]): Promise<readonly SeatReply[]> {
  const answers = await toParts(
    desk,
    commands.map((one, i) => ({ i, to: one.part.section, packed: packCommand(one) })),
  )
  const errands = commands.flatMap((one, i) => homeErrands(one, answers[i]!).map((errand) => ({ ...errand, i })))
  const replies = await toHomes(desk, errands)
  const ended = replies.flatMap((reply, k) => {
    const [is, mark, parts] = reply ?? []
    return is === 'done' && typeof mark === 'string' ? letGo(errands[k]!.i, mark, partsIn(parts)) : []
  })
  await toParts(desk, ended)
  const isLost = replies.includes(null)
  return commands.map((one, i) => (answers[i]![0] === 'missing' || isLost ? missing([one.part.section]) : { is: 'done' }))
}

function homeErrands(one: Project, answer: Answer): readonly { readonly to: number; readonly packed: Buffer }[] {
  if (answer[0] !== 'done') return []
  const [, ended, displaced, standing] = answer as [string, [string, Id][], [Id, Id, number][], number[]]
  const { section } = one.part
  const lost = ended.map(([mark, holder]) => ({
    to: homeOf(holder),
    packed: command('lose', holdIdOf(mark), mark, '', ''),
  }))
  const over = displaced.map(([owner, holder, seat]) => ({
    to: homeOf(holder),
    packed: command('displaced', packParts([{ section, seats: [seat] }]), owner, one.recordVersion),
  }))
  if (one.owner === null) return [...lost, ...over]
  if (one.holder !== null) {
    const now = { ...one, part: { section, seats: standing } }
    return [...lost, { to: homeOf(one.holder), packed: packCommand(now) }, ...over]
  }
  // Of a claim that ended here before it is not known whose it was, and its end may not have come to its home.
  const isTold = displaced.length === one.part.seats.length
  const told = new Set(displaced.map(([, holder]) => homeOf(holder)))
  return [...lost, ...(isTold ? [...told] : everyHome).map((to) => ({ to, packed: packCommand(one) }))]
}

/** Any other command, alone. */
export async function doAlone(
  desk: Desk,
  one: Extract<SeatCommand, { do: 'unpin' | 'grow' | 'reset' | 'recall' }>,
): Promise<SeatReply> {
  const packed = packCommand(one)
  if (one.do === 'grow') {
    const [answer] = await toParts(desk, [{ i: 0, to: one.section, packed }])
    return answer![0] === 'missing' ? missing([one.section]) : { is: 'done' }
  }
  const answers = await toHomes(
    desk,
    everyHome.map((to) => ({ to, packed })),
  )
  if (answers.includes(null)) return missing([])
  const known = answers.find((answer) => answer![0] !== (one.do === 'recall' ? 'stale' : 'done'))
  // The operation of another command.
  if (known) return unpackReply(desk.scheduleId, one, 0, [...known])
  if (one.do === 'recall') return { is: 'stale' }
  const named = answers.flatMap((answer) => partsIn(answer![2])).map(({ section }) => section)
  const sections = one.do === 'unpin' && named.length > 0 ? [...new Set(named)] : await desk.sections()
  await toParts(
    desk,
    sections.map((to) => ({ i: 0, to, packed })),
  )
  return { is: 'done' }
}

/** Commands that go together: nothing that one of them does decides how another is answered. */
export function wavesOf(commands: readonly SeatCommand[]): readonly (readonly number[])[] {
  const waves: number[][] = []
  let kind = ''
  let holders = new Set<Id>()
  for (const [i, one] of commands.entries()) {
    const joins = kindOf(one)
    const isOpen = joins !== 'alone' && joins === kind && !('holder' in one && one.do !== 'project' && holders.has(one.holder as Id))
    if (!isOpen) {
      waves.push([])
      holders = new Set()
      kind = joins
    }
    waves.at(-1)!.push(i)
    if ('holder' in one && one.do !== 'project') holders.add(one.holder)
  }
  return waves
}

function kindOf(one: SeatCommand): 'alone' | 'holders' | 'projections' {
  if (one.do === 'project') return 'projections'
  if (one.do === 'take') return one.parts.length > 1 || one.replaces ? 'alone' : 'holders'
  return one.do === 'release' || one.do === 'extend' || one.do === 'pin' ? 'holders' : 'alone'
}

