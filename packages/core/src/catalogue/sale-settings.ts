import { isCount, isFields, own } from './document.ts'
import { createProblems, type Problems, refuse } from './problems.ts'
import { defaultSettings, type SaleSettings } from './schedule.ts'

interface Range {
  readonly min: number
  readonly max: number
  /** Null is a value: unlimited. */
  readonly orNull?: true
}

const day = 86_400

const ranges: Readonly<Record<Exclude<keyof SaleSettings, 'policy' | 'beacon'>, Range>> = {
  groupSize: { min: 1, max: 10_000 },
  ratePerMinute: { min: 0, max: 10_000_000, orNull: true },
  capacity: { min: 0, max: 10_000_000, orNull: true },
  passTtlSeconds: { min: 1, max: day },
  holdTtlSeconds: { min: 1, max: day },
  maxSeatsPerVisitor: { min: 1, max: 1_000 },
  claimWindowSeconds: { min: 1, max: day },
  graceSeconds: { min: 0, max: day },
  partialGroupSeconds: { min: 0, max: day },
}

/**
 * `base` with the settings that `patch` names. Numbers are integers within their bounds; null is unlimited for
 * `ratePerMinute` and `capacity`, and no `beacon`.
 * @throws TicketingError `INVALID` with `details.problems`, also for a setting that does not exist.
 */
export function mergeSettings(base: SaleSettings, patch: unknown): SaleSettings {
  if (!isFields(patch)) refuse('the settings', ['they must be an object'])
  const problems = createProblems()
  const named = Object.entries(patch as object).filter(([, value]) => value !== undefined)
  for (const [key, value] of named) checkSetting(key, value, problems)
  refuse('the settings', problems.list())
  return { ...base, ...Object.fromEntries(named) }
}

function checkSetting(key: string, value: unknown, problems: Problems): void {
  if (!Object.hasOwn(defaultSettings, key)) return problems.add(key.slice(0, 80), 'is not a setting')
  if (key === 'policy') {
    if (value !== 'fifo' && value !== 'draw') problems.add(key, 'must be fifo or draw')
  } else if (key === 'beacon') {
    if (value !== null && !isBeacon(value)) problems.add(key, 'must be a text of 1 to 256 characters or null')
  } else {
    const range = own(ranges, key) as Range
    if (value === null && range.orNull) return
    if (!isCount(value) || value < range.min || value > range.max)
      problems.add(key, `must be an integer from ${range.min} to ${range.max}${range.orNull ? ' or null' : ''}`)
  }
}

const isBeacon = (value: unknown): boolean => typeof value === 'string' && value.length >= 1 && value.length <= 256
