import type { Brand } from '../shared/brand.ts'
import type { Tokens } from '../shared/token.ts'
import type { Id, Ms } from '../shared/types.ts'

/** The visitor's place, signed: everything a poll needs besides the line's shared document. */
export type QueueTicket = Brand<string, 'QueueTicket'>

/** An issued number, or the pre-queue rank of a sale that has not opened. */
export type Place = { readonly number: number } | { readonly rank: number }

export interface QueueTicketClaims {
  readonly scheduleId: Id
  readonly epoch: Id
  readonly place: Place
  readonly visitor: Id
  readonly issuedAt: Ms
  readonly expiresAt: Ms
}

export const ticketTtlMs: Ms = 24 * 3_600_000

export function signTicket(
  tokens: Tokens,
  claims: Omit<QueueTicketClaims, 'issuedAt' | 'expiresAt'>,
  now: Ms,
): QueueTicket {
  const { scheduleId, epoch, place, visitor } = claims
  const fields = [scheduleId, epoch, 'number' in place ? `n${place.number}` : `r${place.rank}`, visitor, String(now)]
  return tokens.sign({ audience: 'ticket', fields, expiresAt: now + ticketTtlMs }) as QueueTicket
}

/** Null for anything but a ticket of ours that is still valid. */
export function verifyTicket(tokens: Tokens, token: unknown, now: Ms): QueueTicketClaims | null {
  const verified = tokens.verify({ audience: 'ticket', token, fields: 5 })
  if (!verified || now >= verified.expiresAt) return null
  const [scheduleId, epoch, place, visitor, issuedAt] = verified.fields as [Id, Id, string, Id, string]
  const at = Number(place.slice(1))
  return {
    scheduleId,
    epoch,
    visitor,
    place: place.startsWith('n') ? { number: at } : { rank: at },
    issuedAt: Number(issuedAt),
    expiresAt: verified.expiresAt,
  }
}

/** Past half its life a poll signs the ticket anew. */
export const isHalfSpent = (claims: QueueTicketClaims, now: Ms): boolean =>
  now - claims.issuedAt >= (claims.expiresAt - claims.issuedAt) / 2
