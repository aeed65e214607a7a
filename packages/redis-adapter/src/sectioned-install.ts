import type { HoldRecord, Id, SeatInventory, SectionState } from '@b-ticketing/core/ports'
import { groupBy } from './group-by.ts'
import { seatsKeptMs } from './keys.ts'
import { bytesIn, pack, unpacker } from './msgpack.ts'
import { loadScript } from './script.ts'
import { claimed, packHold, packSection } from './seat-codec.ts'
import { homeOf, homes, type SeatShards } from './seat-shards.ts'

const installSeats = loadScript('install-seats')
const installHome = loadScript('install-home')
const installMap = loadScript('install-map')
const findHolds = loadScript('find-holds')
const commitSeats = loadScript('commit-seats')

type Installation = Parameters<SeatInventory['install']>[0]

/** What a part said when it was installed. */
interface Installed {
  readonly section: Id
  readonly isNew: boolean
  /** Of the part; -1: it is not there. */
  readonly version: number
  /** Holds whose seats in it are theirs. */
  readonly marks: ReadonlySet<string>
}

/**
 * Parts first, each with its share of the holds; then the homes, with the holds that all their parts have; last the map, which
 * tells that the sections are there. What is there stays: also the loss of a single shard is made good.
 */
export async function installParts(shards: SeatShards, p: Installation): Promise<readonly ('installed' | 'present')[]> {
  const { scheduleId, incarnation, sections } = p
  if (!(await list(shards, p, []))) return sections.map(() => 'present')
  const holds = [...new Map(sections.flatMap((state) => state.holds).map((hold) => [hold.holdId, hold])).values()]
  const known = await knownMarks(shards, scheduleId, holds)

  const install = async (state: SectionState): Promise<Installed> => {
    const share = withOwnParts(state, (holdId) => known.marks.get(holdId) ?? holdId)
    const args = [incarnation, seatsKeptMs, packSection(share)]
    const reader = unpacker((await shards.call(installSeats, scheduleId, `part/${state.section}`, args)) as Buffer)
    const [isNew, version] = [reader.number() === 1, reader.number()]
    const marks = new Set<string>()
    while (reader.more()) marks.add(reader.text())
    return { section: state.section, isNew, version, marks }
  }
  const parts = await Promise.all([...sections, ...elsewhere(holds, sections)].map(install))
  const made = new Set(parts.filter(({ isNew }) => isNew).map(({ section }) => section))
  const marked = holds
    .filter((hold) => known.lost.has(homeOf(hold.holder)) || hold.parts.some(({ section }) => made.has(section)))
    .map((hold) => ({ hold, mark: known.marks.get(hold.holdId) ?? markIn(parts, hold.holdId) }))
  const isWhole = ({ hold, mark }: MarkedHold): boolean =>
    hold.parts.every((part) => parts.some(({ section, marks }) => section === part.section && marks.has(mark)))
  await installHomes(shards, p, marked.filter(isWhole))
  await letGo(
    shards,
    scheduleId,
    marked.filter((one) => !isWhole(one)),
    made,
  )
  await list(shards, p, parts.slice(0, sections.length))
  return sections.map(({ section }) => (made.has(section) ? 'installed' : 'present'))
}

interface MarkedHold {
  readonly hold: HoldRecord
  readonly mark: string
}

/** Takes parts into the map. False: this loader is late. */
async function list(
  shards: SeatShards,
  { scheduleId, incarnation }: Installation,
  parts: readonly Installed[],
): Promise<boolean> {
  const there = parts.filter(({ version }) => version >= 0)
  const entries = there.map(({ section, version, isNew }) => pack(section, version, isNew ? 1 : 0))
  return (await shards.call(installMap, scheduleId, 'map', [incarnation, seatsKeptMs, ...entries])) === 1
}

