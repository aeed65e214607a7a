import { createdSeat } from '@b-ticketing/core/adapter-kit'
import type { Claim, HoldRecord, Id, Seat, Section, SectionState } from '@b-ticketing/core/ports'
import type { Selectable } from 'kysely'
import { db, integer, parsed, type Sql } from './query.ts'
import type { Tables } from './tables.ts'

/** Reads the state of these sections, in a snapshot that the caller keeps open. */
export async function readSections(
  sql: Sql,
  p: { readonly scheduleId: Id; readonly epoch: Id; readonly sections: readonly Section[] },
): Promise<readonly SectionState[]> {
  const { scheduleId, sections } = p
  const asked = sections.map(({ id }) => id)
  const holds = await liveHolds(sql, p)
  const held = holds.flatMap(({ parts }) => parts.map(({ section }) => section))
  const claims = await claimsOf(sql, scheduleId, [...new Set([...asked, ...held])])
  const created = await createdOf(sql, scheduleId, asked)
  const blocks = await blocksOf(sql, scheduleId, asked)
  const owned = new Set(claims.map(({ section, seat }) => `${section}/${seat}`))
  const free = holds.filter(
    ({ parts }) => !parts.some((part) => part.seats.some((seat) => owned.has(`${part.section}/${seat}`))),
  )
  const ownedIn = Map.groupBy(claims, ({ section }) => section)
  return sections.map((section) => {
    const made = created.get(section.id) ?? 0
    return {
      section: section.id,
      count: section.capacity + made,
      created: seatsFrom(section, section.capacity, made),
      blocked: blockedSeats(section, made, blocks.get(section.id)),
      claims: ownedIn.get(section.id) ?? [],
      holds: free.filter(({ parts }) => parts.some((part) => part.section === section.id)),
    }
  })
}

export const seatsFrom = (section: Section, from: number, count: number): readonly Seat[] =>
  Array.from({ length: count }, (_, i) => createdSeat(section, from + i))

async function liveHolds(sql: Sql, p: { readonly scheduleId: Id; readonly epoch: Id }): Promise<readonly HoldRecord[]> {
  const query = db.selectFrom('bt_hold').select('document').where('schedule_id', '=', p.scheduleId)
  const rows = await sql.rows(query.where('expires_at', 'is not', null))
  const holds = rows.map(({ document }) => parsed<HoldRecord>(document ?? ''))
  return holds.filter(({ epoch }) => epoch === p.epoch)
}

async function claimsOf(sql: Sql, scheduleId: Id, sections: readonly Id[]): Promise<readonly Claim[]> {
  const query = db
    .selectFrom('bt_claim as claim')
    .innerJoin('bt_payment as payment', 'payment.request_id', 'claim.request_id')
    .select([
      'claim.section',
      'claim.seat',
      'claim.request_id',
      'payment.holder',
      'payment.state',
      'payment.record_version',
    ])
    .where('claim.schedule_id', '=', scheduleId)
    .where('claim.section', 'in', sections)
  const rows = await sql.rows(query.orderBy('claim.section').orderBy('claim.seat'))
  return rows.map((row) => ({
    scheduleId,
    section: row.section,
    seat: row.seat,
    requestId: row.request_id,
    holder: row.holder ?? '',
    state: row.state === 'COMPLETED' ? 'COMPLETED' : 'PAYING',
    recordVersion: integer(row.record_version),
  }))
}

async function createdOf(sql: Sql, scheduleId: Id, sections: readonly Id[]): Promise<ReadonlyMap<Id, number>> {
  const query = db.selectFrom('bt_created_seats').select(['section', 'created']).where('schedule_id', '=', scheduleId)
  const rows = await sql.rows(query.where('section', 'in', sections))
  return new Map(rows.map(({ section, created }) => [section, created]))
}

type BlockRow = Pick<Selectable<Tables['bt_seat_block']>, 'section' | 'seat' | 'blocked' | 'record_version'>

async function blocksOf(
  sql: Sql,
  scheduleId: Id,
  sections: readonly Id[],
): Promise<ReadonlyMap<Id, readonly BlockRow[]>> {
  const columns = ['section', 'seat', 'blocked', 'record_version'] as const
  const query = db.selectFrom('bt_seat_block').select(columns).where('schedule_id', '=', scheduleId)
  const rows = await sql.rows(query.where('section', 'in', sections))
  return Map.groupBy(rows, ({ section }) => section)
}

/** A seat without a row is as its venue says, in version 0. */
function blockedSeats(section: Section, created: number, rows: readonly BlockRow[] = []): SectionState['blocked'] {
  const bySeat = new Map(rows.map((row) => [row.seat, row]))
  const listed = section.rows.flatMap((row) => row.seats)
  const blocked: { seat: number; recordVersion: number }[] = []
  for (let seat = 0; seat < section.capacity + created; seat++) {
    const row = bySeat.get(seat)
    const isBlocked = row ? row.blocked === 1 : listed[seat]?.blocked
    if (isBlocked) blocked.push({ seat, recordVersion: row ? integer(row.record_version) : 0 })
  }
  return blocked
}
