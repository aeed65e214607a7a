import type { HoldKey, HoldRecord, Id, SeatInventory, SeatReply } from '@b-ticketing/core/ports'
import { groupBy } from './group-by.ts'
import { type Keys, seatsKeptMs } from './keys.ts'
import { pack, unpacker } from './msgpack.ts'
import { loadScript, type ScriptRunner } from './script.ts'
import { openHistory } from './seat-history.ts'
import { holdKey, holdsIn, mostReaped, ownersIn } from './seat-inventory.ts'
import { createSeatShards, everyHome, homeOf, homes, type SeatShards } from './seat-shards.ts'
import type { SeatView } from './seat-view.ts'
import { sectionsOf } from './sectioned-desk.ts'
import { installParts } from './sectioned-install.ts'
import { doAll } from './sectioned-waves.ts'
import { createSectionShards } from './shard-by.ts'

const findHolds = loadScript('find-holds')
const reapSeats = loadScript('reap-seats')
const readOwners = loadScript('read-owners')

/**
 * Seats in Redis, each section a shard of its own under its own hash tag, so that one sale spreads over a cluster. A hold over
 * several sections is all or nothing: what stands at the home of its visitor is the hold, its parts follow. A crash on the way
 * leaves seats held until the deadline of that hold at most, and no half of a hold can be paid.
 */
