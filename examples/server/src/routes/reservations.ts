import { defineRoute, type Route } from '../http/route.ts'
import { json, ok } from './answers.ts'
import type { House } from './house.ts'
import { pageQuery, reservation, reservationParams, reservations } from './schemas.ts'
import { reservationWire } from './wire.ts'

export function reservationRoutes({ engine: { bookings } }: Pick<House, 'engine'>): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/reservations',
      name: 'listReservations',
      summary: 'The visitor’s reservations',
      auth: 'session',
      query: pageQuery,
      replies: { 200: json('A page of them.', reservations) },
      handle: async ({ visitor, query: { after } }) => {
        const page = await bookings.list(after === undefined ? { visitor } : { visitor, after })
        return ok({ items: page.items.map(reservationWire), next: page.next })
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/reservations/{reservationId}',
      name: 'getReservation',
      summary: 'One reservation',
      auth: 'session',
      params: reservationParams,
      replies: { 200: json('The reservation.', reservation) },
      handle: async ({ params, visitor }) => ok(reservationWire(await bookings.get({ ...params, visitor }))),
    }),
    defineRoute({
      method: 'POST',
      path: '/reservations/{reservationId}/cancel',
      name: 'cancelReservation',
      summary: 'Refund first; the seats are free once it is done',
      auth: 'session',
      params: reservationParams,
      idempotency: 'record',
      replies: { 202: json('The refund is on its way, or done.', reservation) },
      handle: async ({ params, visitor }) => ({
        status: 202,
        body: reservationWire(await bookings.cancel({ ...params, visitor })),
      }),
    }),
  ]
}
