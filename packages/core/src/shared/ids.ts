import { base64url } from './crypto.ts'
import { TicketingError } from './errors.ts'
import type { Runtime } from './runtime.ts'
import type { Id } from './types.ts'

const pattern = /^[A-Za-z0-9_-]{1,64}$/

export const isId = (value: unknown): value is Id => typeof value === 'string' && pattern.test(value)

/** @throws TicketingError `INVALID` when the value is not an id. */
export function demandId(value: unknown, name: string): Id {
  if (isId(value)) return value
  throw new TicketingError('INVALID', `${name} must match ${pattern.source}`)
}

/** A random id of 128 bits, 22 characters of base64url. */
export const newId = (runtime: Pick<Runtime, 'random'>): Id => base64url(runtime.random(16))
