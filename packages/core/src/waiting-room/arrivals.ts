import type { Ms } from '../shared/types.ts'
import type { LineDocument } from './line.ts'

/** How fast a line grows, from the documents a process has seen. */
export interface Arrivals {
  seen(document: Pick<LineDocument, 'epoch' | 'storeTime' | 'tail'>): void
  /** Arrivals of 10 s at the pace of the last 10 s. */
  in10s(): number
}

const span: Ms = 10_000
const shortest: Ms = 1_000
const between: Ms = 500

export function createArrivals(): Arrivals {
  let samples: { at: Ms; tail: number; epoch: string }[] = []
  let last: { at: Ms; tail: number } | null = null
  return {
    seen: ({ epoch, storeTime, tail }) => {
      last = { at: storeTime, tail }
      if (samples.at(-1)?.epoch !== epoch) samples = []
      if ((samples.at(-1)?.at ?? 0) + between <= storeTime) samples.push({ at: storeTime, tail, epoch })
      while (samples[1] && samples[1].at <= storeTime - span) samples.shift()
    },
    in10s: () => {
      const first = samples[0]
      if (!first || !last) return 0
      return Math.ceil(((last.tail - first.tail) * span) / Math.max(shortest, last.at - first.at))
    },
  }
}
