import { base64url, hmacSha256, sha256Hex } from '../shared/crypto.ts'
import { demandCount } from '../shared/demand.ts'
import { TicketingError } from '../shared/errors.ts'
import { demandId } from '../shared/ids.ts'
import type { Money } from '../shared/money.ts'
import type { Id, Version } from '../shared/types.ts'
import type { Buyer } from './booking.ts'

/** A payment request, checked: what its idempotency key is compared by. */
export interface RequestForm {
  readonly holdId: Id
  /** Of the hold the caller shows: a stale one pays nothing. Absent: only its id came over a wire. */
  readonly version: Version | undefined
  readonly amount: Partial<Money>
  readonly buyer: Buyer
  readonly paymentToken: string
  readonly idempotencyKey: string
  readonly fingerprint: string
}

const invalid = (message: string): TicketingError => new TicketingError('INVALID', message)

function demandText(value: unknown, name: string, most: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  const printable = typeof value === 'string' && !/[\u0000-\u001f\u007f\u2028\u2029]/.test(value)
  if (printable && value.length > 0 && value.length <= most) return value
  throw invalid(`${name} must be a text of 1 to ${most} characters without control characters`)
}

function demandBuyer(value: unknown): Buyer {
  if (typeof value !== 'object' || value === null) throw invalid('buyer must be an object')
  const { email, name, locale } = value as Record<string, unknown>
  const address = demandText(email, 'buyer.email', 254)
  if (!/^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/.test(address)) throw invalid('buyer.email must be an address')
  if (locale !== undefined && locale !== 'ko' && locale !== 'en') throw invalid('buyer.locale must be ko or en')
  return {
    email: address,
    ...(name !== undefined && { name: demandText(name, 'buyer.name', 100) }),
    ...(locale !== undefined && { locale }),
  }
}

function demandAmount(value: unknown): Partial<Money> {
  if (value === undefined) return {}
  const money: unknown = typeof value === 'number' ? { value } : value
  if (typeof money !== 'object' || money === null) throw invalid('amount must be a number or money')
  const { value: units, currency } = money as Record<string, unknown>
  if (!Number.isSafeInteger(units) || (units as number) < 0) throw invalid('amount must be an integer from 0')
  if (typeof value === 'number') return { value }
  return { value: units as number, currency: demandText(currency, 'amount.currency', 3) }
}

function demandKey(value: unknown): string {
  if (value === undefined || value === null || value === '') {
    throw new TicketingError('IDEMPOTENCY_KEY_REQUIRED', 'a payment needs an idempotency key')
  }
  return demandText(value, 'idempotencyKey', 255)
}

/** @throws TicketingError `INVALID`, `IDEMPOTENCY_KEY_REQUIRED`. */
export function readForm(p: Readonly<Record<string, unknown>>): RequestForm {
  const idempotencyKey = demandKey(p.idempotencyKey)
  const hold = p.hold as Readonly<Record<string, unknown>> | null | undefined
  if (typeof hold !== 'object' || hold === null) throw invalid('hold must be a hold or { holdId }')
  const holdId = demandId(hold.holdId, 'hold.holdId')
  const version = hold.version === undefined ? undefined : demandCount(hold.version, 'hold.version')
  const amount = demandAmount(p.amount)
  const buyer = demandBuyer(p.buyer)
  const paymentToken = demandText(p.paymentToken, 'paymentToken', 255)
  // Not the language: that of the page, which a buyer may change between two tries, is no part of what is asked for.
  const body = [holdId, amount.value, amount.currency, buyer.email, buyer.name, paymentToken]
  const fingerprint = sha256Hex(JSON.stringify(body.map((field) => field ?? null)))
  return { holdId, version, amount, buyer, paymentToken, idempotencyKey, fingerprint }
}

export interface RequestIds {
  readonly requestId: Id
  readonly reservationId: Id
}

/**
 * The same request of the same visitor has the same ids in every process and on every try, which makes pinning repeatable;
 * keyed, so that nobody can tell them beforehand. 128 bits each.
 */
export function idsOf(
  secret: string,
  p: { readonly visitor: Id; readonly idempotencyKey: string; readonly fingerprint: string },
): RequestIds {
  const id = (kind: string): Id =>
    base64url(hmacSha256(secret, JSON.stringify([kind, p.visitor, p.idempotencyKey, p.fingerprint])).subarray(0, 16))
  return { requestId: id('payment'), reservationId: id('reservation') }
}
