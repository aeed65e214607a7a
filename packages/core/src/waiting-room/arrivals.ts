import type { Ms } from '../shared/types.ts'
import { type LineDocument, lineIncarnationOf } from './line.ts'

/** How fast a line grows, from the documents a process has seen. */
export interface Arrivals {
  /** A recovery moves the tail to the ceiling: nobody came by that, so what was seen before it is forgotten. */
  seen(document: Pick<LineDocument, 'epoch' | 'version' | 'storeTime' | 'tail'>): void
  /** Arrivals of 10 s at the pace of the last 10 s. */
  in10s(): number
}

const span: Ms = 10_000
const shortest: Ms = 1_000
const between: Ms = 500

export function createArrivals(): Arrivals {
  let samples: { at: Ms; tail: number; epoch: string; life: number }[] = []
  let last: { at: Ms; tail: number } | null = null
  return {
    seen: ({ epoch, version, storeTime, tail }) => {
      const life = lineIncarnationOf(version)
      last = { at: storeTime, tail }
      if (samples.at(-1)?.epoch !== epoch || samples.at(-1)?.life !== life) samples = []
      if ((samples.at(-1)?.at ?? 0) + between <= storeTime) samples.push({ at: storeTime, tail, epoch, life })
      while (samples[1] && samples[1].at <= storeTime - span) samples.shift()
    },
    in10s: () => {
      const first = samples[0]
      if (!first || !last) return 0
      return Math.ceil(((last.tail - first.tail) * span) / Math.max(shortest, last.at - first.at))
    },
  }
}
