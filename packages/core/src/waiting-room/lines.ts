import type { Catalogue } from '../catalogue/catalogue.port.ts'
import type { SaleRecords } from '../catalogue/sale-records.ts'
import type { SaleChange, ScheduleRecord } from '../catalogue/schedule.ts'
import { busy } from '../shared/errors.ts'
import type { Observer } from '../shared/observer.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Ms, Version } from '../shared/types.ts'
import type { AdmissionQueue, Recover } from './admission-queue.port.ts'
import {
  absorb,
  createLineCopy,
  hasOldRecord,
  isBehind,
  isOutdated,
  type LineCopy,
  type LineView,
  reachedOf,
  viewOf,
} from './line-copy.ts'
import { createLineUpkeep } from './line-upkeep.ts'

/** This process's copies of records and documents: what any number of waiting polls reads. */
export interface Lines {
  /** The copy when it need not be refreshed, at no cost: what a poll reads. */
  ready(scheduleId: Id): LineView | null
  /** At most 1 s old. @throws `NOT_FOUND`, `BUSY` */
  get(scheduleId: Id): Promise<LineView>
  /** The newest record this process can see. @throws `NOT_FOUND`, `BUSY` */
  record(scheduleId: Id): Promise<ScheduleRecord>
  /** As `get`, past every copy. */
  fresh(scheduleId: Id): Promise<LineView>
  /**
   * The line of that epoch; null when it is over. A copy of another epoch may be the older one, so it is read again before
   * this says so. @throws `NOT_FOUND`, `BUSY`
   */
  inEpoch(p: { readonly scheduleId: Id; readonly epoch: Id }): Promise<LineView | null>
  /** The copy, however old. */
  peek(scheduleId: Id): LineView | null
  /** Ticks the line; its answer is the refresh. */
  tick(scheduleId: Id): Promise<LineView>
  /** Runs one step of the queue; when the store has lost the line, recovers it and runs the step again. @throws `BUSY` */
  step<T>(scheduleId: Id, run: (view: LineView) => Promise<T | Recover>): Promise<T>
  /** Raises the record's ceiling by a block of ≥ 10 s of arrivals, when there is less than `atLeast` headroom left. */
  raise(scheduleId: Id, atLeast?: number): Promise<void>
  /** This process admitted that number itself: the line has come at least so far, whatever its copy still shows. */
  admitted(scheduleId: Id, epoch: Id, number: number): void
  /** The highest number that `admitted` was told of in that epoch; 0: none. */
  reached(scheduleId: Id, epoch: Id): number
  /** Resolves when the document is newer than `since`, or `signal` aborts. */
  changed(p: { readonly scheduleId: Id; readonly since: Version; readonly signal?: AbortSignal }): Promise<void>
}

export interface LinesDeps {
  readonly queue: AdmissionQueue
  readonly catalogue: Pick<Catalogue, 'change'>
  readonly records: Pick<SaleRecords, 'get' | 'fresh' | 'peek'>
  readonly runtime: Runtime
  readonly observer: Observer
}

const freshForMs: Ms = 1_000
/** On top of the age of the record cache behind it: together less than a second. */
const askAgainMs: Ms = 400
const attempts = 8
const smallestBlock = 1_000

