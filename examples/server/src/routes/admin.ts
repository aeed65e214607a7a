import { importSeatsioChart, importVenue, type ScheduleRecord } from '@b-ticketing/core'
import { defineRoute, type Route } from '../http/route.ts'
import { json, ok } from './answers.ts'
import { detailOf } from './catalogue.ts'
import type { House } from './house.ts'
import {
  acceptedId,
  adminIdParams,
  adminSchedule,
  adminScheduleParams,
  adminSchedules,
  audit,
  blockBody,
  deadLetters,
  groups,
  groupsQuery,
  pageQuery,
  reservation,
  reservations,
  saleSettings,
  scheduleBody,
  stateBody,
  stats,
  venueCreated,
  venueDocument,
  venueFormatQuery,
} from './schemas.ts'
import { iso, reservationWire } from './wire.ts'

const by = 'operator'
const venueLimit = 16 * 1024 * 1024

type AdminHouse = Pick<House, 'engine'>

export const adminRoutes = (house: AdminHouse): readonly Route[] => [
  ...venueRoutes(house),
  ...scheduleRoutes(house),
  ...saleRoutes(house),
  ...seatBlockRoutes(house),
  ...afterSaleRoutes(house),
]

/** A schedule as operators see it: the public one and what governs it. */
async function scheduleReply(engine: House['engine'], record: ScheduleRecord) {
  const { settings, epoch, version } = record
  return { ...(await detailOf(engine, record)), settings, epoch, version }
}

/** Optional fields of a parsed body are absent, never undefined. */
const given = <Fields extends object>(fields: Fields) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]: Exclude<Fields[Name], undefined>
  }

const venueRoutes = ({ engine }: AdminHouse): readonly Route[] => [
  defineRoute({
    method: 'POST',
    path: '/admin/venues',
    name: 'createVenue',
    summary: 'Our venue document, or a seats.io chart',
    auth: 'operator',
    query: venueFormatQuery,
    body: venueDocument,
    bodyLimit: venueLimit,
    replies: { 201: json('The venue is there.', venueCreated) },
    problems: ['EXISTS'],
    handle: async ({ query, body }) => {
      const venue = query.format === 'seatsio' ? importSeatsioChart(body) : importVenue(body)
      const { venueId } = await engine.schedules.putVenue({ venue, by })
      return { status: 201, headers: { location: `/venues/${venueId}` }, body: { venueId } }
    },
  }),
]

