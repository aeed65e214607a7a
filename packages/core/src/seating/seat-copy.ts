import type { Section } from '../catalogue/venue.ts'
import type { Id, Ms, Version } from '../shared/types.ts'
import type { Allocator } from './allocator/allocator.ts'
import { createChangeLog } from './change-log.ts'
import type { Part } from './hold.ts'
import {
  codeAt,
  type MapDelta,
  type MapSnapshot,
  type PackedSection,
  packedLength,
  type SeatChange,
  type SeatCode,
  setCode,
} from './occupancy.ts'
import type { SeatNews } from './seat-inventory.port.ts'

/**
 * One process's copy of a schedule's seats. `snapshot` and `delta` tell what is known without a gap, at `version`. The
 * index the allocator chooses by knows more: changes that arrived ahead of others, and seats this process is just
 * taking, so that two requests of one turn do not choose the same.
 */
export interface SeatCopy {
  /** 0: nothing is known yet. */
  version(): Version
  /** Something is known to be newer than `version`: read the store. */
  behind(): boolean
  section(section: Id): PackedSection | null
  /** Null: there is no such seat, as far as is known. */
  code(section: Id, seat: number): SeatCode | null
  snapshot(): MapSnapshot
  /** Null when the changes after `since` are not all at hand. */
  delta(since: Version): MapDelta | null
  /** What a call changed, in whatever order calls are answered. */
  learn(news: SeatNews): void
  /** Whole sections as a call left them. */
  freshen(sections: readonly PackedSection[]): void
  /** What reading the store said. */
  read(map: MapSnapshot | MapDelta): void
  /** Marks seats as being taken; the answer takes the mark away. */
  mark(parts: readonly Part[]): () => void
  /** `true`: some seats are marked. */
  marked(): boolean
  /** What `ask` would find if nobody were taking anything at present. */
  withoutMarks<T>(ask: () => T): T
  /** Called whenever `version` has grown. */
  onAdvance(listener: () => void): () => void
}

interface Mutable {
  count: number
  codes: Uint8Array
  version: Version
  /** Changes that arrived ahead of `version` of the copy. */
  readonly ahead: Map<number, { readonly code: SeatCode; readonly version: Version }>
  readonly marks: Map<number, number>
}