export function createLines(deps: LinesDeps): Lines {
  const { queue, catalogue, runtime, observer } = deps
  const copies = new Map<Id, LineCopy>()

  const copyOf = (record: ScheduleRecord): LineCopy => {
    const copy = copies.get(record.scheduleId) ?? createLineCopy(record)
    copies.set(record.scheduleId, copy)
    if (record.version > copy.record.version) copy.record = record
    return copy
  }

  const newest = async (scheduleId: Id): Promise<LineCopy> => {
    const copy = copyOf(await deps.records.get({ scheduleId }))
    copy.askedAt = runtime.now()
    return copy
  }

  const ready = (scheduleId: Id): LineView | null => {
    const copy = copies.get(scheduleId)
    if (!copy) return null
    const now = runtime.now()
    const newer = (deps.records.peek({ scheduleId })?.version ?? 0) > copy.record.version
    const aged = now - copy.askedAt > askAgainMs || now - copy.readAt > freshForMs
    return newer || aged || isOutdated(copy) || hasOldRecord(copy) ? null : viewOf(copy)
  }

  const reread = async (scheduleId: Id): Promise<LineCopy> => copyOf(await deps.records.fresh({ scheduleId }))

  const change = async (record: ScheduleRecord, set: SaleChange, action?: string): Promise<LineCopy | 'stale'> => {
    const { scheduleId, version } = record
    const named = action === undefined ? {} : { action }
    const changed = await catalogue.change({ scheduleId, from: version, set, by: 'loop', ...named })
    return changed === 'stale' ? changed : copyOf(changed)
  }

  const { configure, recover } = createLineUpkeep({ queue, reread, change, runtime, observer })

  const read = async (copy: LineCopy): Promise<void> => {
    const answer = await queue.tick({ scheduleId: copy.record.scheduleId })
    if (answer === 'RECOVER') return recover(copy)
    const behind = isBehind(answer, copy.document)
    absorb(copy, answer, runtime.now())
    await follow(copy, behind)
  }

  /** The record may have moved on (or this process be the last to hear of it): store and copies follow. */
  const follow = async (copy: LineCopy, behind: boolean): Promise<void> => {
    if (hasOldRecord(copy)) await reread(copy.record.scheduleId)
    if (behind || isOutdated(copy)) await configure(copy)
  }

  /** One piece of work per line and process at a time; those who come meanwhile share it. */
  const share = (copy: LineCopy, work: (copy: LineCopy) => Promise<void>): Promise<void> => {
    copy.work ??= work(copy).finally(() => {
      copy.work = null
    })
    return copy.work
  }

  const current = async (copy: LineCopy): Promise<LineView> => {
    for (let turn = 0; isOutdated(copy) && turn < attempts; turn++) await share(copy, configure)
    if (runtime.now() - copy.readAt > freshForMs) await share(copy, read).catch((error) => stale(copy, error))
    else if (hasOldRecord(copy)) await follow(copy, false)
    return viewOf(copy)
  }

  /** A line that cannot be read now is shown as it was: nobody is admitted by that. */
  const stale = (copy: LineCopy, error: unknown): void => {
    copy.readAt = runtime.now()
    observer.log('warn', 'line not refreshed', { scheduleId: copy.record.scheduleId, error })
  }

  const lines: Lines = {
    ready,
    get: async (scheduleId) => ready(scheduleId) ?? current(await newest(scheduleId)),
    record: async (scheduleId) => (await newest(scheduleId)).record,
    fresh: async (scheduleId) => current(await reread(scheduleId)),
    inEpoch: async ({ scheduleId, epoch }) => {
      const view = await lines.get(scheduleId)
      if (view.record.epoch === epoch) return view
      const fresh = await lines.fresh(scheduleId)
      return fresh.record.epoch === epoch ? fresh : null
    },
    peek: (scheduleId) => {
      const copy = copies.get(scheduleId)
      return copy?.document?.epoch === copy?.record.epoch && copy?.document ? viewOf(copy) : null
    },
    tick: async (scheduleId) => {
      const copy = await newest(scheduleId)
      await share(copy, isOutdated(copy) ? configure : read)
      return viewOf(copy)
    },
    step: async (scheduleId, run) => {
      for (let attempt = 0; attempt < attempts; attempt++) {
        const answer = await run(await lines.get(scheduleId))
        if (answer !== 'RECOVER') return answer
        await share(await newest(scheduleId), recover)
      }
      throw busy('the line is being recovered')
    },
    raise: async (scheduleId, atLeast = 1) => {
      const { document } = await lines.tick(scheduleId)
      const copy = await newest(scheduleId)
      const block = Math.max(smallestBlock, atLeast, copy.arrivals.in10s())
      for (let attempt = 0; attempt < attempts; attempt++) {
        const { record } = copy
        if (record.epoch !== document.epoch || record.ceiling - document.tail >= atLeast) break
        if ((await change(record, { ceiling: document.tail + block })) === 'stale') await reread(scheduleId)
      }
      await current(copy)
    },
    admitted: (scheduleId, epoch, number) => {
      const copy = copies.get(scheduleId)
      if (copy && number > reachedOf(copy, epoch)) copy.reached = { epoch, number }
    },
    reached: (scheduleId, epoch) => {
      const copy = copies.get(scheduleId)
      return copy ? reachedOf(copy, epoch) : 0
    },
    changed: ({ scheduleId, since, signal }) =>
      new Promise((resolve) => {
        const copy = copies.get(scheduleId)
        if (!copy?.document || copy.document.version > since || signal?.aborted) return resolve()
        const done = () => {
          copy.listeners.delete(done)
          signal?.removeEventListener('abort', done)
          resolve()
        }
        copy.listeners.add(done)
        signal?.addEventListener('abort', done, { once: true })
      }),
  }
  return lines
}
