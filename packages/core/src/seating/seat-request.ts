import { isCount } from '../catalogue/document.ts'
import type { SeatMap } from '../catalogue/seat-map.ts'
import { TicketingError } from '../shared/errors.ts'
import { demandId, isId } from '../shared/ids.ts'
import type { Id } from '../shared/types.ts'
import type { Pass } from '../waiting-room/pass.ts'
import type { AllocationRequest, Together } from './allocator/allocation.ts'
import { requestProblem } from './allocator/request-check.ts'

/** What a visitor may ask of automatic assignment. */
export interface AutoAssignRequest {
  readonly quantity?: number
  readonly parts?: readonly { readonly grade: Id; readonly quantity: number }[]
  readonly section?: Id
  readonly preferredSection?: Id
  readonly grade?: Id
  readonly accessible?: number
  readonly together?: Together
  readonly channels?: readonly Id[]
}

const invalid = (message: string): TicketingError => new TicketingError('INVALID', message)

/** @throws `PASS_REQUIRED` when it cannot be a pass. */
export function demandPass(pass: Pass): void {
  const claims: unknown = pass
  if (typeof claims === 'object' && claims !== null && isId(pass.scheduleId) && isId(pass.visitor)) return
  throw new TicketingError('PASS_REQUIRED', 'a pass is needed')
}

/** @throws `INVALID` */
export function demandIds(value: unknown, name: string, most: number): readonly Id[] {
  if (!Array.isArray(value)) throw invalid(`${name} must be a list of ids`)
  if (value.length > most) throw invalid(`${name} must name at most ${most}`)
  return value.map((id) => demandId(id, name))
}

/** Ids that come a second time. */
export const duplicates = (ids: readonly Id[]): readonly Id[] =>
  [...new Set(ids)].length === ids.length ? [] : [...new Set(ids.filter((id, i) => ids.indexOf(id) !== i))]

/**
 * The request as the allocator takes it; null when a number of seats is not one, over the limit, or does not add up.
 * @throws `INVALID`, `NOT_FOUND` for sections and grades the venue does not have.
 */
export function allocationRequest(p: AutoAssignRequest, seatMap: SeatMap, limit: number): AllocationRequest | null {
  const { parts, together, section, preferredSection, grade, accessible, channels } = p
  const request: AllocationRequest = {
    quantity: p.quantity ?? sumOf(parts),
    ...(parts !== undefined && { parts }),
    ...(together !== undefined && { together }),
    ...(section !== undefined && { section }),
    ...(preferredSection !== undefined && { preferredSection }),
    ...(grade !== undefined && { grade }),
    ...(accessible !== undefined && accessible !== 0 && { accessible }),
    ...(channels !== undefined && { channels }),
  }
  const problem = requestProblem(request, limit)
  if (problem?.code === 'QUANTITY_INVALID') return null
  if (problem) throw problem
  demandKnown(request, seatMap)
  return request
}

/** Of whatever stands there; what is no list of parts is no number of seats. */
const sumOf = (parts: unknown): number =>
  Array.isArray(parts)
    ? parts.reduce((sum, part) => sum + (isCount(part?.quantity) ? part.quantity : Number.NaN), 0)
    : 0

function demandKnown({ section, preferredSection, grade, parts = [] }: AllocationRequest, seatMap: SeatMap): void {
  for (const id of [section, preferredSection])
    if (id !== undefined && !seatMap.section(id)) throw new TicketingError('NOT_FOUND', `there is no section ${id}`)
  for (const id of [grade, ...parts.map((part) => part.grade)])
    if (id !== undefined && !seatMap.venue.grades.some((known) => known.id === id))
      throw new TicketingError('NOT_FOUND', `there is no grade ${id}`)
}
