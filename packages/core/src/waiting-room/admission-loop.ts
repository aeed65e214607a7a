import type { SaleRecords } from '../catalogue/sale-records.ts'
import type { ScheduleRecord } from '../catalogue/schedule.ts'
import type { Loop } from '../shared/loop.ts'
import type { Runtime } from '../shared/runtime.ts'
import { opened } from './line.ts'
import type { Lines } from './lines.ts'

/** Headroom the loop keeps under the ceiling, so that joins seldom wait for the record. */
const headroom = 500

/** Opens sales whose time has come, and ticks every line that lives: admits, lapses, and refreshes this process's copy. */
export function createAdmissionLoop(p: {
  readonly lines: Lines
  readonly records: Pick<SaleRecords, 'live' | 'open'>
  readonly runtime: Pick<Runtime, 'now'>
}): Loop {
  const { lines, records, runtime } = p

  const run = async (known: ScheduleRecord): Promise<void> => {
    const due = !opened(known.state) && known.opensAt !== null && known.opensAt <= runtime.now()
    const { scheduleId, state } = due ? await records.open({ scheduleId: known.scheduleId }) : known
    const seen = lines.peek(scheduleId)
    // Nobody has joined a sale that is only announced, and an ended one changes no more.
    if (state === 'scheduled' && !seen) return
    if (state === 'ended' && seen?.document.state === 'ended') return
    const { document } = await lines.tick(scheduleId)
    const joinable = state !== 'draining' && state !== 'ended'
    if (joinable && document.ceiling - document.tail < headroom) await lines.raise(scheduleId, headroom)
  }

  return {
    name: 'admission',
    everyMs: 200,
    tick: async () => {
      // One sale that cannot be ticked does not stop the others.
      const runs = await Promise.allSettled((await records.live()).map(run))
      const failed = runs.find((result) => result.status === 'rejected')
      if (failed) throw failed.reason
    },
  }
}
