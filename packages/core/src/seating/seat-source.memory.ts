import { schedules, venues } from '../catalogue/catalogue.memory.ts'
import { createdSeat } from '../catalogue/created-seat.ts'
import type { Section } from '../catalogue/venue.ts'
import { appendAudit } from '../shared/audit.memory.ts'
import type { MemoryRecord } from '../shared/record.memory.ts'
import type { Id, Ms } from '../shared/types.ts'
import type { Claim } from './claim.ts'
import { type HoldRecord, operationsKeptMs } from './hold.ts'
import type { HoldChange, SeatSource, SectionState } from './seat-source.port.ts'
import { claims, createdSeats, holdRows, seatBlocks, seatCreations, seatKey } from './seating-tables.memory.ts'

export function createMemorySeatSource(p: {
  readonly record: MemoryRecord
  readonly runtime: { now(): Ms }
}): SeatSource {
  const { record } = p
  let purgeAt = 0

  const sectionsOf = (scheduleId: Id): readonly Section[] => {
    const schedule = record.table(schedules).get(scheduleId)
    const venue = schedule && record.table(venues).get(schedule.venueId)
    return venue?.sections ?? []
  }

  /** What ended, and what is long due, needs no row for ever. */
  const purge = (): void => {
    if (p.runtime.now() < purgeAt) return
    purgeAt = p.runtime.now() + 60_000
    for (const [holdId, row] of record.table(holdRows)) {
      if (row.keptUntil <= p.runtime.now()) record.table(holdRows).delete(holdId)
    }
  }

  return {
    load: async ({ scheduleId, sections }) => {
      const wanted = sections && new Set(sections)
      const asked = sectionsOf(scheduleId).filter(({ id }) => !wanted || wanted.has(id))
      const holds = liveHolds(record, scheduleId)
      const owned = claimsOf(record, scheduleId)
      return asked.map((section) => sectionState(record, scheduleId, section, owned, holds))
    },

    saveHolds: async ({ changes }) => {
      purge()
      for (const change of changes) saveHold(record, change, p.runtime.now())
    },

    createSeats: async ({ scheduleId, section: id, operationId, count, max }) => {
      const section = sectionsOf(scheduleId).find((known) => known.id === id)
      if (section?.kind !== 'elastic') return 'full'
      const key = `${scheduleId}/${id}`
      const before = section.capacity + (record.table(createdSeats).get(key) ?? 0)
      const known = record.table(seatCreations).get(`${key}/${operationId}`)
      const made = known ?? { from: before, count }
      if (!known) {
        if (count < 1 || before + count > Math.min(max, section.maxCapacity ?? 0)) return 'full'
        record.table(createdSeats).set(key, before + count - section.capacity)
        record.table(seatCreations).set(`${key}/${operationId}`, made)
      }
      return { from: made.from, seats: seatsFrom(section, made.from, made.count) }
    },

    block: async ({ scheduleId, parts, blocked, by, reason }) => {
      const keys = parts.map(({ section, seat }) => seatKey(scheduleId, section, seat))
      const owned = parts.filter((_, i) => record.table(claims).has(keys[i]!)).map(({ seatId }) => seatId)
      if (owned.length > 0) return { ok: false, owned }
      const versions = keys.map(() => record.nextVersion())
      for (const [i, key] of keys.entries()) {
        record.table(seatBlocks).set(key, { blocked, recordVersion: versions[i]! })
      }
      const detail = { seatIds: parts.map(({ seatId }) => seatId), ...(reason === undefined ? {} : { reason }) }
      const action = blocked ? 'seats-blocked' : 'seats-unblocked'
      appendAudit(record, p.runtime.now(), { by, action, subject: scheduleId, detail })
      return { ok: true, versions }
    },
  }
}

const seatsFrom = (section: Section, from: number, count: number) =>
  Array.from({ length: count }, (_, i) => createdSeat(section, from + i))

function sectionState(
  record: MemoryRecord,
  scheduleId: Id,
  section: Section,
  owned: ReadonlyMap<Id, readonly Claim[]>,
  holds: readonly HoldRecord[],
): SectionState {
  const created = record.table(createdSeats).get(`${scheduleId}/${section.id}`) ?? 0
  const count = section.capacity + created
  return {
    section: section.id,
    count,
    created: seatsFrom(section, section.capacity, created),
    blocked: blockedSeats(record, scheduleId, section, count),
    claims: owned.get(section.id) ?? [],
    holds: holds.filter(({ parts }) => parts.some((part) => part.section === section.id)),
  }
}

function blockedSeats(record: MemoryRecord, scheduleId: Id, section: Section, count: number) {
  const listed = section.rows.flatMap((row) => row.seats)
  const blocked: { seat: number; recordVersion: number }[] = []
  for (let seat = 0; seat < count; seat++) {
    const row = record.table(seatBlocks).get(seatKey(scheduleId, section.id, seat))
    if (row?.blocked ?? listed[seat]?.blocked) blocked.push({ seat, recordVersion: row?.recordVersion ?? 0 })
  }
  return blocked
}

function claimsOf(record: MemoryRecord, scheduleId: Id): ReadonlyMap<Id, readonly Claim[]> {
  const bySection = new Map<Id, Claim[]>()
  for (const claim of record.table(claims).values()) {
    if (claim.scheduleId !== scheduleId) continue
    const list = bySection.get(claim.section)
    if (list) list.push(claim)
    else bySection.set(claim.section, [claim])
  }
  return bySection
}

function liveHolds(record: MemoryRecord, scheduleId: Id): readonly HoldRecord[] {
  const epoch = record.table(schedules).get(scheduleId)?.epoch
  return [...record.table(holdRows).values()].flatMap(({ hold }) => {
    if (hold?.scheduleId !== scheduleId || hold.epoch !== epoch) return []
    const claimed = hold.parts.some(({ section, seats }) =>
      seats.some((seat) => record.table(claims).has(seatKey(scheduleId, section, seat))),
    )
    return claimed ? [] : [hold]
  })
}

function saveHold(record: MemoryRecord, change: HoldChange, now: Ms): void {
  const rows = record.table(holdRows)
  const holdId = change.is === 'held' ? change.hold.holdId : change.holdId
  const version = change.is === 'held' ? change.hold.version : change.version
  const row = rows.get(holdId)
  if (row && (row.hold === null || row.version > version || (change.is === 'held' && row.version === version))) return
  if (change.is === 'ended') {
    rows.set(holdId, { scheduleId: change.scheduleId, version, hold: null, keptUntil: now + operationsKeptMs(0) })
    return
  }
  const { hold } = change
  rows.set(holdId, {
    scheduleId: hold.scheduleId,
    version,
    hold,
    keptUntil: Math.max(now, hold.expiresAt) + operationsKeptMs(0),
  })
}
