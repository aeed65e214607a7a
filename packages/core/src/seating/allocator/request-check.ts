import { TicketingError } from '../../shared/errors.ts'
import { isId } from '../../shared/ids.ts'
import { type AllocationRequest, togethers } from './allocation.ts'

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
 * What is wrong with a request, if anything: `QUANTITY_INVALID` (with `details.limit`) for a quantity, parts or accessible count
 * that no party can have; `INVALID` for anything else malformed.
 */
export function requestProblem(request: AllocationRequest, limit = largestParty): TicketingError | null {
  if (typeof request !== 'object' || request === null) return invalid('a request is an object')
  return shapeProblem(request) ?? quantityProblem(request, limit)
}

function shapeProblem({ parts = [], together = 'any', channels = [], ...p }: AllocationRequest): TicketingError | null {
  if (!togethers.includes(together)) return invalid(`together must be one of ${togethers.join(', ')}`)
  if (!isList(channels) || !isList(parts)) return invalid('channels and parts must be lists of at most 64')
  if (!parts.every((part) => typeof part === 'object' && part !== null)) return invalid('a part is { grade, quantity }')
  const optional = [p.section, p.preferredSection, p.grade].filter((id) => id !== undefined)
  const ids: readonly unknown[] = [...optional, ...channels, ...parts.map(({ grade }) => grade)]
  return ids.every(isId) ? null : invalid('sections, grades and channels must be ids')
}

const isList = (value: unknown): boolean => Array.isArray(value) && value.length <= 64

function quantityProblem(request: AllocationRequest, limit: number): TicketingError | null {
  const { quantity, parts, accessible = 0 } = request
  const problem = (message: string) => new TicketingError('QUANTITY_INVALID', message, { details: { limit } })
  if (!isQuantity(quantity, limit)) return problem(`quantity must be an integer from 1 to ${limit}`)
  if (!Number.isInteger(accessible) || accessible < 0 || accessible > quantity)
    return problem('accessible must be an integer from 0 to quantity')
  if (parts === undefined) return null
  const quantities = parts.map((part) => part.quantity)
  if (!quantities.every((count) => isQuantity(count, limit)))
    return problem('a part must have an integer quantity from 1')
  if (quantities.reduce((sum, count) => sum + count, 0) !== quantity)
    return problem('quantity must be the sum of its parts')
  const combinations = quantities.reduce((product, count) => product * (count + 1), accessible + 1)
  return combinations > mostCombinations ? problem('these parts are too many at once') : null
}

const invalid = (message: string): TicketingError => new TicketingError('INVALID', message)
