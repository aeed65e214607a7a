import type { Observer } from '../shared/observer.ts'
import type { Id } from '../shared/types.ts'

interface Repaired {
  readonly section: Id
  readonly seat: number
  /** Of the payment that owns the seat by the record, or owned it in the fast store; absent: a block. */
  readonly requestId?: Id
}

/**
 * What the fast store had wrong of a sale's seats and was put right in it, as the record says. `claim`: it showed a claim as
 * nobody's, as another's, or in another state. `stray`: it showed a seat as a payment's that has no claim on it.
 */
export type SeatRepairs = Readonly<Partial<Record<'claim' | 'stray' | 'block', readonly Repaired[]>>>

const examplesShown = 3

/** Counts each seat under its kind, and says it in one line; nothing was repaired: says nothing. */
export function reportRepairs(observer: Observer, scheduleId: Id, repairs: SeatRepairs): void {
  const kinds = Object.entries(repairs).filter(([, seats]) => seats.length > 0)
  if (kinds.length === 0) return
  for (const [kind, seats] of kinds) observer.count('seat_repairs', { kind }, seats.length)
  observer.log('warn', 'seats were repaired from the record', {
    scheduleId,
    ...Object.fromEntries(kinds.map(([kind, seats]) => [kind, seats.length])),
    examples: kinds.flatMap(([kind, seats]) =>
      seats.slice(0, examplesShown).map(({ section, seat, requestId }) => ({ kind, section, seat, requestId })),
    ),
  })
}
