import type { Id, Ms } from '../shared/types.ts'
import type { HoldRecord } from './hold.ts'
import type { PackedSection } from './occupancy.ts'
import { createScheduleStore, type ScheduleStore } from './schedule-store.ts'
import { applyCommand } from './seat-command.memory.ts'
import { installSections } from './seat-install.memory.ts'
import type { HoldKey, SeatCommand, SeatInventory, SeatNews } from './seat-inventory.port.ts'

/** A seat inventory whose time is `now`. `lose` forgets everything, as a store that restarts empty does. */
export interface MemorySeatInventory extends SeatInventory {
  lose(): void
}

export function createMemorySeatInventory(p: { readonly runtime: { now(): Ms } }): MemorySeatInventory {
  const schedules = new Map<Id, ScheduleStore>()
  const now = () => p.runtime.now()

  const open = (scheduleId: Id): ScheduleStore => {
    const known = schedules.get(scheduleId)
    if (known) return known
    const store = createScheduleStore()
    schedules.set(scheduleId, store)
    return store
  }

  return {
    lose: () => schedules.clear(),

    commit: async ({ scheduleId, commands }) => {
      const store = open(scheduleId)
      const from = store.version()
      store.freeDue(now())
      const replies = commands.map((command) => applyCommand(store, scheduleId, command, now()))
      return { replies, fresh: packed(store, commands.flatMap(sectionsOf)), ...newsSince(store, from) }
    },

    read: async ({ scheduleId, sections, since }) => {
      const store = open(scheduleId)
      const missing = sections.filter((section) => !store.sections.has(section))
      if (missing.length > 0) return { is: 'missing', sections: missing }
      store.freeDue(now())
      const known = since !== undefined && since <= store.version()
      const changes = known ? store.log.after(since) : null
      const common = { version: store.version(), storeTime: now() }
      if (!changes || since === undefined) return { is: 'snapshot', ...common, sections: packed(store, sections) }
      const wanted = new Set(sections)
      return { is: 'delta', from: since, ...common, changes: changes.filter(({ section }) => wanted.has(section)) }
    },

    holds: async ({ scheduleId, keys }) => {
      const store = open(scheduleId)
      if (store.sections.size === 0) return 'missing'
      store.freeDue(now())
      return keys.map((key) => findHolds(store, key))
    },

    reap: async ({ scheduleId, limit }) => {
      const store = open(scheduleId)
      const from = store.version()
      const more = store.freeDue(now(), limit)
      return { ...newsSince(store, from), stalePins: stalePins(store, now(), limit), more }
    },

    install: async ({ scheduleId, incarnation, sections }) =>
      installSections(open(scheduleId), { incarnation, sections, now: now() }),

    owners: async ({ scheduleId, section }) => open(scheduleId).sections.get(section)?.owners() ?? 'missing',
  }
}

const sectionsOf = (command: SeatCommand): readonly Id[] => {
  if (command.do === 'take') return command.parts.map(({ section }) => section)
  if (command.do === 'project') return [command.part.section]
  return command.do === 'grow' ? [command.section] : []
}

const packed = (store: ScheduleStore, sections: readonly Id[]): readonly PackedSection[] =>
  [...new Set(sections)].flatMap((section) => store.sections.get(section)?.packed() ?? [])

/** More changes in one call than the log holds: the reader is told of a gap (`from` = `version`), and reads. */
function newsSince(store: ScheduleStore, from: number): SeatNews {
  const changes = store.log.after(from)
  const version = store.version()
  return changes ? { from, version, changes } : { from: version, version, changes: [] }
}

function findHolds(store: ScheduleStore, key: HoldKey): readonly HoldRecord[] {
  if ('holder' in key) return store.holdsOf(key.holder)
  const holdId = 'holdId' in key ? key.holdId : store.pins.get(key.requestId)?.holdId
  const hold = holdId === undefined ? undefined : store.holds.get(holdId)
  return hold ? [hold] : []
}

function stalePins(store: ScheduleStore, now: Ms, limit: number): readonly Id[] {
  const stale: Id[] = []
  for (const pin of store.pins.values()) {
    if (stale.length >= limit) break
    if (!pin.settled && pin.leaseUntil <= now) stale.push(pin.requestId)
  }
  return stale
}
