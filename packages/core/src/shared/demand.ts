import { TicketingError } from './errors.ts'

/** @throws TicketingError `INVALID` when the value is not an integer between `min` (1) and `max`. */
export function demandCount(
  value: unknown,
  name: string,
  range: { readonly min?: number; readonly max?: number } = {},
): number {
  const { min = 1, max = Number.MAX_SAFE_INTEGER } = range
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
  throw new TicketingError('INVALID', `${name} must be an integer from ${min} to ${max}`)
}

/** @throws TicketingError `INVALID` when the value is neither an AbortSignal nor absent. */
export function demandSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined || value instanceof AbortSignal) return value
  throw new TicketingError('INVALID', 'signal must be an AbortSignal')
}
