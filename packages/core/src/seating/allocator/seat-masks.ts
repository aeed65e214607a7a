import type { Id } from '../../shared/types.ts'
import type { Words } from './bit-row.ts'
import { type SeatGrid, trait } from './seat-grid.ts'

/** Which seats a request may see and take, whoever sits on them now. */
export interface SeatMasks {
  /** Seats the request could ever be sold, of any grade: what orphans and runs are judged over, when they are free. All else is a wall. */
  readonly visible: Words
  /** Seats it may be given. */
  readonly takeable: Words
}

export interface SeatWish {
  /** Walls; undefined: every grade. */
  readonly grades: ReadonlySet<Id> | undefined
  readonly channels: ReadonlySet<Id>
  /** Accessible and companion seats may be given, too. */
  readonly withAccessible: boolean
}

export function createSeatMasks(grid: SeatGrid, wish: SeatWish): SeatMasks {
  const visible = new Int32Array(grid.words)
  const takeable = new Int32Array(grid.words)
  const channels = grid.channels.map((id, number) => number === 0 || wish.channels.has(id))
  const grades = grid.grades.map((id) => wish.grades === undefined || wish.grades.has(id))
  const refused = wish.withAccessible ? 0 : trait.accessible | trait.companion
  for (let slot = 0; slot < grid.slotSeat.length; slot++) {
    if (grid.slotSeat[slot]! < 0) continue
    if (!channels[grid.channel[slot]!]) continue
    const bit = 1 << (slot & 31)
    visible[slot >>> 5] = visible[slot >>> 5]! | bit
    if (!grades[grid.grade[slot]!] || (grid.traits[slot]! & refused) !== 0) continue
    takeable[slot >>> 5] = takeable[slot >>> 5]! | bit
  }
  return { visible, takeable }
}
