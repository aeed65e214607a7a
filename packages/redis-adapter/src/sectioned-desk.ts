import type { Id, Part, SeatCommand, SeatReply } from '@b-ticketing/core/ports'
import { groupBy } from './group-by.ts'
import { type Packable, pack, type Unpacked } from './msgpack.ts'
import { unpackParts } from './seat-codec.ts'
import type { SeatHistory } from './seat-history.ts'
import type { Answer, SeatShards } from './seat-shards.ts'

/** For one call: what its commands do to the shards. */
export interface Desk {
  readonly scheduleId: Id
  readonly shards: SeatShards
  readonly history: SeatHistory
  /** All sections of the schedule. */
  sections(): Promise<readonly Id[]>
}

/** A command for a shard, on behalf of the caller's command `i`. */
export interface Errand {
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

export const toHomes = (
  { scheduleId, shards }: Desk,
  errands: readonly { readonly to: number; readonly packed: Buffer }[],
) => send(errands, (home, commands) => shards.home(scheduleId, home, commands))

export const toParts = ({ scheduleId, shards, history }: Desk, errands: readonly Errand[]) =>
  send(errands, async (section, commands) => {
    const news = await shards.part(scheduleId, section, commands)
    history.heard(news)
    return news.answers
  })

export const partsIn = (raw: Unpacked | undefined): readonly Part[] =>
  typeof raw === 'string' && raw !== '' ? unpackParts(raw) : []

export const command = (name: string, ...values: readonly Packable[]): Buffer => pack(name, '', '', ...values)

export const holdIdOf = (mark: string): Id => mark.split('.')[0] as Id

export const missing = (sections: readonly Id[]): SeatReply => ({ is: 'missing', sections })

export const sectionsOf = (one: SeatCommand): readonly Id[] => {
  if (one.do === 'take') return one.parts.map(({ section }) => section)
  return one.do === 'project' ? [one.part.section] : one.do === 'grow' ? [one.section] : []
}

/** Gives up seats of a hold that is over at home. */
export const letGo = (i: number, mark: string, parts: readonly Part[]): readonly Errand[] =>
  parts.map(({ section }) => ({ i, to: section, packed: command('release', mark) }))
