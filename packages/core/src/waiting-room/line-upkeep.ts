import type { SaleChange, SaleDraw, ScheduleRecord } from '../catalogue/schedule.ts'
import { busy } from '../shared/errors.ts'
import type { Observer } from '../shared/observer.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id } from '../shared/types.ts'
import type { AdmissionQueue } from './admission-queue.port.ts'
import { drawPending } from './draw.ts'
import { lineIncarnationOf } from './line.ts'
import { absorb, knownOf, type LineCopy } from './line-copy.ts'

/** How a line is kept in its store: configured as the record says, its draw fixed, installed anew after a loss. */
export interface LineUpkeep {
  configure(copy: LineCopy): Promise<void>
  recover(copy: LineCopy): Promise<void>
}

const attempts = 8

export function createLineUpkeep(p: {
  readonly queue: Pick<AdmissionQueue, 'tick' | 'configure'>
  /** The record as it is now. */
  readonly reread: (scheduleId: Id) => Promise<LineCopy>
  /** A change of the record by compare-and-set. */
  readonly change: (record: ScheduleRecord, set: SaleChange, action: string) => Promise<LineCopy | 'stale'>
  readonly runtime: Pick<Runtime, 'now'>
  readonly observer: Observer
}): LineUpkeep {
  const { queue, reread, change, runtime, observer } = p

  /** Brings the store to the record this process knows. */
  const configure = async (copy: LineCopy): Promise<void> => {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const { scheduleId } = copy.record
      if (drawPending(copy.record) && (await fixDraw(copy)) === 'again') continue
      const { record } = copy
      const answer = await queue.configure({ scheduleId, record, ...knownOf(copy) })
      if (answer === 'RECOVER') return recover(copy)
      absorb(copy, answer, runtime.now())
      if (answer.recordVersion >= record.version) return
      await reread(scheduleId)
    }
    throw busy('the line does not take its record')
  }

  /** Writes down what the opening draws, before the line opens: no loss of the store can change it. */
  const fixDraw = async (copy: LineCopy): Promise<'again' | 'fixed'> => {
    const { record } = copy
    const answer = await queue.tick({ scheduleId: record.scheduleId })
    if (answer === 'RECOVER') {
      await recover(copy)
      return 'again'
    }
    const ranks = answer.epoch === record.epoch ? answer.tail : 0
    if ((await change(record, { draw: drawOf(record, ranks) }, 'draw-fixed')) !== 'stale') return 'fixed'
    await reread(record.scheduleId)
    return 'again'
  }

  /**
   * After a loss (and the first time a line is installed at all). Every installation has an incarnation of its own, won by
   * compare-and-set: a process that stalls in between can only install a life that nobody raises a ceiling for.
   */
  const recover = async (copy: LineCopy): Promise<void> => {
    const { scheduleId } = copy.record
    for (let attempt = 0; attempt < attempts; attempt++) {
      const answer = await queue.tick({ scheduleId })
      const { record } = await reread(scheduleId)
      const life = record.lineIncarnation ?? 0
      if (answer !== 'RECOVER' && lineIncarnationOf(answer.version) === life) return absorb(copy, answer, runtime.now())
      const draw = drawPending(record) ? { draw: drawOf(record, record.ceiling) } : {}
      const action = life === 0 ? 'line-installed' : 'line-recovered'
      if ((await change(record, { lineIncarnation: life + 1, ...draw }, action)) === 'stale') continue
      const installed = await queue.configure({ scheduleId, record: copy.record, recover: true, ...knownOf(copy) })
      if (installed === 'RECOVER') continue
      if (life > 0) observer.log('warn', 'line recovered', { scheduleId, tail: installed.tail })
      return absorb(copy, installed, runtime.now())
    }
    throw busy('the line is being recovered')
  }

  return { configure, recover }
}

const drawOf = (record: ScheduleRecord, n: number): SaleDraw | null =>
  record.draw && { ...record.draw, made: { n, policy: record.settings.policy, beacon: record.settings.beacon } }
