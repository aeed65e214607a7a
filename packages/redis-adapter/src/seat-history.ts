import type { Id, PackedSection, SeatChange } from '@b-ticketing/core/ports'
import { type Unpacker, unpacker } from './msgpack.ts'
import { loadScript } from './script.ts'
import type { MapEntry, MapState, PartNews, SeatShards } from './seat-shards.ts'

const readSeats = loadScript('read-seats')

/** How often news that overtook each other are fetched before it is left to the next call. */
const most = 5

/** What one call to the seats learns of sections, and tells the map. */
export interface SeatHistory {
  /** Keeps what a part said, to be merged. */
  heard(news: PartNews): void
  knows(section: Id): boolean
  /** Merges what was heard since. Null: nothing of the schedule is installed. */
  merge(since?: number): Promise<MapState | null>
  /** Of the sections that were heard of, as the last `merge` left them; those that have changed since are left out. */
  fresh(): readonly PackedSection[]
  /** Those that have changed since, whatever they were. */
  stale(): readonly Id[]
  /** A section as it was last heard, at the version that the map knows of it. */
  last(section: Id): PackedSection | null
  /** From the first merge to the last. */
  news(): { readonly from: number; readonly version: number; readonly changes: readonly SeatChange[] }
}

export function openHistory(shards: SeatShards, scheduleId: Id): SeatHistory {
  const known = new Map<Id, PartNews>()
  let waiting: PartNews[] = []
  let from: number | null = null
  let state: MapState | null = null

  /** Sections whose news before those at hand are not merged yet: their caller is on the way, or never came. */
  const behind = (map: MapState): readonly PartNews[] =>
    [...known.values()].filter(({ section, version }) => (map.merged.get(section)?.part ?? version) < version)

  const fetchNews = async ({ section }: PartNews, after: number): Promise<readonly MapEntry[]> => {
    const reply = await shards.call(readSeats, scheduleId, `part/${section}`, [after, `s${section}`])
    const [head, reader] = (reply as [Buffer, Buffer]).map(unpacker) as [Unpacker, Unpacker]
    const entries: MapEntry[] = []
    const is = head.text()
    if (is === 'snapshot') return [{ section, told: { from: -1, version: head.number(), news: Buffer.alloc(0) } }]
    if (is !== 'delta') return entries
    while (reader.more()) {
      const [begin, version] = [reader.number(), reader.number(), reader.number()]
      entries.push({ section, told: { from: begin, version, news: reader.bytes() } })
    }
    return entries
  }

  const merge = async (since?: number): Promise<MapState | null> => {
    const told = waiting.map((news): MapEntry => ({ section: news.section, told: news }))
    waiting = []
    const named = new Set(told.map(({ section }) => section))
    const rest = [...known.keys()].filter((section) => !named.has(section)).map((section) => ({ section }))
    let map = await shards.map(scheduleId, since ?? from ?? -1, [...told, ...rest])
    from ??= map?.from ?? null
    for (let tries = 0; map !== null && tries < most; tries++) {
      const late = behind(map)
      if (late.length === 0) break
      const { merged } = map
      const fetched = await Promise.all(late.map((news) => fetchNews(news, merged.get(news.section)!.part)))
      const all = [...known.keys()].map((section) => ({ section }))
      map = await shards.map(scheduleId, since ?? from ?? -1, [...fetched.flat(), ...all])
    }
    state = map
    return map
  }

  const last = (section: Id): PackedSection | null => {
    const { row = null } = known.get(section) ?? {}
    const at = state?.merged.get(section)
    return row && at ? { ...row, version: at.version } : null
  }
  const isFresh = ({ section, version }: PartNews): boolean => state?.merged.get(section)?.part === version

  return {
    heard: (news) => {
      if (news.row !== null) known.set(news.section, news)
      if (news.version > news.from) waiting.push(news)
    },
    knows: (section) => known.has(section),
    merge,
    last,
    fresh: () => [...known.values()].filter(isFresh).flatMap(({ section }) => last(section) ?? []),
    stale: () => [...known.values()].filter((news) => !isFresh(news)).map(({ section }) => section),
    news: () => {
      if (state === null) return { from: 0, version: 0, changes: [] }
      const { version, history } = state
      return history === null
        ? { from: version, version, changes: [] }
        : { from: from ?? version, version, changes: history }
    },
  }
}
