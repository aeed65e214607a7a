import { busy, TicketingError } from '../shared/errors.ts'
import type { Observer } from '../shared/observer.ts'
import type { Id } from '../shared/types.ts'
import type { Catalogue } from './catalogue.port.ts'
import type { RecordCache } from './record-cache.ts'
import type { SaleChange, ScheduleRecord } from './schedule.ts'

/** What to set, decided on a record; null: nothing. A refusal is thrown. */
type Decide = (
  record: ScheduleRecord,
) => { readonly set: SaleChange; readonly action?: string; readonly operationId?: Id } | null

export type RecordChange = (scheduleId: Id, by: Id, decide: Decide) => Promise<ScheduleRecord>

const attempts = 10

/** Decides on the newest record and sets by compare-and-set; a lost race is decided again, on what then stands there. */
export const createRecordChange =
  (p: {
    readonly catalogue: Pick<Catalogue, 'change'>
    readonly records: RecordCache
    readonly observer: Observer
  }): RecordChange =>
  async (scheduleId, by, decide) => {
    for (let attempt = 1; attempt <= attempts; attempt++) {
      const record = demandKnown(await p.records.fresh(scheduleId), scheduleId)
      const decision = decide(record)
      if (decision === null) return record
      const changed = await p.catalogue.change({ scheduleId, from: record.version, by, ...decision })
      if (changed === 'stale') continue
      p.records.put([changed])
      p.observer.log('info', 'schedule changed', { scheduleId, by, changed: Object.keys(decision.set) })
      return changed
    }
    throw busy(`schedule ${scheduleId} is being changed by many at once`)
  }

/** @throws TicketingError `NOT_FOUND` */
export function demandKnown(record: ScheduleRecord | null, scheduleId: Id): ScheduleRecord {
  if (record) return record
  throw new TicketingError('NOT_FOUND', `there is no schedule ${scheduleId}`)
}
