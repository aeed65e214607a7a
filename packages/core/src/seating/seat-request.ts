import type { SeatMap } from '../catalogue/seat-map.ts'
import { TicketingError } from '../shared/errors.ts'
import { demandId, isId } from '../shared/ids.ts'
import type { Id } from '../shared/types.ts'
import type { Pass } from '../waiting-room/pass.ts'
import type { AllocationRequest, Together } from './allocator/allocation.ts'

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

const isPositive = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0

/**
 * The request as the allocator takes it; null when a number of seats is not one, over the limit, or does not add up.
 * @throws `INVALID`, `NOT_FOUND` for sections and grades the venue does not have.
 */
export function allocationRequest(p: AutoAssignRequest, seatMap: SeatMap, limit: number): AllocationRequest | null {
  demandShape(p, seatMap)
  const sum = p.parts?.reduce((total, part) => total + (isPositive(part.quantity) ? part.quantity : Number.NaN), 0)
  const quantity = p.quantity ?? sum
  const accessible = p.accessible ?? 0
  if (!isPositive(quantity) || quantity > limit || (sum !== undefined && sum !== quantity)) return null
  if (!Number.isSafeInteger(accessible) || accessible < 0 || accessible > quantity) return null
  const { parts, section, preferredSection, grade, together, channels } = p
  return {
    quantity,
    ...(parts && { parts }),
    ...(together && { together }),
    ...(section && { section }),
    ...(preferredSection && { preferredSection }),
    ...(grade && { grade }),
    ...(accessible > 0 && { accessible }),
    ...(channels && { channels }),
  }
}

function demandShape(p: AutoAssignRequest, seatMap: SeatMap): void {
  const { together } = p
  if (together !== undefined && !['adjacent', 'row', 'any'].includes(together))
    throw invalid('together must be adjacent, row or any')
  if (p.channels !== undefined) demandIds(p.channels, 'channels', 64)
  if (p.parts !== undefined && (!Array.isArray(p.parts) || p.parts.length === 0 || p.parts.length > 64))
    throw invalid('parts must be a list of { grade, quantity }')
  for (const section of [p.section, p.preferredSection]) {
    if (section !== undefined && !seatMap.section(demandId(section, 'section')))
      throw new TicketingError('NOT_FOUND', `there is no section ${section}`)
  }
  for (const part of [...(p.parts ?? []), ...(p.grade === undefined ? [] : [{ grade: p.grade }])]) {
    const grade: unknown = part?.grade
    if (!seatMap.venue.grades.some(({ id }) => id === demandId(grade, 'grade')))
      throw new TicketingError('NOT_FOUND', `there is no grade ${grade}`)
  }
}
