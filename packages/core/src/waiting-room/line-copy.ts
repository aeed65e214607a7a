import type { ScheduleRecord } from '../catalogue/schedule.ts'
import { busy } from '../shared/errors.ts'
import type { Id, Ms } from '../shared/types.ts'
import { type Arrivals, createArrivals } from './arrivals.ts'
import { type LineDocument, lineIncarnationOf } from './line.ts'

/** What a process knows of a sale: record and document of one epoch. */
export interface LineView {
  readonly record: ScheduleRecord
  readonly document: LineDocument
}

/** A process's copy of one line. */
export interface LineCopy {
  record: ScheduleRecord
  document: LineDocument | null
  /** The highest number that this process has admitted itself: the document will say so soon. */
  reached: { readonly epoch: Id; readonly number: number } | null
  readAt: Ms
  /** When the record was last asked for. */
  askedAt: Ms
  work: Promise<void> | null
  readonly arrivals: Arrivals
  readonly listeners: Set<() => void>
}

export const createLineCopy = (record: ScheduleRecord): LineCopy => ({
  ...{ record, document: null, reached: null, readAt: 0, askedAt: 0, work: null },
  arrivals: createArrivals(),
  listeners: new Set(),
})

/** Takes a document if it is newer; within an epoch the line never goes back, whatever was lost. */
export function absorb(copy: LineCopy, document: LineDocument, now: Ms): void {
  const before = copy.document
  copy.readAt = now
  if (before && document.version < before.version) return
  const floor = before?.epoch === document.epoch ? before.admittedThrough : 0
  copy.document = document.admittedThrough >= floor ? document : { ...document, admittedThrough: floor }
  copy.arrivals.seen(document)
  if (document.version !== before?.version) for (const listener of [...copy.listeners]) listener()
}

/** What this process knows of the line, for a store that may know less. */
export const knownOf = ({ document, record }: LineCopy) => (document?.epoch === record.epoch ? { known: document } : {})

/** @throws `BUSY` as long as there is nothing of the record's epoch. */
export function viewOf(copy: LineCopy): LineView {
  if (!copy.document || copy.document.epoch !== copy.record.epoch) throw busy('the line is not known yet')
  return { record: copy.record, document: copy.document }
}

export const reachedOf = ({ reached }: LineCopy, epoch: Id): number => (reached?.epoch === epoch ? reached.number : 0)

export const isOutdated = ({ document, record }: LineCopy): boolean =>
  !document || document.recordVersion < record.version

/** The store took a newer record than this process has seen. */
export const hasOldRecord = ({ document, record }: LineCopy): boolean =>
  document !== null && document.recordVersion > record.version

/** A line that another process recovered with less than this one knows. */
export const isBehind = (answer: LineDocument, before: LineDocument | null): boolean =>
  before?.epoch === answer.epoch &&
  answer.admittedThrough < before.admittedThrough &&
  lineIncarnationOf(answer.version) > lineIncarnationOf(before.version)
