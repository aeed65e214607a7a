import type { Id, SeatCommand, SeatReply } from '@b-ticketing/core/ports'
import { packCommand, packParts, unpackReply } from './seat-codec.ts'
import { type Answer, everyHome, homeOf } from './seat-shards.ts'
import { command, type Desk, holdIdOf, letGo, missing, partsIn, toHomes, toParts } from './sectioned-desk.ts'

type Project = Extract<SeatCommand, { do: 'project' }>

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
  return commands.map((one, i) =>
    answers[i]![0] === 'missing' || isLost ? missing([one.part.section]) : { is: 'done' },
  )
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