/** By what mark the parts know the holds, as far as the homes can tell; and which homes are not there. */
async function knownMarks(
  shards: SeatShards,
  scheduleId: Id,
  holds: readonly HoldRecord[],
): Promise<{ readonly marks: ReadonlyMap<Id, string>; readonly lost: ReadonlySet<number> }> {
  const marks = new Map<Id, string>()
  const lost = new Set<number>()
  const byHome = groupBy(holds, ({ holder }) => homeOf(holder))
  await Promise.all(
    Array.from({ length: homes }, async (_, home) => {
      const args = (byHome.get(home) ?? []).flatMap(({ holdId }) => ['holdId', holdId])
      const reply = (await shards.call(findHolds, scheduleId, `home/${home}`, args)) as Buffer | null
      if (reply === null) return void lost.add(home)
      const reader = unpacker(reply)
      while (reader.more()) {
        const [holdId, row] = reader.list() as string[]
        if (holdId !== undefined && row !== undefined) marks.set(holdId, markOf(row))
      }
    }),
  )
  return { marks, lost }
}

/** The ninth value of a row of a home. */
function markOf(row: string): string {
  const reader = unpacker(bytesIn(row))
  for (let i = 0; i < 8; i++) reader.next()
  return reader.text()
}

/** By what mark parts know a hold whose home is lost. */
function markIn(parts: readonly Installed[], holdId: Id): string {
  for (const { marks } of parts) for (const mark of marks) if (mark.split('.')[0] === holdId) return mark
  return holdId
}

const withOwnParts = (state: SectionState, markOf: (holdId: Id) => string): SectionState => ({
  ...state,
  holds: state.holds.flatMap((hold) => {
    const parts = hold.parts.filter(({ section }) => section === state.section)
    return parts.length > 0 ? [{ ...hold, holdId: markOf(hold.holdId), parts }] : []
  }),
})

/** Other sections that have a share in these holds; they are there, or the hold is left out. */
function elsewhere(holds: readonly HoldRecord[], given: readonly SectionState[]): readonly SectionState[] {
  const known = new Set(given.map(({ section }) => section))
  const others = new Set(holds.flatMap(({ parts }) => parts).map(({ section }) => section))
  return [...others]
    .filter((section) => !known.has(section))
    .map((section) => ({ section, count: -1, created: [], blocked: [], claims: [], holds: [] }))
}

async function installHomes(
  shards: SeatShards,
  { scheduleId, incarnation, sections }: Installation,
  marked: readonly MarkedHold[],
): Promise<void> {
  const claims = sections.flatMap(({ section, claims: list }) => list.map((claim) => ({ ...claim, section })))
  const rows = [
    ...claims.map(({ section, seat, state, requestId, holder, recordVersion }) => ({
      holder,
      row: pack('claim', section, seat, claimed[state], requestId, holder, recordVersion),
    })),
    ...marked.map(({ hold, mark }) => ({ holder: hold.holder, row: pack('hold', ...packHold(hold), mark) })),
  ]
  const byHome = groupBy(rows, ({ holder }) => homeOf(holder))
  await Promise.all(
    Array.from({ length: homes }, (_, home) => {
      const mine = (byHome.get(home) ?? []).map(({ row }) => row)
      return shards.call(installHome, scheduleId, `home/${home}`, [incarnation, seatsKeptMs, ...mine])
    }),
  )
}

/** Seats of holds that did not come back whole. */
async function letGo(
  shards: SeatShards,
  scheduleId: Id,
  marked: readonly MarkedHold[],
  made: ReadonlySet<Id>,
): Promise<void> {
  const shares = marked.flatMap(({ hold, mark }) => hold.parts.map(({ section }) => ({ section, mark })))
  const mine = groupBy(
    shares.filter(({ section }) => made.has(section)),
    ({ section }) => section,
  )
  await Promise.all(
    [...mine].map(([section, some]) => {
      const commands = some.map((share) => pack('release', '', '', share.mark))
      return shards.call(commitSeats, scheduleId, `part/${section}`, commands)
    }),
  )
}
