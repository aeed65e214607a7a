import type { ScheduleRecord } from '@b-ticketing/core'
import { scheduleId } from '../sale.ts'
import type { TracedRecord } from '../traced-record.ts'

/** What the record allowed lately: a line learns of a change up to a second later. */
export interface SettingsWatch {
  /** To be called after every step. */
  look(): void
  /** The highest capacity in force within the last `ms`; infinite when there was none. */
  capacity(ms: number): number
  /** The highest rate a minute within the last minute. */
  rate(): number
}

const lagMs = 2_000

export function createSettingsWatch(p: { readonly record: TracedRecord; readonly now: () => number }): SettingsWatch {
  const rows = p.record.rows<ScheduleRecord>('schedule')
  const seen: { readonly at: number; readonly capacity: number; readonly rate: number }[] = []
  let last: ScheduleRecord | undefined

  /** A setting counts from its change to `ms` after the next one. */
  const highest = (of: 'capacity' | 'rate', ms: number): number =>
    Math.max(
      0,
      ...seen.filter((_, i) => (seen[i + 1]?.at ?? Number.POSITIVE_INFINITY) >= p.now() - ms).map((row) => row[of]),
    )

  return {
    look: () => {
      const record = rows.get(scheduleId)
      if (!record || record === last) return
      last = record
      const { capacity, ratePerMinute } = record.settings
      seen.push({
        at: p.now(),
        capacity: capacity ?? Number.POSITIVE_INFINITY,
        rate: ratePerMinute ?? Number.POSITIVE_INFINITY,
      })
    },
    capacity: (ms) => highest('capacity', ms + lagMs),
    rate: () => highest('rate', 60_000 + lagMs),
  }
}
