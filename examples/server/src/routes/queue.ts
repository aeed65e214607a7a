import { isTicketingError, type QueueStatus } from '@b-ticketing/core'
import { formatCookie, passCookie, ticketCookie } from '../http/cookies.ts'
import { bearerOf } from '../http/credentials.ts'
import { type Call, defineRoute, type Route, type ServerEvent } from '../http/route.ts'
import { HttpProblem } from '../problem.ts'
import { empty, json, media } from './answers.ts'
import type { House } from './house.ts'
import { joinBody, queueStatus, scheduleQuery } from './schemas.ts'
import { queueStatusWire } from './wire.ts'

const ticketSeconds = 24 * 3_600
/** A pass cookie outlives its pass a little, so that the answer is "expired" and not "none". */
const keptSeconds = 3_600

type QueueHouse = Pick<House, 'engine' | 'production' | 'now'>

export function queueRoutes(house: QueueHouse): readonly Route[] {
  const { engine } = house
  return [
    defineRoute({
      method: 'POST',
      path: '/queue',
      name: 'joinQueue',
      summary: 'A place in the line, the same one on every repeat',
      auth: 'session',
      body: joinBody,
      hot: true,
      countsAsJoin: true,
      replies: { 201: json('A new place.', queueStatus), 200: json('The place you have.', queueStatus) },
      problems: ['NOT_FOUND', 'SALE_CLOSED'],
      handle: async (call) => {
        const { scheduleId } = call.body
        const { visitor, operationId } = call
        const old = bearerOf(call) ?? call.cookies.get(ticketCookie(scheduleId))
        const place = { scheduleId, visitor, ...operationId }
        const { created, ticket, status } = await engine.waitingRoom.join(old ? { ...place, ticket: old } : place)
        return {
          status: created ? 201 : 200,
          cookies: [ticketOf(house, scheduleId, ticket), ...passOf(house, status)],
          body: { ...queueStatusWire(status), queueTicket: ticket },
        }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/queue/status',
      name: 'getQueueStatus',
      summary: 'Where the visitor stands; once admitted, the pass',
      auth: 'ticket',
      query: scheduleQuery,
      hot: true,
      replies: { 200: json('The place. `queueTicket` when it was signed anew.', queueStatus) },
      problems: ['EPOCH_OVER', 'POLL_TOO_EARLY'],
      handle: async ({ ticket: given, visitor, query }) => {
        const { ticket, ...status } = await engine.waitingRoom.status({ ticket: given, visitor, polite: true })
        demandSale(status, query.scheduleId)
        const renewed = ticket !== given
        return {
          status: 200,
          cookies: [...(renewed ? [ticketOf(house, query.scheduleId, ticket)] : []), ...passOf(house, status)],
          body: { ...queueStatusWire(status), ...(renewed && { queueTicket: ticket }) },
        }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/queue',
      name: 'leaveQueue',
      summary: 'Gives the place, or the pass with its slot, back',
      auth: 'guest',
      query: scheduleQuery,
      replies: { 204: empty('The place is given up, now or before.') },
      problems: ['NOT_FOUND', 'TICKET_INVALID'],
      handle: async (call) => {
        const { scheduleId } = call.query
        if (call.visitor !== null) await leave(house, call, call.visitor, scheduleId)
        const gone = { value: '', maxAgeSeconds: 0, secure: house.production }
        const names = [ticketCookie(scheduleId), passCookie(scheduleId)]
        return { status: 204, cookies: names.map((name) => formatCookie({ name, ...gone })) }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/queue/events',
      name: 'watchQueue',
      summary: 'The place as it changes, until admitted',
      auth: 'ticket',
      query: scheduleQuery,
      replies: { 200: media('`status` events with the body of `/queue/status`.', 'text/event-stream') },
      problems: ['EPOCH_OVER'],
      handle: async ({ ticket, visitor, query, headers }) => {
        const { ticket: _, ...now } = await engine.waitingRoom.status({ ticket, visitor })
        demandSale(now, query.scheduleId)
        const known = headers['last-event-id']
        return { status: 200, events: (signal) => statusEvents(house, { ticket, visitor, now, known, signal }) }
      },
    }),
  ]
}

const ticketOf = (house: QueueHouse, scheduleId: string, value: string): string =>
  formatCookie({ name: ticketCookie(scheduleId), value, maxAgeSeconds: ticketSeconds, secure: house.production })

function passOf(house: QueueHouse, status: QueueStatus): readonly string[] {
  if (status.state !== 'admitted') return []
  const { token: value, expiresAt, scheduleId } = status.pass
  const maxAgeSeconds = (expiresAt - house.now()) / 1_000 + keptSeconds
  return [formatCookie({ name: passCookie(scheduleId), value, maxAgeSeconds, secure: house.production })]
}

function demandSale(status: QueueStatus, scheduleId: string): void {
  if (status.scheduleId !== scheduleId) throw new HttpProblem('TICKET_INVALID', 'this ticket is for another sale')
}

/** Whoever is not in the line any more has left already; only a Bearer that is nobody's is refused. */
async function leave(house: QueueHouse, call: Call, visitor: string, scheduleId: string): Promise<void> {
  const bearer = bearerOf(call)
  const ticket = bearer ?? call.cookies.get(ticketCookie(scheduleId))
  const pass = await passIn(house, bearer ?? call.cookies.get(passCookie(scheduleId)), visitor)
  const slip = pass === 'none' ? ticket && { ticket } : pass !== 'over' && pass.scheduleId === scheduleId && { pass }
  try {
    await house.engine.leave({ scheduleId, visitor, ...(slip || {}) })
  } catch (error) {
    const stale = isTicketingError(error) && (error.code === 'EPOCH_OVER' || error.code === 'TICKET_INVALID')
    if (!stale || (bearer !== null && error.code === 'TICKET_INVALID')) throw error
  }
}

/** A Bearer may be a ticket or a pass: `none` is no pass of this visitor, `over` one that has ended. */
async function passIn(house: QueueHouse, token: string | undefined, visitor: string) {
  if (!token) return 'none'
  try {
    return await house.engine.waitingRoom.verifyPass({ token, visitor })
  } catch (error) {
    if (isTicketingError(error) && error.code === 'PASS_REQUIRED') return 'none'
    if (isTicketingError(error) && error.code === 'PASS_EXPIRED') return 'over'
    throw error
  }
}

async function* statusEvents(
  house: QueueHouse,
  p: { ticket: string; visitor: string; now: QueueStatus; known: string | string[] | undefined; signal: AbortSignal },
): AsyncGenerator<ServerEvent> {
  const { ticket, visitor, signal } = p
  if (String(p.now.documentVersion) !== p.known || p.now.state === 'admitted') yield statusEvent(p.now)
  if (isFinal(p.now)) return
  let last = p.now
  for await (const status of house.engine.waitingRoom.watch({ ticket, visitor, signal })) {
    if (status.documentVersion === last.documentVersion && status.state === last.state) continue
    last = status
    yield statusEvent(status)
    if (isFinal(status)) return
  }
}

const isFinal = ({ state }: QueueStatus): boolean =>
  state === 'admitted' || state === 'left' || state === 'expired' || state === 'ended'

const statusEvent = (status: QueueStatus): ServerEvent => ({
  event: 'status',
  id: String(status.documentVersion),
  data: queueStatusWire(status),
})
