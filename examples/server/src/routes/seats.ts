import { type ErrorCode, type MapDelta, type MapSnapshot, type Outcome, TicketingError } from '@b-ticketing/core'
import { defineRoute, type Route, type ServerEvent } from '../http/route.ts'
import { empty, json, matches, media, notModified, ok } from './answers.ts'
import type { House } from './house.ts'
import {
  assignedHold,
  autoAssignBody,
  hold,
  holdParams,
  holds,
  mapQuery,
  passQuery,
  seatMap,
  sectionQuery,
  sectionStatus,
  sections,
  selectBody,
} from './schemas.ts'
import { changeWire, holdWire, priceOf } from './wire.ts'

export function seatRoutes(house: Pick<House, 'engine'>, page: string): readonly Route[] {
  const { seating } = house.engine
  const packed = packedMaps()
  return [
    defineRoute({
      method: 'GET',
      path: '/seats/sections',
      name: 'listSections',
      summary: 'Sections with what is left; to a browser, the seat page',
      auth: 'pass',
      query: passQuery,
      page,
      replies: { 200: { ...json('The sections.', sections), media: 'text/html' } },
      handle: async ({ pass, wantsHtml }) => {
        const headers = { vary: 'accept' }
        if (wantsHtml) return { status: 200, headers, content: { type: 'text/html; charset=utf-8', bytes: page } }
        return { ...ok(await sectionsOf(house.engine, pass.scheduleId)), headers }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/seats/status',
      name: 'getSection',
      summary: 'Every seat of one section',
      auth: 'pass',
      query: sectionQuery,
      replies: { 200: json('The section.', sectionStatus) },
      problems: ['NOT_FOUND'],
      handle: async ({ pass, query: { section } }) => {
        const { version, rows } = await seating.section({ scheduleId: pass.scheduleId, section })
        return ok({ version, section, rows })
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/seats/map',
      name: 'getSeatMap',
      summary: 'Every seat, packed; or what changed since',
      auth: 'pass',
      query: mapQuery,
      hot: true,
      replies: { 200: json('The map, or deltas.', seatMap), 304: notModified },
      handle: async ({ pass: { scheduleId }, query: { since }, headers: { 'if-none-match': known } }) => {
        const map = await seating.map(since === undefined ? { scheduleId } : { scheduleId, since })
        const etag = map.is === 'snapshot' ? `"${map.version}"` : `"${map.from}-${map.version}"`
        const headers = { etag, 'cache-control': 'private, no-cache' }
        if (matches(known, etag)) return { status: 304, headers }
        const bytes = map.is === 'snapshot' ? packed(scheduleId, map) : JSON.stringify(deltaWire(map))
        return { status: 200, headers, content: { type: 'application/json; charset=utf-8', bytes } }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/seats/events',
      name: 'watchSeats',
      summary: 'Seats as they change',
      auth: 'pass',
      query: passQuery,
      replies: {
        200: media(
          '`seats` events `{ from, version, changes }`; `reset` when the map must be read again.',
          'text/event-stream',
        ),
      },
      handle: async ({ pass: { scheduleId }, headers }) => {
        const since = Number.parseInt(String(headers['last-event-id'] ?? ''), 10)
        const from = Number.isSafeInteger(since) && since >= 0 ? { since } : {}
        return { status: 200, events: (signal) => seatEvents(seating.watch({ scheduleId, signal, ...from })) }
      },
    }),
    ...holdRoutes(house),
  ]
}

function holdRoutes({ engine: { seating } }: Pick<House, 'engine'>): readonly Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/seats/select',
      name: 'selectSeats',
      summary: 'Holds these seats, all or none',
      auth: 'pass',
      query: passQuery,
      body: selectBody,
      hot: true,
      replies: { 201: json('The hold.', hold), 200: json('These very seats were held already.', hold) },
      problems: [
        'SEAT_TAKEN',
        'SEAT_UNKNOWN',
        'HOLD_LIMIT',
        'QUANTITY_INVALID',
        'SEAT_DUPLICATE',
        'HOLD_COOLDOWN',
        'HOLD_EXPIRED',
        'SALE_CLOSED',
      ],
      handle: async ({ pass, body: { seatIds }, operationId }) => {
        const taken = granted(await seating.select({ pass, seatIds, ...operationId }))
        return { status: taken.repeated ? 200 : 201, body: holdWire(taken) }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/seats/auto-assign',
      name: 'autoAssignSeats',
      summary: 'Finds the best seats together and holds them',
      auth: 'pass',
      query: passQuery,
      body: autoAssignBody,
      fieldCodes: { quantity: 'QUANTITY_INVALID', accessible: 'QUANTITY_INVALID' },
      hot: true,
      replies: { 201: json('The hold.', assignedHold) },
      problems: ['SEATS_UNAVAILABLE', 'HOLD_LIMIT', 'QUANTITY_INVALID', 'HOLD_COOLDOWN', 'SALE_CLOSED', 'NOT_FOUND'],
      handle: async ({ pass, body, operationId }) => {
        const wanted = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined))
        const taken = granted(await seating.autoAssign({ pass, ...wanted, ...operationId }))
        const { score, explain } = taken.allocation
        const allocation = { ...score, ...(explain && { explain }) }
        return { status: 201, body: { ...holdWire(taken), allocation } }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/seats/holds',
      name: 'listHolds',
      summary: 'The visitor’s holds',
      auth: 'pass',
      query: passQuery,
      replies: { 200: json('The holds.', holds) },
      handle: async ({ pass }) => ok({ items: (await seating.holds({ pass })).map(holdWire), next: null }),
    }),
    defineRoute({
      method: 'DELETE',
      path: '/seats/holds/{holdId}',
      name: 'releaseHold',
      summary: 'Gives the seats back',
      auth: 'pass',
      params: holdParams,
      query: passQuery,
      replies: { 204: empty('The seats are free.') },
      problems: ['PAYMENT_IN_PROGRESS'],
      handle: async ({ pass, params }) => {
        await seating.release({ pass, ...params })
        return { status: 204 }
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/seats/holds/{holdId}/extend',
      name: 'extendHold',
      summary: 'More time, up to the cap',
      auth: 'pass',
      params: holdParams,
      query: passQuery,
      replies: { 200: json('The hold.', hold) },
      problems: ['HOLD_EXPIRED', 'PAYMENT_IN_PROGRESS'],
      handle: async ({ pass, params, operationId }) =>
        ok(holdWire(granted(await seating.extend({ pass, ...params, ...operationId })))),
    }),
  ]
}

