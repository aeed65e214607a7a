import type { Ms } from '../shared/types.ts'
import { type HoldRecord, isDue } from './hold.ts'
import type { ScheduleStore } from './schedule-store.ts'
import type { SectionState } from './seat-source.port.ts'

/** Sections from the record: blocks and claims first, then the holds that lost nothing to them. */
export function installSections(
  store: ScheduleStore,
  p: { readonly incarnation: number; readonly sections: readonly SectionState[]; readonly now: Ms },
): readonly ('installed' | 'present')[] {
  if (p.incarnation < store.incarnation()) return p.sections.map(() => 'present')
  const absent = p.sections.filter(({ section }) => !store.sections.has(section))
  if (absent.length === 0) return p.sections.map(() => 'present')
  store.addSections(p.incarnation, absent)
  for (const state of absent) putClaims(store, state)
  for (const hold of holdsIn(absent)) restore(store, hold, p.now)
  store.log.restart(store.version())
  return p.sections.map((state) => (absent.includes(state) ? 'installed' : 'present'))
}

function putClaims(store: ScheduleStore, state: SectionState): void {
  const section = store.sections.get(state.section)!
  for (const { seat, recordVersion } of state.blocked) {
    section.put(seat, { is: 'blocked' }, 'ADMIN')
    section.heardRecord(seat, recordVersion)
  }
  for (const { seat, state: is, requestId, holder, recordVersion } of state.claims) {
    section.put(seat, { is, requestId, holder, recordVersion }, 'PAYMENT')
    section.heardRecord(seat, recordVersion)
  }
}

const holdsIn = (states: readonly SectionState[]): Iterable<HoldRecord> =>
  new Map(states.flatMap(({ holds }) => holds).map((hold) => [hold.holdId, hold])).values()

function restore(store: ScheduleStore, hold: HoldRecord, now: Ms): void {
  const known = store.holds.get(hold.holdId)
  const live = known ?? { ...hold, requestId: null }
  if (isDue(live, now)) return
  const free = hold.parts.every(({ section, seats }) => {
    const inSection = store.sections.get(section)
    return seats.every((seat) => {
      const cell = inSection?.cell(seat)
      return !cell || (cell.is === 'held' && cell.holdId === hold.holdId)
    })
  })
  if (free) store.putHold(live)
  else if (known?.requestId === null) store.endHold(hold.holdId, 'ADMIN')
}
