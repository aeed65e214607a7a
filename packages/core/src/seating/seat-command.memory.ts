import type { Id, Ms } from '../shared/types.ts'
import { extendedDeadline, type HoldRecord, holdDeadline, type Part, partsSize, sameParts } from './hold.ts'
import type { ScheduleStore } from './schedule-store.ts'
import type { SeatCommand, SeatReply } from './seat-inventory.port.ts'
import { projectPart, unpinRequest } from './seat-projection.memory.ts'

type Take = Extract<SeatCommand, { do: 'take' }>
type Named = Extract<SeatCommand, { do: 'release' | 'extend' | 'pin' }>

const done: SeatReply = { is: 'done' }
const stale: SeatReply = { is: 'stale' }

/** One command in one synchronous step: repeat, else decide, then evolve. */
export function applyCommand(store: ScheduleStore, scheduleId: Id, command: SeatCommand, now: Ms): SeatReply {
  const missing = missingSections(store, command)
  if (missing) return { is: 'missing', sections: missing }
  const first = store.operations.recall(command)
  if (first) return first
  const reply = act(store, scheduleId, command, now)
  store.operations.record(command, reply, now)
  return reply
}

/** Null: all there. Without any section a schedule is unknown, whatever the command names. */
function missingSections(store: ScheduleStore, command: SeatCommand): readonly Id[] | null {
  const named =
    command.do === 'take'
      ? command.parts.map(({ section }) => section)
      : command.do === 'project'
        ? [command.part.section]
        : command.do === 'grow'
          ? [command.section]
          : []
  const missing = named.filter((section) => !store.sections.has(section))
  return missing.length > 0 || store.sections.size === 0 ? missing : null
}

function act(store: ScheduleStore, scheduleId: Id, command: SeatCommand, now: Ms): SeatReply {
  switch (command.do) {
    case 'take':
      return take(store, scheduleId, command, now)
    case 'release':
      return withHold(store, command, (hold) => {
        if (hold.requestId !== null) return { is: 'paying', requestId: hold.requestId }
        store.endHold(hold.holdId, 'USER')
        store.endExpiryRow(hold.holder)
        return done
      })
    case 'extend':
      return withHold(store, command, (hold) => extend(store, hold, command, now))
    case 'pin':
      return withHold(store, command, (hold) => pin(store, hold, command, now))
    case 'unpin':
      unpinRequest(store, command.requestId)
      return done
    case 'project':
      projectPart(store, command)
      return done
    case 'grow':
      store.sections.get(command.section)!.grow(command.from + command.count, 'ADMIN')
      return done
    case 'reset':
      for (const hold of [...store.holds.values()]) {
        if (hold.requestId === null && hold.epoch !== command.epoch) store.endHold(hold.holdId, 'ADMIN')
      }
      return done
    case 'recall':
      return stale
  }
}

function withHold(store: ScheduleStore, command: Named, then: (hold: HoldRecord) => SeatReply): SeatReply {
  const hold = store.holds.get(command.holdId)
  return hold && hold.version === command.version && hold.holder === command.holder ? then(hold) : stale
}

function take(store: ScheduleStore, scheduleId: Id, command: Take, now: Ms): SeatReply {
  const same = store.holdsOf(command.holder).find((h) => h.requestId === null && sameParts(h.parts, command.parts))
  if (same && (command.replaces?.holdId ?? same.holdId) === same.holdId)
    return { is: 'hold', hold: same, repeated: true }
  const replaced = command.replaces ? store.holds.get(command.replaces.holdId) : undefined
  const refusal = refuse(store, command, replaced, now)
  if (refusal) return refusal
  if (replaced) store.endHold(replaced.holdId, 'USER')
  const { holdId, holder, epoch, parts, price, memo } = command
  const expiresAt = holdDeadline({ now, ...command })
  const version = store.nextVersion()
  const hold = { holdId, version, scheduleId, holder, parts, price, createdAt: now, expiresAt, epoch, requestId: null }
  store.putHold(hold)
  return { is: 'hold', hold, repeated: false, ...(memo === undefined ? {} : { memo }) }
}

function refuse(store: ScheduleStore, command: Take, replaced: HoldRecord | undefined, now: Ms): SeatReply | null {
  if (holdDeadline({ now, ...command }) <= now) return { is: 'late' }
  if (command.replaces) {
    if (replaced?.version !== command.replaces.version || replaced.holder !== command.holder) return stale
    if (replaced.requestId !== null) return { is: 'paying', requestId: replaced.requestId }
  }
  const { pausedUntil } = store.expiries(command.holder)
  if (pausedUntil > now) return { is: 'cooldown', retryInMs: pausedUntil - now }
  const owned = store.owned(command.holder)
  const kept = owned - (replaced ? partsSize(replaced.parts) : 0)
  if (kept + partsSize(command.parts) > command.quota) return { is: 'quota', owned }
  const taken = takenParts(store, command.parts, replaced?.holdId)
  return taken.length > 0 ? { is: 'taken', parts: taken } : null
}

function takenParts(store: ScheduleStore, parts: readonly Part[], replacedId: Id | undefined): readonly Part[] {
  return parts.flatMap(({ section, seats }) => {
    const inSection = store.sections.get(section)!
    const taken = seats.filter((seat) => {
      const cell = inSection.cell(seat)
      return !inSection.exists(seat) || (cell && !(cell.is === 'held' && cell.holdId === replacedId))
    })
    return taken.length > 0 ? [{ section, seats: taken }] : []
  })
}

function extend(
  store: ScheduleStore,
  hold: HoldRecord,
  command: Extract<SeatCommand, { do: 'extend' }>,
  now: Ms,
): SeatReply {
  if (hold.requestId !== null) return { is: 'paying', requestId: hold.requestId }
  const expiresAt = extendedDeadline(hold, { now, ...command })
  if (expiresAt === hold.expiresAt) return { is: 'hold', hold, repeated: false }
  const extended = { ...hold, expiresAt, version: store.nextVersion() }
  store.updateHold(extended)
  return { is: 'hold', hold: extended, repeated: false }
}

function pin(store: ScheduleStore, hold: HoldRecord, command: Extract<SeatCommand, { do: 'pin' }>, now: Ms): SeatReply {
  const { requestId, leaseMs } = command
  if (hold.requestId === requestId) return { is: 'hold', hold, repeated: true }
  if (hold.requestId !== null) return { is: 'paying', requestId: hold.requestId }
  const pinned = { ...hold, requestId }
  store.updateHold(pinned)
  store.putPin({ requestId, holdId: hold.holdId, leaseUntil: now + leaseMs, settled: false })
  store.endExpiryRow(hold.holder)
  for (const { section, seats } of hold.parts) {
    const cell = { is: 'PAYING', requestId, holder: hold.holder, recordVersion: null } as const
    for (const seat of seats) store.sections.get(section)?.put(seat, cell, 'PAYMENT')
  }
  return { is: 'hold', hold: pinned, repeated: false }
}
