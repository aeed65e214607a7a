import type { SeatMap } from '../catalogue/seat-map.ts'
import type { Id, Version } from '../shared/types.ts'
import { codeAt, countCodes, type MapDelta, type MapSnapshot, type PackedSection, seatStates } from './occupancy.ts'
import type { SeatBooks } from './seat-books.ts'
import type { SeatCopy } from './seat-copy.ts'
import type { SeatRowState } from './seating.ts'

export function sectionTotals(map: MapSnapshot) {
  return map.sections.map(({ section, count, codes }) => ({
    section,
    capacity: count,
    available: countCodes(codes, count)[0],
  }))
}

export function scheduleTotals(map: MapSnapshot) {
  const totals = { capacity: 0, available: 0, reserved: 0, completed: 0, blocked: 0 }
  for (const { count, codes } of map.sections) {
    const [available, reserved, completed, blocked] = countCodes(codes, count)
    totals.capacity += count
    totals.available += available
    totals.reserved += reserved
    totals.completed += completed
    totals.blocked += blocked
  }
  return totals
}

/** Rows in the order of the venue; created seats follow the listed ones of their row. */
export function rowStates(packed: PackedSection, seatMap: SeatMap): readonly SeatRowState[] {
  const rows = new Map<number, { id: Id; label: string; seats: SeatRowState['seats'][number][] }>()
  for (let index = 0; index < packed.count; index++) {
    const at = seatMap.row(packed.section, index)
    const seat = seatMap.seat(packed.section, index)
    if (!at || !seat) continue
    const row = rows.get(at.rank) ?? { id: at.row.id, label: at.row.label, seats: [] }
    rows.set(at.rank, row)
    const { seatId, label, accessible } = seat
    const state = seatStates[codeAt(packed.codes, index)]!
    row.seats.push({ seatId, label, state, ...(accessible && { accessible }) })
  }
  return [...rows].sort(([a], [b]) => a - b).map(([, row]) => row)
}

/** A delta where the changes are at hand, else the whole. */
export const mapSince = (copy: SeatCopy, since: Version | undefined): MapSnapshot | MapDelta =>
  (since === undefined ? null : copy.delta(since)) ?? copy.snapshot()

/** Every change from `since` on, as this process's copy learns it. */
export async function* watchSeats(p: {
  readonly books: SeatBooks
  readonly scheduleId: Id
  readonly since: Version | undefined
  readonly signal: AbortSignal | undefined
}): AsyncGenerator<MapSnapshot | MapDelta> {
  const { copy } = await p.books.recent(p.scheduleId)
  let told = p.since ?? copy.version()
  while (!p.signal?.aborted) {
    if (copy.version() === told) await nextAdvance(copy, p.signal)
    else {
      const news = mapSince(copy, told)
      told = news.version
      if (news.is === 'snapshot' || news.changes.length > 0) yield news
    }
  }
}

const nextAdvance = (copy: SeatCopy, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      off()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const off = copy.onAdvance(done)
    signal?.addEventListener('abort', done, { once: true })
  })