const scheduleRoutes = ({ engine }: AdminHouse): readonly Route[] => [
  defineRoute({
    method: 'GET',
    path: '/admin/schedules',
    name: 'listAdminSchedules',
    summary: 'Every sale with its settings',
    auth: 'operator',
    query: pageQuery,
    replies: { 200: json('A page of them.', adminSchedules) },
    handle: async ({ query }) => {
      const page = await engine.schedules.list(given(query))
      const items = await Promise.all(page.items.map((record) => scheduleReply(engine, record)))
      return ok({ items, next: page.next })
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/admin/schedules',
    name: 'createSchedule',
    summary: 'A new sale',
    auth: 'operator',
    body: scheduleBody,
    bodyLimit: 256 * 1024,
    replies: { 201: json('The sale.', adminSchedule) },
    problems: ['EXISTS', 'NOT_FOUND'],
    handle: async ({ body: { startsAt, opensAt, settings, ...fields } }) => {
      const record = await engine.schedules.create({
        ...given(fields),
        startsAt: instantOf(startsAt),
        opensAt: instantOf(opensAt),
        ...(settings && { settings: given(settings) }),
        by,
      })
      const { scheduleId } = record
      const headers = { location: `/schedules/${scheduleId}` }
      return { status: 201, headers, body: await scheduleReply(engine, record) }
    },
  }),
]

const instantOf = (text: string | null | undefined): number | null => (text ? Date.parse(text) : null)

const saleRoutes = ({ engine }: AdminHouse): readonly Route[] => [
  defineRoute({
    method: 'POST',
    path: '/admin/schedules/{id}/state',
    name: 'setSaleState',
    summary: 'Opens, pauses, drains or ends the sale',
    auth: 'operator',
    params: adminScheduleParams,
    body: stateBody,
    replies: { 200: json('The sale.', adminSchedule) },
    problems: ['STATE_JUMP', 'VERSION_STALE'],
    handle: async ({ params, body: { state } }) =>
      ok(await scheduleReply(engine, await engine.schedules.setState({ scheduleId: params.id, state, by }))),
  }),
  defineRoute({
    method: 'POST',
    path: '/admin/schedules/{id}/reset',
    name: 'resetLine',
    summary: 'A new epoch: ends numbers, tickets, passes and unpinned holds',
    auth: 'operator',
    params: adminScheduleParams,
    replies: { 200: json('The sale.', adminSchedule) },
    problems: ['VERSION_STALE'],
    handle: async ({ params, operationId }) =>
      ok(await scheduleReply(engine, await engine.schedules.reset({ scheduleId: params.id, by, ...operationId }))),
  }),
  defineRoute({
    method: 'PATCH',
    path: '/admin/schedules/{id}/settings',
    name: 'setSaleSettings',
    summary: 'Any of the settings; null is unlimited',
    auth: 'operator',
    params: adminScheduleParams,
    body: saleSettings,
    replies: { 200: json('The sale.', adminSchedule) },
    problems: ['VERSION_STALE'],
    handle: async ({ params, body }) => {
      const record = await engine.schedules.setSettings({ scheduleId: params.id, settings: given(body), by })
      return ok(await scheduleReply(engine, record))
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/admin/schedules/{id}/queue',
    name: 'listGroups',
    summary: 'Groups in order with their members',
    auth: 'operator',
    params: adminScheduleParams,
    query: groupsQuery,
    replies: { 200: json('A page of groups.', groups) },
    handle: async ({ params, query }) => {
      const page = await engine.waitingRoom.members({ scheduleId: params.id, ...given(query) })
      return ok({ items: grouped(page.items), next: page.next })
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/admin/schedules/{id}/stats',
    name: 'getStats',
    summary: 'Counts that balance',
    auth: 'operator',
    params: adminScheduleParams,
    replies: { 200: json('Line and seats.', stats) },
    handle: async ({ params: { id: scheduleId } }) => {
      const [line, seats] = await Promise.all([
        engine.waitingRoom.stats({ scheduleId }),
        engine.seating.stats({ scheduleId }),
      ])
      return ok({ line, seats })
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/admin/schedules/{id}/reservations',
    name: 'listSaleReservations',
    summary: 'Reservations of the sale',
    auth: 'operator',
    params: adminScheduleParams,
    query: pageQuery,
    replies: { 200: json('A page of them.', reservations) },
    handle: async ({ params, query }) => {
      await engine.schedules.get({ scheduleId: params.id })
      const page = await engine.bookings.list({ scheduleId: params.id, ...given(query) })
      return ok({ items: page.items.map(reservationWire), next: page.next })
    },
  }),
]

function grouped(members: readonly { readonly group: number; readonly number: number; readonly visitor: string }[]) {
  const items: { group: number; members: { number: number; visitor: string }[] }[] = []
  for (const { group, number, visitor } of members) {
    if (items.at(-1)?.group !== group) items.push({ group, members: [] })
    items.at(-1)?.members.push({ number, visitor })
  }
  return items
}

const seatBlockRoutes = ({ engine }: AdminHouse): readonly Route[] =>
  (['block', 'unblock'] as const).map((verb) =>
    defineRoute({
      method: 'POST',
      path: `/admin/schedules/{id}/seats/${verb}`,
      name: `${verb}Seats`,
      summary: verb === 'block' ? 'Takes seats off the sale' : 'Puts seats back on sale',
      auth: 'operator',
      params: adminScheduleParams,
      body: blockBody,
      bodyLimit: 1024 * 1024,
      replies: { 200: json('The sale.', adminSchedule) },
      problems: ['SEAT_OWNED', 'SEAT_UNKNOWN', 'SEAT_DUPLICATE'],
      handle: async ({ params: { id: scheduleId }, body }) => {
        await engine.seating.block({ scheduleId, ...given(body), blocked: verb === 'block', by })
        return ok(await scheduleReply(engine, await engine.schedules.get({ scheduleId })))
      },
    }),
  )

const afterSaleRoutes = ({ engine }: AdminHouse): readonly Route[] => [
  defineRoute({
    method: 'POST',
    path: '/admin/reservations/{id}/refund',
    name: 'refundReservation',
    summary: 'Refund first, then the seats are free',
    auth: 'operator',
    params: adminIdParams,
    replies: { 202: json('The refund is on its way, or done.', reservation) },
    handle: async ({ params }) => ({
      status: 202,
      body: reservationWire(await engine.bookings.cancel({ reservationId: params.id, by })),
    }),
  }),
  defineRoute({
    method: 'POST',
    path: '/admin/reservations/{id}/resend',
    name: 'resendNotice',
    summary: 'The mail once more',
    auth: 'operator',
    params: adminIdParams,
    replies: { 202: json('It is on its way.', acceptedId) },
    handle: async ({ params, operationId }) => {
      await engine.notices.resend({ reservationId: params.id, by, ...operationId })
      return { status: 202, body: { id: params.id } }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/admin/dead-letters',
    name: 'listDeadLetters',
    summary: 'Messages and webhooks that could not be taken in',
    auth: 'operator',
    query: pageQuery,
    replies: { 200: json('A page of them.', deadLetters) },
    handle: async ({ query }) => {
      const page = await engine.deadLetters.list(given(query))
      const items = page.items.map((letter) => ({
        ...letter,
        at: iso(letter.at),
        replayedAt: letter.replayedAt === null ? null : iso(letter.replayedAt),
      }))
      return ok({ items, next: page.next })
    },
  }),
  defineRoute({
    method: 'POST',
    path: '/admin/dead-letters/{id}/replay',
    name: 'replayDeadLetter',
    summary: 'Sends it again',
    auth: 'operator',
    params: adminIdParams,
    replies: { 202: json('It is on its way.', acceptedId) },
    handle: async ({ params }) => {
      await engine.deadLetters.replay({ id: params.id, by })
      return { status: 202, body: { id: params.id } }
    },
  }),
  defineRoute({
    method: 'GET',
    path: '/admin/audit',
    name: 'listAudit',
    summary: 'Who changed what',
    auth: 'operator',
    query: pageQuery,
    replies: { 200: json('A page of the trail.', audit) },
    handle: async ({ query }) => {
      const page = await engine.schedules.audit(given(query))
      return ok({ items: page.items.map((row) => ({ ...row, at: iso(row.at) })), next: page.next })
    },
  }),
]
