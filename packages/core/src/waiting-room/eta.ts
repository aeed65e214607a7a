import { admits } from './admission.ts'
import type { LineDocument } from './line.ts'

/** `midSeconds` is the estimate itself; low and high are whole seconds around it. */
export interface Eta {
  readonly lowSeconds: number
  readonly highSeconds: number
  readonly midSeconds: number
}

type Pace = Pick<LineDocument, 'state' | 'admittedLastMinute' | 'measuredMs' | 'ratePerMinute' | 'capacity'>

/** Until the first admissions have been watched for so long, they say little about a pace. */
const shortestSpanMs = 1_000

/** Visitors a second, as measured; never more than the rate in force. 0: unknown. */
function paceOf(line: Pace): number {
  if (line.capacity === 0) return 0
  const measured = (line.admittedLastMinute * 1_000) / Math.max(shortestSpanMs, line.measuredMs)
  return Math.min(measured, line.ratePerMinute === null ? Number.POSITIVE_INFINITY : line.ratePerMinute / 60)
}

/** Null: paused, not open, or nothing was measured. The fewer admissions were seen, the wider the range. */
export function etaOf(line: Pace, ahead: number): Eta | null {
  const pace = paceOf(line)
  if (!admits(line.state) || pace === 0) return null
  const midSeconds = (ahead + 1) / pace
  const spread = Math.min(0.6, 0.2 + 1 / Math.sqrt(line.admittedLastMinute))
  return {
    midSeconds,
    lowSeconds: Math.floor(midSeconds * (1 - spread)),
    highSeconds: Math.ceil(midSeconds * (1 + spread)),
  }
}
