import { demandId } from '@b-ticketing/core'
import type { HoldKey, HoldRecord, Id, SeatInventory, SeatNews, SeatOwner } from '@b-ticketing/core/ports'
import { type Keys, seatsKeptMs } from './keys.ts'
import { type Unpacker, unpacker } from './msgpack.ts'
import type { RedisValue } from './redis-client.ts'
import { loadScript, type Script, type ScriptRunner } from './script.ts'
import {
  packCommand,
  packSection,
  unpackHoldRow,
  unpackMap,
  unpackNews,
  unpackReply,
  unpackSections,
} from './seat-codec.ts'
import { createSeatShards } from './seat-shards.ts'
import type { SeatView } from './seat-view.ts'
import { shardedBy } from './shard-by.ts'

const commitSeats = loadScript('commit-seats')
const readSeats = loadScript('read-seats')
const findHolds = loadScript('find-holds')
const reapSeats = loadScript('reap-seats')
const installSeats = loadScript('install-seats')
const readOwners = loadScript('read-owners')

/** Holds freed in one call, however many may be: half a millisecond in which Redis does nothing else. */
export const mostReaped = 64

/**
 * Seats in Redis: one script a call, all keys of a schedule under one hash tag. `recordId`: the record behind these seats;
 * another one's seats are missing to it. Needed where the record does not outlive its process.
 */
export function createRedisSeatInventory(p: {
  readonly scripts: ScriptRunner
  readonly keys: Pick<Keys, 'seats' | 'seatShard'>
  readonly recordId?: Id
  /** Told of every change; default: nobody is. */
  readonly view?: Pick<SeatView, 'show'>
}): SeatInventory {
  const { scripts, keys, recordId = '', view } = p
  const run = (script: Script, scheduleId: Id, args: readonly RedisValue[]): Promise<unknown> =>
    scripts.runBinary(script, { keys: keys.seats(demandId(scheduleId, 'scheduleId')), args: [recordId, '', ...args] })
  const shards = createSeatShards(p)

  const assertUnsectioned = async (scheduleId: Id): Promise<void> => {
    if ((await shards.map(scheduleId, -1, [])) !== null) throw shardedBy('section', scheduleId, keys)
  }

  return {
    async commit({ scheduleId, commands }) {
      const reader = unpacker((await run(commitSeats, scheduleId, commands.map(packCommand))) as Buffer)
      const [from, version, now] = [reader.number(), reader.number(), reader.number()]
      const changes = unpackNews(from, reader.bytes())
      const answers = reader.list()
      const replies = commands.map((command, i) => unpackReply(scheduleId, command, now, answers[i]!))
      view?.show({ scheduleId, now, version, changes, commands, replies })
      return { from, version, changes, replies, fresh: unpackSections(reader) }
    },

    async read({ scheduleId, sections, since }) {
      const after = since !== undefined && Number.isSafeInteger(since) && since >= 0 ? since : -1
      const wanted = [...new Set(sections)]
      const reply = (await run(readSeats, scheduleId, [after, wanted.map((section) => `s${section}`).join(' ')])) as [
        Buffer,
        Buffer,
      ]
      const map = unpackMap(reply, wanted, after)
      // Before anybody loads anything.
      if (map.is === 'missing') await assertUnsectioned(scheduleId)
      return map
    },

    async holds({ scheduleId, keys: wanted }) {
      const reply = (await run(findHolds, scheduleId, wanted.flatMap(holdKey))) as Buffer | null
      if (reply === null) return 'missing'
      const reader = unpacker(reply)
      return wanted.map(() => holdsIn(scheduleId, reader.list() as string[]))
    },

    async reap({ scheduleId, limit }) {
      const reply = (await run(reapSeats, scheduleId, [
        Math.min(limit, mostReaped),
        limit,
        seatsKeptMs,
      ])) as Buffer | null
      if (reply === null) return { from: 0, version: 0, changes: [], stalePins: [], more: false }
      const reader = unpacker(reply)
      const news = readNews(reader)
      view?.show({ scheduleId, now: 0, version: news.version, changes: news.changes })
      const more = reader.number() === 1
      const stalePins: Id[] = []
      while (reader.more()) stalePins.push(reader.text())
      return { ...news, stalePins, more }
    },

    async install({ scheduleId, incarnation, sections }) {
      if (sections.length === 0) return []
      const args = [incarnation, seatsKeptMs, ...sections.map(packSection)]
      await assertUnsectioned(scheduleId)
      const reply = (await run(installSeats, scheduleId, args)) as readonly number[] | null
      if (reply === null) throw shardedBy('section', scheduleId, keys)
      return reply.map((installed) => (installed === 1 ? 'installed' : 'present'))
    },

    async owners({ scheduleId, section }) {
      const reply = (await run(readOwners, scheduleId, [section])) as Buffer | null
      return reply === null ? 'missing' : ownersIn(unpacker(reply))
    },
  }
}

export const holdKey = (key: HoldKey): readonly [string, string] =>
  'holder' in key ? ['holder', key.holder] : 'holdId' in key ? ['holdId', key.holdId] : ['requestId', key.requestId]

function readNews(reader: Unpacker): SeatNews {
  const [from, version] = [reader.number(), reader.number()]
  return { from, version, changes: unpackNews(from, reader.bytes()) }
}

export function holdsIn(scheduleId: Id, list: readonly string[]): readonly HoldRecord[] {
  const holds: HoldRecord[] = []
  for (let i = 0; i < list.length; i += 2) holds.push(unpackHoldRow(scheduleId, list[i]!, list[i + 1]!))
  return holds
}

export function ownersIn(reader: Unpacker): readonly SeatOwner[] {
  const owners: SeatOwner[] = []
  while (reader.more()) {
    const [seat, state, requestId, version] = reader.list() as [number, number, string, number]
    owners.push({
      seat,
      state: state === 1 ? 'PAYING' : 'COMPLETED',
      requestId,
      recordVersion: version < 0 ? null : version,
    })
  }
  return owners
}
