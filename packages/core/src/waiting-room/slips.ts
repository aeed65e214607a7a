import { TicketingError } from '../shared/errors.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Tokens } from '../shared/token.ts'
import type { Id } from '../shared/types.ts'
import type { LineView } from './line-copy.ts'
import type { Lines } from './lines.ts'
import { type Pass, verifyPass } from './pass.ts'
import type { QueueStatus } from './queue-status.ts'
import {
  isHalfSpent,
  type Place,
  type QueueTicket,
  type QueueTicketClaims,
  signTicket,
  verifyTicket,
} from './queue-ticket.ts'

/** Tickets and passes as visitors show them. */
export interface Slips {
  /** The claims of a ticket, with the line they are about. @throws `TICKET_INVALID`, `EPOCH_OVER` */
  open(p: { ticket: string; visitor?: Id }): Promise<{ claims: QueueTicketClaims; view: LineView }>
  /** The same ticket, or a new one: past half its life, or because its rank has become a number. */
  renewed(token: string, claims: QueueTicketClaims, status: QueueStatus): QueueTicket
  /** The place that a visitor gives back by its pass or its ticket; null: it showed none. @throws `PASS_REQUIRED`, `TICKET_INVALID` */
  returned(p: { scheduleId: Id; visitor: Id; ticket?: string; pass?: Pass }): { epoch: Id; place: Place } | null
}

export function createSlips(p: { readonly lines: Lines; readonly tokens: Tokens; readonly runtime: Runtime }): Slips {
  const { lines, tokens, runtime } = p
  const open: Slips['open'] = async ({ ticket, visitor }) => {
    const claims = verifyTicket(tokens, ticket, runtime.now())
    if (!claims || (visitor !== undefined && visitor !== claims.visitor)) throw ticketInvalid()
    const ready = lines.ready(claims.scheduleId)
    const view = ready?.record.epoch === claims.epoch ? ready : await lines.inEpoch(claims)
    if (view) return { claims, view }
    throw new TicketingError('EPOCH_OVER', 'the line was reset: join again')
  }

  const renewed: Slips['renewed'] = (token, claims, { number }) => {
    const settled = 'rank' in claims.place && number !== null
    if (!settled && !isHalfSpent(claims, runtime.now())) return token as QueueTicket
    return signTicket(tokens, { ...claims, place: number === null ? claims.place : { number } }, runtime.now())
  }

  const returned: Slips['returned'] = ({ scheduleId, visitor, ticket, pass: shown }) => {
    if (shown !== undefined) {
      const pass = verifyPass(tokens, shown?.token)
      if (pass?.scheduleId !== scheduleId || pass.visitor !== visitor)
        throw new TicketingError('PASS_REQUIRED', 'this is not a pass of this visitor')
      return { epoch: pass.epoch, place: { number: pass.number } }
    }
    if (ticket === undefined) return null
    const claims = verifyTicket(tokens, ticket, runtime.now())
    if (claims?.scheduleId !== scheduleId || claims.visitor !== visitor) throw ticketInvalid()
    return claims
  }

  return { open, renewed, returned }
}

const ticketInvalid = (): TicketingError => new TicketingError('TICKET_INVALID', 'this is not a valid queue ticket')