export function createSectionedSeatInventory(p: {
  readonly scripts: ScriptRunner
  readonly keys: Pick<Keys, 'seats' | 'seatShard'>
  readonly recordId?: Id
  readonly view?: Pick<SeatView, 'show'>
}): SeatInventory {
  const shards = createSeatShards(p)
  const { check, declare } = createSectionShards(p)
  let turn = 0

  /** Whoever finds a home gone says so: the map is then missing as a whole, and is loaded again. */
  const noteLoss = async (scheduleId: Id, replies: readonly SeatReply[]): Promise<void> => {
    if (replies.some(({ is }) => is === 'missing')) await forgetIfHomeless(shards, scheduleId)
  }

  const holds: SeatInventory['holds'] = async ({ scheduleId, keys }) => {
    const asked = keys.flatMap((key, i) => homesOf(key).map((home) => ({ home, key, i })))
    const lists: HoldRecord[][] = keys.map(() => [])
    let isLost = false
    const ask = async ([home, list]: readonly [number, readonly (typeof asked)[number][]]): Promise<void> => {
      const args = list.flatMap(({ key }) => holdKey(key))
      const reply = (await shards.call(findHolds, scheduleId, `home/${home}`, args)) as Buffer | null
      if (reply === null) isLost = true
      const reader = reply && unpacker(reply)
      for (const { i } of list) if (reader) lists[i]!.push(...holdsIn(scheduleId, reader.list() as string[]))
    }
    await Promise.all([...groupBy(asked, ({ home }) => home)].map(ask))
    if (!isLost) return lists
    await forgetIfHomeless(shards, scheduleId)
    return 'missing'
  }

  /** A part may have a pin whose payment its home has given up; where the home has it too, the home knows whether it is settled. */
  const homeless = async (scheduleId: Id, pins: readonly Id[]): Promise<readonly Id[]> => {
    if (pins.length === 0) return []
    const found = await holds({ scheduleId, keys: pins.map((requestId) => ({ requestId })) })
    return found === 'missing' ? [] : pins.filter((_, i) => found[i]!.length === 0)
  }

  return {
    holds,

    async commit({ scheduleId, commands }) {
      const history = openHistory(shards, scheduleId)
      const sections = async () => (await history.merge())?.sections ?? []
      const replies = await doAll({ scheduleId, shards, history, sections }, commands)
      const named = new Set(commands.flatMap(sectionsOf))
      // A home refused, and no part was asked.
      const unseen = [...named].filter((section) => !history.knows(section))
      await Promise.all(unseen.map(async (section) => history.heard(await shards.part(scheduleId, section, []))))
      const map = await history.merge()
      await noteLoss(scheduleId, replies)
      const news = history.news()
      p.view?.show({ scheduleId, now: map?.now ?? 0, ...news, commands, replies })
      return { ...news, replies, fresh: history.fresh().filter(({ section }) => named.has(section)) }
    },

    async read({ scheduleId, sections, since }) {
      const history = openHistory(shards, scheduleId)
      const look = async (section: Id): Promise<Id | null> => {
        const news = await shards.part(scheduleId, section, [])
        history.heard(news)
        return news.row === null ? section : null
      }
      const absent = (await Promise.all(sections.map(look))).filter((section) => section !== null)
      const after = since !== undefined && Number.isSafeInteger(since) && since >= 0 ? since : -1
      const map = await history.merge(after)
      const known = new Set(map?.sections)
      const gone = sections.filter((section) => !known.has(section) || absent.includes(section))
      if (gone.length > 0 || map === null) {
        // Before anybody loads anything.
        await check(scheduleId)
        return sections.length > 0
          ? { is: 'missing', sections: gone }
          : { is: 'snapshot', version: 0, storeTime: 0, sections: [] }
      }
      const common = { version: map.version, storeTime: map.now }
      if (after >= 0 && map.history !== null) {
        const wanted = new Set(sections)
        return {
          is: 'delta',
          from: after,
          ...common,
          changes: map.history.filter(({ section }) => wanted.has(section)),
        }
      }
      // A section that changed on the way is read again: it must not be older than the version of the whole.
      await Promise.all(history.stale().map(look))
      return { is: 'snapshot', ...common, sections: sections.flatMap((section) => history.last(section) ?? []) }
    },

    async reap({ scheduleId, limit }) {
      const history = openHistory(shards, scheduleId)
      const map = await shards.map(scheduleId, -1, [])
      const sections = map?.sections ?? []
      if (sections.length === 0) return { from: 0, version: 0, changes: [], stalePins: [], more: false }
      await declare(scheduleId)
      // Where there are more sections than may be freed of, they take turns.
      const some = Array.from(
        { length: Math.min(limit, sections.length) },
        (_, k) => sections[(turn + k) % sections.length]!,
      )
      turn += some.length
      const share = { part: Math.floor(limit / some.length), home: Math.ceil(limit / homes) }
      const pins = { home: new Set<Id>(), part: new Set<Id>() }
      let more = false
      const reap = async (shard: string, most: number, heard?: Id): Promise<void> => {
        const reply = (await shards.call(reapSeats, scheduleId, shard, [
          Math.min(most, mostReaped),
          limit,
          seatsKeptMs,
        ])) as Buffer | null
        if (reply === null) return
        const reader = unpacker(reply)
        const [from, version, news] = [reader.number(), reader.number(), reader.bytes()]
        if (heard !== undefined) history.heard({ section: heard, from, version, news, row: null })
        more = reader.number() === 1 || more
        while (reader.more()) pins[heard === undefined ? 'home' : 'part'].add(reader.text())
      }
      await Promise.all([
        ...some.map((section) => reap(`part/${section}`, share.part, section)),
        ...everyHome.map((home) => reap(`home/${home}`, share.home)),
        reap('map', limit),
      ])
      await history.merge()
      const news = history.news()
      p.view?.show({ scheduleId, now: 0, version: news.version, changes: news.changes })
      const others = await homeless(
        scheduleId,
        [...pins.part].filter((pin) => !pins.home.has(pin)),
      )
      return { ...news, stalePins: [...pins.home, ...others].slice(0, limit), more }
    },

    async install({ scheduleId, incarnation, sections }) {
      if (sections.length === 0) return []
      await declare(scheduleId)
      return installParts(shards, { scheduleId, incarnation, sections })
    },

    async owners({ scheduleId, section }) {
      const reply = (await shards.call(readOwners, scheduleId, `part/${section}`, [section])) as Buffer | null
      return reply === null ? 'missing' : ownersIn(unpacker(reply))
    },
  }
}

const homesOf = (key: HoldKey): readonly number[] => ('holder' in key ? [homeOf(key.holder)] : everyHome)

/** A map whose homes are not all there has lost one. */
async function forgetIfHomeless(shards: SeatShards, scheduleId: Id): Promise<void> {
  const asked = await Promise.all(everyHome.map((home) => shards.home(scheduleId, home, [pack('look', '', '', '')])))
  if (asked.includes(null)) await shards.forget(scheduleId)
}
