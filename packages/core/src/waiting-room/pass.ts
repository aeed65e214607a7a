import type { Brand } from '../shared/brand.ts'
import type { Tokens } from '../shared/token.ts'
import type { Id, Ms } from '../shared/types.ts'

/** The key to seats and payment. Made only by admission, or by verifying its signature. */
export type Pass = Brand<PassClaims & { readonly token: string }, 'Pass'>

export interface PassClaims {
  readonly scheduleId: Id
  readonly epoch: Id
  readonly number: number
  readonly visitor: Id
  readonly expiresAt: Ms
}

/**
 * The door between the waiting room and the rooms behind it: writing routes pass it, batched to one command per turn. It refuses
 * numbers known as left, done or expired and other epochs; an unknown number is accepted by its signature and registered again.
 */
export interface PassGate {
  /** @throws TicketingError `PASS_EXPIRED` (also left, done, old epoch), `BUSY` when the line's store cannot answer. */
  demand(p: { readonly pass: Pass }): Promise<void>
  /** Reads: the signature, the epoch and the clock only; costs no store but for an epoch new to this process. @throws `PASS_EXPIRED`. */
  glance(p: { readonly pass: Pass }): Promise<void>
}

/** The same claims always sign to the same pass: however often a place is claimed, it is one. */
export function signPass(tokens: Tokens, claims: PassClaims): Pass {
  const { scheduleId, epoch, number, visitor, expiresAt } = claims
  const fields = [scheduleId, epoch, String(number), visitor]
  const token = tokens.sign({ audience: 'pass', fields, expiresAt })
  return Object.freeze({ scheduleId, epoch, number, visitor, expiresAt, token }) as Pass
}

/** Null for anything but a pass of ours. Whether it has expired is for the caller to judge. */
export function verifyPass(tokens: Tokens, token: unknown): Pass | null {
  const verified = tokens.verify({ audience: 'pass', token, fields: 4 })
  if (!verified) return null
  const [scheduleId, epoch, number, visitor] = verified.fields as [Id, Id, string, Id]
  const claims = { scheduleId, epoch, number: Number(number), visitor, expiresAt: verified.expiresAt }
  return Object.freeze({ ...claims, token: token as string }) as Pass
}