/** A refusal is a value in the engine and an error here: problem+json is made in one place. */
function granted<T>(outcome: Outcome<T, { readonly reason: ErrorCode }>): T {
  if (outcome.ok) return outcome.value
  const { ok: _, reason, ...details } = outcome
  const { retryInMs, ...shown } = details as { retryInMs?: number }
  throw new TicketingError(reason, `refused: ${reason}`, {
    details: shown,
    ...(retryInMs !== undefined && { retryInMs }),
  })
}

async function sectionsOf(engine: House['engine'], scheduleId: string) {
  const record = await engine.schedules.get({ scheduleId })
  const [venue, { version, sections: counts }] = await Promise.all([
    engine.schedules.venue({ venueId: record.venueId }),
    engine.seating.sections({ scheduleId }),
  ])
  const known = new Map(venue.sections.map((section) => [section.id, section]))
  return {
    scheduleId,
    version,
    sections: counts.flatMap(({ section: id, capacity, available }) => {
      const section = known.get(id)
      if (section === undefined) return []
      const { label, grade } = section
      return [{ id, label, grade, price: priceOf(record, grade), capacity, available }]
    }),
  }
}

const deltaWire = ({ from, version, changes }: MapDelta) => ({ from, version, changes: changes.map(changeWire) })

/** The packed map of a version as bytes, made once however many ask for it. */
function packedMaps(): (scheduleId: string, map: MapSnapshot) => Buffer {
  const latest = new Map<string, { readonly map: MapSnapshot; readonly bytes: Buffer }>()
  return (scheduleId, map) => {
    const known = latest.get(scheduleId)
    if (known?.map === map || (known && known.map.version === map.version)) return known.bytes
    const entries = map.sections.map(({ section, codes }) => [section, Buffer.from(codes).toString('base64')])
    const wire = { version: map.version, encoding: '2bit-base64', sections: Object.fromEntries(entries) }
    const bytes = Buffer.from(JSON.stringify(wire))
    latest.set(scheduleId, { map, bytes })
    return bytes
  }
}

async function* seatEvents(news: AsyncIterable<MapSnapshot | MapDelta>): AsyncGenerator<ServerEvent> {
  for await (const map of news) {
    const id = String(map.version)
    if (map.is === 'snapshot') yield { event: 'reset', id, data: { version: map.version } }
    else yield { event: 'seats', id, data: deltaWire(map) }
  }
}