export function createSeatCopy(p: {
  readonly sections: readonly Section[]
  readonly index: Pick<Allocator, 'apply' | 'replace'>
}): SeatCopy {
  const { index } = p
  const sections = new Map<Id, Mutable>()
  for (const { id } of p.sections) {
    sections.set(id, { count: 0, codes: new Uint8Array(0), version: 0, ahead: new Map(), marks: new Map() })
  }
  const log = createChangeLog(0)
  const listeners = new Set<() => void>()
  let version: Version = 0
  let newest: Version = 0
  let storeTime: Ms = 0
  let marks = 0
  let cached: MapSnapshot | null = null

  const show = (id: Id, section: Mutable, seat: number): void => {
    const code = section.ahead.get(seat)?.code ?? codeAt(section.codes, seat)
    index.apply({ section: id, seat, code: code === 0 && section.marks.has(seat) ? 1 : code })
  }

  const advance = (to: Version): void => {
    version = to
    newest = Math.max(newest, to)
    cached = null
    for (const listener of [...listeners]) listener()
  }

  const write = (change: SeatChange): void => {
    const section = sections.get(change.section)
    if (!section) return
    if (change.seat >= section.count) grow(section, change.seat + 1)
    setCode(section.codes, change.seat, change.code)
    section.version = change.version
    if ((section.ahead.get(change.seat)?.version ?? 0) <= change.version) section.ahead.delete(change.seat)
    show(change.section, section, change.seat)
    log.add(change)
  }

  const setAhead = (id: Id, seat: number, code: SeatCode, at: Version): void => {
    const section = sections.get(id)
    if (!section || at <= version || (section.ahead.get(seat)?.version ?? 0) > at) return
    section.ahead.set(seat, { code, version: at })
    show(id, section, seat)
  }

  const learn = (news: SeatNews): void => {
    if (news.version <= version) return
    if (news.from <= version && version > 0) {
      for (const change of news.changes) if (change.version > version) write(change)
      return advance(news.version)
    }
    newest = Math.max(newest, news.version)
    for (const change of news.changes) setAhead(change.section, change.seat, change.code, change.version)
  }

  const replace = (map: MapSnapshot): void => {
    if (map.version < version) return
    for (const state of map.sections) {
      const section = sections.get(state.section)
      if (!section) continue
      section.count = state.count
      section.codes = state.codes.slice()
      section.version = state.version
      index.replace(state)
      for (const [seat, change] of section.ahead) if (change.version <= map.version) section.ahead.delete(seat)
      for (const seat of [...section.ahead.keys(), ...section.marks.keys()]) show(state.section, section, seat)
    }
    if (map.version > version) log.restart(map.version)
    advance(map.version)
  }

  const unmark = (parts: readonly Part[]): void => {
    eachSeat(parts, (id, seat) => {
      const section = sections.get(id)
      const left = (section?.marks.get(seat) ?? 0) - 1
      if (!section || left < 0) return
      marks--
      if (left > 0) section.marks.set(seat, left)
      else section.marks.delete(seat)
      show(id, section, seat)
    })
  }

  const packed = (id: Id, { count, codes, version: at }: Mutable): PackedSection => ({
    section: id,
    count,
    codes: codes.slice(),
    version: at,
  })

  return {
    version: () => version,
    behind: () => version === 0 || newest > version,
    section: (id) => {
      const section = sections.get(id)
      return section ? packed(id, section) : null
    },
    code: (id, seat) => {
      const section = sections.get(id)
      return section && seat >= 0 && seat < section.count ? codeAt(section.codes, seat) : null
    },
    snapshot: () => {
      cached ??= { is: 'snapshot', version, storeTime, sections: [...sections].map(([id, at]) => packed(id, at)) }
      return cached
    },
    delta: (since) => {
      const changes = since <= version ? log.after(since) : null
      return changes && { is: 'delta', from: since, version, storeTime, changes }
    },
    learn,
    freshen: (states) => {
      for (const state of states) {
        const section = sections.get(state.section)
        if (!section || state.version <= section.version) continue
        for (let seat = 0; seat < state.count; seat++) {
          const code = codeAt(state.codes, seat)
          const known = section.ahead.get(seat)
          if (
            known
              ? known.version < state.version && known.code !== code
              : codeAt(section.codes, seat) !== code || seat >= section.count
          )
            setAhead(state.section, seat, code, state.version)
        }
      }
    },
    read: (map) => {
      storeTime = Math.max(storeTime, map.storeTime)
      if (map.is === 'snapshot') replace(map)
      else learn(map)
    },
    mark: (parts) => {
      eachSeat(parts, (id, seat) => {
        const section = sections.get(id)
        if (!section) return
        marks++
        section.marks.set(seat, (section.marks.get(seat) ?? 0) + 1)
        show(id, section, seat)
      })
      let on = true
      return () => {
        if (on) unmark(parts)
        on = false
      }
    },
    marked: () => marks > 0,
    withoutMarks: (ask) => {
      const lifted = [...sections].flatMap(([id, section]) => [...section.marks].map((mark) => ({ id, section, mark })))
      for (const { id, section, mark } of lifted) {
        section.marks.delete(mark[0])
        show(id, section, mark[0])
      }
      const answer = ask()
      for (const { id, section, mark } of lifted) {
        section.marks.set(...mark)
        show(id, section, mark[0])
      }
      return answer
    },
    onAdvance: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

function grow(section: Mutable, count: number): void {
  section.count = count
  if (section.codes.length >= packedLength(count)) return
  const longer = new Uint8Array(packedLength(count))
  longer.set(section.codes)
  section.codes = longer
}

const eachSeat = (parts: readonly Part[], visit: (section: Id, seat: number) => void): void => {
  for (const { section, seats } of parts) for (const seat of seats) visit(section, seat)
}
