import type { Id, SeatCommand, SeatReply } from '@b-ticketing/core/ports'
import type { Desk } from './sectioned-desk.ts'
import { doForHolders } from './sectioned-holders.ts'
import { doAlone, doProjections } from './sectioned-records.ts'

/** Does commands as if one came after the other. */
export async function doAll(desk: Desk, commands: readonly SeatCommand[]): Promise<readonly SeatReply[]> {
  const replies: SeatReply[] = []
  for (const wave of wavesOf(commands)) {
    const some = wave.map((i) => commands[i]!)
    const answers = await doWave(desk, some)
    for (const [k, i] of wave.entries()) replies[i] = answers[k]!
  }
  return replies
}

async function doWave(desk: Desk, commands: readonly SeatCommand[]): Promise<readonly SeatReply[]> {
  const [first] = commands
  switch (first!.do) {
    case 'project':
      return doProjections(desk, commands as never)
    case 'take':
    case 'release':
    case 'extend':
    case 'pin':
      return doForHolders(desk, commands as never)
    default:
      return [await doAlone(desk, first as never)]
  }
}

/** Commands that go together: nothing that one of them does decides how another is answered. */
function wavesOf(commands: readonly SeatCommand[]): readonly (readonly number[])[] {
  const waves: number[][] = []
  let kind = ''
  let holders = new Set<Id>()
  for (const [i, one] of commands.entries()) {
    const joins = kindOf(one)
    const isOpen =
      joins !== 'alone' && joins === kind && !('holder' in one && one.do !== 'project' && holders.has(one.holder as Id))
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
