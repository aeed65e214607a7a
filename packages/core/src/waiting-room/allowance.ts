import type { Ms } from '../shared/types.ts'

/**
 * What the rate still lets in. `stock` is a token bucket; the last 60 s are counted in 61 buckets of one second, so that no
 * rolling minute, however it lies, exceeds the rate. Integers throughout: two stores that follow the rule agree exactly.
 */
export interface Meter {
  /** In 1/60 000 of a visitor: a rate of r a minute adds r per millisecond. */
  readonly stock: number
  readonly at: Ms
  /** Admitted in second `s` at index `s % 61`. */
  readonly buckets: readonly number[]
  /** Sum of `buckets`. */
  readonly recent: number
  /** The newest second in `buckets`. */
  readonly second: number
  /** When counting began. */
  readonly since: Ms
}

export interface RateRule {
  readonly ratePerMinute: number | null
  readonly groupSize: number
}

const unit = 60_000
const seconds = 61

/** The most a stock may hold: a group or a second's worth, never more than a minute's. */
const fullStock = ({ ratePerMinute, groupSize }: RateRule): number =>
  ratePerMinute === null ? 0 : Math.min(ratePerMinute, Math.max(groupSize, Math.ceil(ratePerMinute / 60)))

/** A meter that starts full. `recent`: admissions of the last minute that are known from elsewhere. */
export function newMeter(rule: RateRule, now: Ms, recent = 0): Meter {
  const second = Math.floor(now / 1_000)
  const buckets = Array.from({ length: seconds }, (_, i) => (i === second % seconds ? recent : 0))
  return { stock: fullStock(rule) * unit, at: now, buckets, recent, second, since: now }
}

/** The meter at `now`: stock grown, seconds that ended more than 60 s ago forgotten. A clock that went back changes nothing. */
export function meterAt(meter: Meter, rule: RateRule, now: Ms): Meter {
  const grown = meter.stock + Math.max(0, now - meter.at) * (rule.ratePerMinute ?? 0)
  const stock = Math.min(grown, fullStock(rule) * unit)
  const moved = { ...meter, stock, at: Math.max(meter.at, now) }
  const second = Math.floor(moved.at / 1_000)
  if (second === meter.second) return moved
  const buckets = [...meter.buckets]
  for (let s = Math.max(meter.second, second - seconds) + 1; s <= second; s++) buckets[s % seconds] = 0
  return { ...moved, second, buckets, recent: buckets.reduce((sum, count) => sum + count, 0) }
}

/** How many may be admitted at the meter's instant. */
export const allowance = (meter: Meter, { ratePerMinute }: RateRule): number =>
  ratePerMinute === null
    ? Number.POSITIVE_INFINITY
    : Math.max(0, Math.min(Math.floor(meter.stock / unit), ratePerMinute - meter.recent))

/** The meter after `count` admissions at its instant. */
export function spend(meter: Meter, rule: RateRule, count: number): Meter {
  if (count === 0) return meter
  const at = meter.second % seconds
  const buckets = meter.buckets.with(at, (meter.buckets[at] as number) + count)
  const stock = rule.ratePerMinute === null ? meter.stock : meter.stock - count * unit
  return { ...meter, stock, buckets, recent: meter.recent + count }
}

/** A changed rule is met by a stock that is no larger than it was; coming from an unlimited rate it is full. */
export function retune(meter: Meter, before: RateRule, after: RateRule, now: Ms): Meter {
  const met = meterAt(meter, before, now)
  const full = fullStock(after) * unit
  return { ...met, stock: before.ratePerMinute === null ? full : Math.min(met.stock, full) }
}
