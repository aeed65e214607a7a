import type { AuditNote } from '../shared/audit.ts'
import type { SaleChange, SaleDraw, Schedule, ScheduleRecord } from './schedule.ts'
import { type Venue, venueCapacity } from './venue.ts'

/** What an audit row says of an act, beside who, when and on what. */
export type AuditEntry = Pick<AuditNote, 'action' | 'detail'>

/** The record as it starts. */
export const firstRecord = (schedule: Schedule, start: Pick<ScheduleRecord, 'epoch' | 'draw'>): ScheduleRecord => ({
  ...schedule,
  version: 1,
  epoch: start.epoch,
  ceiling: 0,
  incarnation: 1,
  draw: start.draw,
})

/** The record after a change: one version further, absent fields as they were. */
export function applyChange(record: ScheduleRecord, set: SaleChange): ScheduleRecord {
  const { settings, ...fields } = set
  return {
    ...record,
    ...fields,
    settings: settings ? { ...record.settings, ...settings } : record.settings,
    version: record.version + 1,
  }
}

/** Null: nothing to audit (a raised ceiling). Secrets stay out: a draw shows its commitment and what the opening fixed. */
export function changeAudit(before: ScheduleRecord, set: SaleChange, action?: string): AuditEntry | null {
  const { ceiling: _, draw, ...shown } = set
  const detail = { ...shown, ...(draw && { draw: disclosed(draw) }) }
  const names = Object.keys(detail)
  if (names.length === 0) return null
  return { action: action ?? names.join(','), detail: set.state ? { from: before.state, ...detail } : detail }
}

const disclosed = ({ secret: _, ...draw }: SaleDraw): Omit<SaleDraw, 'secret'> => draw

export const venueAudit = (venue: Venue): AuditEntry => ({
  action: 'venue-created',
  detail: { name: venue.name, capacity: venueCapacity(venue) },
})

export const scheduleAudit = (schedule: Schedule): AuditEntry => ({
  action: 'schedule-created',
  detail: { venueId: schedule.venueId, state: schedule.state, settings: schedule.settings, prices: schedule.prices },
})
