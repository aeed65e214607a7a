import type { HoldSnapshot, Id } from '@b-ticketing/core/ports'
import { type Sql, statement } from './query.ts'

/** A seat as the primary keys of claims and blocks name it. */
export type Place = readonly [scheduleId: Id, section: Id, seat: number]

export const placeKey = (place: Place): string => place.join('/')

export const placesOf = ({ scheduleId, parts }: Pick<HoldSnapshot, 'scheduleId' | 'parts'>): readonly Place[] =>
  parts.flatMap(({ section, seats }) => seats.map((seat): Place => [scheduleId, section, seat]))

/** Whoever claims or frees seats does it in this order, that of the primary key. */
const inOrder = <Row extends readonly [...Place, Id]>(rows: readonly Row[]): readonly Row[] =>
  [...rows].sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]) || a[2] - b[2])

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** A seat with the payment that owns it. */
export type OwnedPlace = readonly [...Place, requestId: Id]

/** All or none. @throws the duplicate key (`isDuplicate`) of a seat that has an owner. */
export async function insertClaims(tx: Sql, owned: readonly OwnedPlace[]): Promise<void> {
  if (owned.length === 0) return
  await tx.run(statement('INSERT INTO bt_claim (schedule_id, section, seat, request_id) VALUES ?', [inOrder(owned)]))
}

/** Deletes those of these claims that stand and have this owner. */
export async function deleteClaims(tx: Sql, owned: readonly OwnedPlace[]): Promise<void> {
  if (owned.length === 0) return
  const sql = 'DELETE FROM bt_claim WHERE (schedule_id, section, seat, request_id) IN (?)'
  await tx.run(statement(sql, [inOrder(owned)]))
}

/** The owners of these seats, by `placeKey`; a seat without a claim has none. */
export async function ownersOf(sql: Sql, places: readonly Place[]): Promise<ReadonlyMap<string, Id>> {
  if (places.length === 0) return new Map()
  const text = `SELECT schedule_id, section, seat, request_id FROM bt_claim FORCE INDEX (PRIMARY)
    WHERE (schedule_id, section, seat) IN (?)`
  const rows = await sql.rows(statement<ClaimKey>(text, [places]))
  return new Map(rows.map((row) => [placeKey([row.schedule_id, row.section, row.seat]), row.request_id]))
}

/**
 * Which of these seats an operator has blocked, by `placeKey`. `lock`: and may not block until this transaction ends; read after
 * the claims were written, so that of a claim and a block one sees the other. Section by section, which is a range each, where
 * every seat would be one.
 */
export async function blockedOf(
  sql: Sql,
  places: readonly Place[],
  { lock = false }: { readonly lock?: boolean } = {},
): Promise<ReadonlySet<string>> {
  if (places.length === 0) return new Set()
  const sections = new Map(places.map(([scheduleId, section]) => [`${scheduleId}/${section}`, [scheduleId, section]]))
  const text = `SELECT schedule_id, section, seat FROM bt_seat_block FORCE INDEX (PRIMARY)
    WHERE (schedule_id, section) IN (?) AND blocked = 1 ${lock ? 'LOCK IN SHARE MODE' : ''}`
  const rows = await sql.rows(statement<Omit<ClaimKey, 'request_id'>>(text, [[...sections.values()].sort()]))
  const blocked = new Set(rows.map((row) => placeKey([row.schedule_id, row.section, row.seat])))
  return new Set(places.map(placeKey).filter((place) => blocked.has(place)))
}

interface ClaimKey {
  readonly schedule_id: Id
  readonly section: Id
  readonly seat: number
  readonly request_id: Id
}
