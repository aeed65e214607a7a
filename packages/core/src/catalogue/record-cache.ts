import { createBatch } from '../shared/batch.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Ms } from '../shared/types.ts'
import type { Catalogue } from './catalogue.port.ts'
import type { ScheduleRecord } from './schedule.ts'

/** This process's copies of the schedule records. A change reaches every process in at most 1 s; half of it is spent here. */
export interface RecordCache {
  get(scheduleId: Id): Promise<ScheduleRecord | null>
  /** Read now, past the copy. */
  fresh(scheduleId: Id): Promise<ScheduleRecord | null>
  peek(scheduleId: Id): ScheduleRecord | null
  put(records: readonly ScheduleRecord[]): void
  live(): Promise<readonly ScheduleRecord[]>
}

const freshForMs: Ms = 500

/** Also bounds how many unknown ids are remembered as unknown. */
const size = 10_000

interface Copy {
  readonly record: ScheduleRecord | null
  /** When the read began: a copy is as old as that. */
  readonly at: Ms
}

export function createRecordCache(p: { readonly catalogue: Catalogue; readonly runtime: Runtime }): RecordCache {
  const { catalogue, runtime } = p
  const copies = new Map<Id, Copy>()
  const watched = new Set<Id>()
  let liveAt: Ms = Number.NEGATIVE_INFINITY

  const keep = (scheduleId: Id, record: ScheduleRecord | null, at: Ms): ScheduleRecord | null => {
    const before = copies.get(scheduleId)?.record ?? null
    // A read that began before our own write must not bring the old record back.
    const newest = before && (!record || before.version > record.version) ? before : record
    copies.delete(scheduleId)
    copies.set(scheduleId, { record: newest, at })
    if (copies.size > size) copies.delete(copies.keys().next().value as Id)
    return newest
  }

  const read = createBatch<Id, ScheduleRecord | null>({
    runtime,
    limit: 100,
    run: async (_, ids) => {
      const at = runtime.now()
      const { items } = await catalogue.schedules({ ids: [...new Set(ids)] })
      const found = new Map(items.map((record) => [record.scheduleId, record]))
      return ids.map((id) => keep(id, found.get(id) ?? null, at))
    },
  })
  const fresh = (scheduleId: Id) => read('schedules', scheduleId)

  const get = (scheduleId: Id): Promise<ScheduleRecord | null> => {
    const copy = copies.get(scheduleId)
    return copy && runtime.now() - copy.at < freshForMs ? Promise.resolve(copy.record) : fresh(scheduleId)
  }

  const readLive = async (): Promise<void> => {
    const at = runtime.now()
    let after: string | null = null
    do {
      const page = await catalogue.schedules(after === null ? { live: true } : { live: true, after })
      for (const record of page.items) {
        keep(record.scheduleId, record, at)
        watched.add(record.scheduleId)
      }
      after = page.next
    } while (after !== null)
    liveAt = at
  }

  return {
    get,
    fresh,
    peek: (scheduleId) => copies.get(scheduleId)?.record ?? null,
    put: (records) => {
      for (const record of records) keep(record.scheduleId, record, runtime.now())
    },
    live: async () => {
      if (runtime.now() - liveAt >= freshForMs) await readLive()
      // What has just ended is still watched, so that the loops can tell the fast stores.
      const records = await Promise.all([...watched].map(get))
      return records.filter((record) => record !== null)
    },
  }
}
