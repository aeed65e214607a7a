import { TicketingError } from '../shared/errors.ts'
import { isId } from '../shared/ids.ts'
import type { Id } from '../shared/types.ts'
import type { Problems } from './problems.ts'

export const idRule = 'must match ^[A-Za-z0-9_-]{1,64}$'

/** Reading of documents that somebody else wrote: each reader answers the value or notes one problem and answers null. */

export type Fields = Readonly<Record<string, unknown>>

export const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.trim() !== '' && value.length <= textLimit

export const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/** A coordinate: finite, and small enough for sums of squares to stay exact to 1/1000. */
export const isCoordinate = (value: unknown): value is number =>
  typeof value === 'number' && Math.abs(value) <= 1_000_000

const textLimit = 200

/** A label may be written as a number. */
const isLabel = (value: unknown): value is string | number => isText(value) || Number.isSafeInteger(value)

/** Where a field is read from, and where what is wrong with it is noted. */
export interface Reading {
  readonly fields: Fields
  readonly path: string
  readonly problems: Problems
}

export const pathTo = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`)

/** Absent (undefined or null) is fine and answers null; so does a wrong value, with a problem. */
export function optional<T>(at: Reading, key: string, is: (value: unknown) => value is T, expected: string): T | null {
  const value = own(at.fields, key)
  if (value === undefined || value === null) return null
  if (is(value)) return value
  at.problems.add(pathTo(at.path, key), `must be ${expected}`)
  return null
}

export const optionalLabel = (at: Reading, key = 'label'): string | null => {
  const label = optional(at, key, isLabel, 'a text or a number')
  return label === null ? null : String(label)
}

export const optionalFlag = (at: Reading, key: string): boolean | null => optional(at, key, isFlag, 'true or false')

export const optionalCount = (at: Reading, key: string): number | null => optional(at, key, isCount, 'an integer ≥ 0')

export const optionalCoordinate = (at: Reading, key: string): number | null =>
  optional(at, key, isCoordinate, 'a finite coordinate')

/** The id under `key`. Without one the document is lost: what is answered then only lets the reading go on. */
export function idIn(at: Reading, key = 'id'): Id {
  const value = own(at.fields, key)
  if (isId(value)) return value
  at.problems.add(pathTo(at.path, key), idRule)
  return '-'
}

/** The list under `key`; absent is empty, everything else is a problem. */
export function listIn({ fields, path, problems }: Reading, key: string): readonly unknown[] {
  const value = own(fields, key)
  if (Array.isArray(value)) return value
  if (value !== undefined && value !== null) problems.add(pathTo(path, key), 'must be a list')
  return []
}

/** The objects of that list; whatever else stands in it is a problem. */
export function objectsIn(at: Reading, key: string): readonly Reading[] {
  return readings(listIn(at, key), pathTo(at.path, key), at.problems)
}

export function readings(list: readonly unknown[], path: string, problems: Problems): readonly Reading[] {
  return list.flatMap((fields, i) => {
    if (isFields(fields)) return { fields, path: `${path}[${i}]`, problems }
    problems.add(`${path}[${i}]`, 'must be an object')
    return []
  })
}

/** Never what an object inherits: `constructor` and `__proto__` are names like others in a document. */
export const own = (fields: Fields, key: string): unknown => (Object.hasOwn(fields, key) ? fields[key] : undefined)

export const isFlag = (value: unknown): value is boolean => typeof value === 'boolean'

/**
 * The parameters of a public call: an object with no fields but these.
 * @throws TicketingError `INVALID`
 */
export function demandFields(p: unknown, allowed: readonly string[]): Fields {
  if (!isFields(p)) throw new TicketingError('INVALID', 'the parameters must be an object')
  const extra = Object.keys(p).find((key) => !allowed.includes(key))
  if (extra !== undefined) throw new TicketingError('INVALID', `${extra.slice(0, 80)} is not a parameter`)
  return p
}
