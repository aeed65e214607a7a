import { TicketingError } from '../../shared/errors.ts'
import { isId } from '../../shared/ids.ts'
import type { AllocationRequest } from './allocation.ts'

/** No party is larger, whatever a sale's own limit. */
const largestParty = 500

/** Combinations of parts the allocator is willing to look at. */
const mostCombinations = 20_000

const isQuantity = (value: unknown, limit = largestParty): value is number =>
  Number.isInteger(value) && (value as number) >= 1 && (value as number) <= Math.min(limit, largestParty)

/** A request that names no more than a quantity and how far to go, and both are right: nothing else needs a look. */
export const isCommon = (request: AllocationRequest): boolean =>
  isQuantity(request?.quantity) &&
  (request.together === undefined || request.together === 'any' || request.together === 'adjacent') &&
  request.parts === undefined &&
  request.section === undefined &&
  request.preferredSection === undefined &&
  request.grade === undefined &&
  request.accessible === undefined &&
  request.channels === undefined

/**
 * @throws TicketingError `QUANTITY_INVALID` (with `details.limit`) for a quantity, parts or accessible count that no party
 * can have; `INVALID` for anything else malformed.
 */
export function checkRequest(request: AllocationRequest, limit = largestParty): void {
  if (typeof request !== 'object' || request === null) throw new TicketingError('INVALID', 'a request is an object')
  const { quantity, parts, accessible = 0, together = 'any' } = request
  if (!isQuantity(quantity, limit)) throw quantityInvalid(`quantity must be an integer from 1 to ${limit}`, limit)
  if (!Number.isInteger(accessible) || accessible < 0 || accessible > quantity)
    throw quantityInvalid('accessible must be an integer from 0 to quantity', limit)
  if (parts !== undefined) checkParts(request, limit)
  if (together !== 'any' && together !== 'row' && together !== 'adjacent')
    throw new TicketingError('INVALID', 'together must be adjacent, row or any')
  for (const id of [request.section, request.preferredSection, request.grade, ...channelsOf(request)])
    if (id !== undefined && !isId(id)) throw new TicketingError('INVALID', 'section, grade and channels must be ids')
}

function channelsOf({ channels }: AllocationRequest): readonly unknown[] {
  if (channels === undefined) return []
  if (Array.isArray(channels) && channels.length <= 64) return channels
  throw new TicketingError('INVALID', 'channels must be a list of at most 64 ids')
}

function checkParts({ parts, quantity, accessible = 0 }: AllocationRequest, limit: number): void {
  if (!Array.isArray(parts)) throw new TicketingError('INVALID', 'parts must be a list')
  let sum = 0
  let combinations = accessible + 1
  for (const part of parts) {
    if (typeof part !== 'object' || part === null || !isId(part.grade))
      throw new TicketingError('INVALID', 'a part is { grade, quantity }')
    if (!isQuantity(part.quantity, limit)) throw quantityInvalid('a part must have an integer quantity from 1', limit)
    sum += part.quantity
    combinations *= part.quantity + 1
  }
  if (sum !== quantity) throw quantityInvalid('quantity must be the sum of its parts', limit)
  if (combinations > mostCombinations) throw quantityInvalid('these parts are too many at once', limit)
}

const quantityInvalid = (message: string, limit: number): TicketingError =>
  new TicketingError('QUANTITY_INVALID', message, { details: { limit } })
