import { demandId } from '@b-ticketing/core'
import type { Id, PackedSection, SeatChange } from '@b-ticketing/core/ports'
import type { Keys } from './keys.ts'
import { pack, type Unpacked, type Unpacker, unpacker } from './msgpack.ts'
import type { RedisValue } from './redis-client.ts'
import { loadScript, type Script, type ScriptRunner } from './script.ts'
import { unpackEntries, unpackNews, unpackSections } from './seat-codec.ts'

const commitSeats = loadScript('commit-seats')
const mergeNews = loadScript('merge-news')
const forgetMap = loadScript('forget-map')

/** Visitors share so many homes: commands of one call that go to the same one travel together. */
export const homes = 16

export const everyHome: readonly number[] = Array.from({ length: homes }, (_, home) => home)

/** The home of a visitor: FNV-1a of its id. It is the same for ever. */
export function homeOf(holder: Id): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < holder.length; i++) hash = Math.imul(hash ^ holder.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % homes
}

/** What a shard answered to commands: an array each. */
export type Answer = readonly Unpacked[]

/** What a part says of itself after a call. Versions are its own. */
export interface PartNews {
  readonly section: Id
  readonly from: number
  readonly version: number
  readonly news: Buffer
  /** Null: it is not installed. */
  readonly row: PackedSection | null
}

export interface MapState {
  readonly from: number
  readonly version: number
  readonly now: number
  readonly sections: readonly Id[]
  /** By section: version of the part that is merged, and the map's version of its last change. */
  readonly merged: ReadonlyMap<Id, { readonly part: number; readonly version: number }>
  /** Changes after the version that was asked for; null: the log does not reach back so far. */
  readonly history: readonly SeatChange[] | null
}

/** A section, and what it has to tell, if anything. */
export interface MapEntry {
  readonly section: Id
  readonly told?: Omit<PartNews, 'section' | 'row'>
}

/** The shards of seats where each section is one of its own. */
export interface SeatShards {
  call(script: Script, scheduleId: Id, shard: string, args: readonly RedisValue[]): Promise<unknown>
  /** Null: this home is not installed. */
  home(scheduleId: Id, home: number, commands: readonly Buffer[]): Promise<readonly Answer[] | null>
  part(
    scheduleId: Id,
    section: Id,
    commands: readonly Buffer[],
  ): Promise<PartNews & { readonly answers: readonly Answer[] }>
  /** `since`: version after which the history is told; -1: what this call adds. Null: nothing is installed. */
  map(scheduleId: Id, since: number, entries: readonly MapEntry[]): Promise<MapState | null>
  /** A shard has lost its data: nothing of the schedule is known until it is loaded again. */
  forget(scheduleId: Id): Promise<void>
}

export function createSeatShards(p: {
  readonly scripts: ScriptRunner
  readonly keys: Pick<Keys, 'seatShard'>
  readonly recordId?: Id
}): SeatShards {
  const { scripts, keys, recordId = '' } = p

  const call: SeatShards['call'] = (script, scheduleId, shard, args) => {
    const [kind] = shard.split('/') as [string]
    const names = keys.seatShard(demandId(scheduleId, 'scheduleId'), shard)
    return scripts.runBinary(script, { keys: names, args: [recordId, kind, ...args] })
  }

  return {
    call,
    home: async (scheduleId, home, commands) => {
      const reader = unpacker((await call(commitSeats, scheduleId, `home/${home}`, commands)) as Buffer)
      const [, , , , answers] = [reader.number(), reader.number(), reader.number(), reader.bytes(), reader.list()]
      return (answers as Answer[]).some(([is]) => is === 'missing') ? null : (answers as Answer[])
    },
    part: async (scheduleId, section, commands) => {
      const named = [...commands, pack('look', '', '', section)]
      const reader = unpacker((await call(commitSeats, scheduleId, `part/${section}`, named)) as Buffer)
      const [from, version] = [reader.number(), reader.number(), reader.number()]
      const [news, answers] = [reader.bytes(), reader.list() as Answer[]]
      const [row = null] = unpackSections(reader)
      return { section, from, version, news, answers: answers.slice(0, -1), row }
    },
    map: async (scheduleId, since, entries) => {
      const reply = (await call(mergeNews, scheduleId, 'map', [since, ...entries.map(packEntry)])) as Buffer | null
      return reply && unpackMapState(unpacker(reply), entries)
    },
    forget: async (scheduleId) => void (await call(forgetMap, scheduleId, 'map', [])),
  }
}

function packEntry({ section, told }: MapEntry): Buffer {
  if (told === undefined) return pack(section)
  const changes = unpackNews(told.from, told.news)
  return pack(section, told.from, told.version, changes.length, changes.at(-1)?.version ?? 0, told.news)
}

function unpackMapState(reader: Unpacker, entries: readonly MapEntry[]): MapState {
  const [from, version, now] = [reader.number(), reader.number(), reader.number()]
  const [sections, positions] = [reader.list() as Id[], reader.list() as (readonly number[])[]]
  const merged = new Map<Id, { part: number; version: number }>()
  for (const [i, { section }] of entries.entries()) {
    const [part, at] = positions[i]!
    if (part !== undefined && at !== undefined) merged.set(section, { part, version: at })
  }
  const history = reader.number() === 1 ? unpackEntries(reader) : null
  return { from, version, now, sections, merged, history }
}
