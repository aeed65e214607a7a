import type { AdmissionQueue, LineDocument } from '@b-ticketing/core/ports'

/** What the line's store showed at every tick of the sale. */
export interface LineWatch {
  ticks: number
  /** Ticks at which offered + active stood above the capacity, or the parts did not add up to joined. */
  readonly overCapacity: string[]
  readonly unbalanced: string[]
  last: LineDocument['counts'] | null
}

export const newLineWatch = (): LineWatch => ({
  ticks: 0,
  overCapacity: [],
  unbalanced: [],
  last: null,
})

/** The same queue, with every document it hands out looked at on the way: behind the engine's back. */
export const watched = (queue: AdmissionQueue, scheduleId: string, watch: LineWatch): AdmissionQueue => ({
  ...queue,
  async tick(p) {
    const document = await queue.tick(p)
    if (document !== 'RECOVER' && p.scheduleId === scheduleId) look(document, watch)
    return document
  },
})

export function look({ counts, capacity }: Pick<LineDocument, 'counts' | 'capacity'>, watch: LineWatch): void {
  const { joined, waiting, offered, active, lapsed, late, done, expired, left } = counts
  watch.ticks++
  watch.last = counts
  if (capacity !== null && offered + active > capacity) {
    watch.overCapacity.push(`tick ${watch.ticks}: ${offered} offered + ${active} active > ${capacity}`)
  }
  const sum = waiting + offered + active + lapsed + late + done + expired + left
  if (sum !== joined) watch.unbalanced.push(`tick ${watch.ticks}: ${joined} joined, ${sum} accounted for`)
}
