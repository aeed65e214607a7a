import type { Version } from '../shared/types.ts'
import type { SeatChange } from './occupancy.ts'

/** Changes a delta may reach back over. */
export const changeLogLimit = 4_096

/** The latest changes in order of their versions. */
export interface ChangeLog {
  add(change: SeatChange): void
  /** Every change after `version`; null when some of them are no longer (or not) here. */
  after(version: Version): readonly SeatChange[] | null
  /** Forgets all: only what follows `version` can be told from now on. */
  restart(version: Version): void
}

export function createChangeLog(at: Version, limit = changeLogLimit): ChangeLog {
  let changes: SeatChange[] = []
  let first = 0
  let floor = at
  return {
    add: (change) => {
      changes.push(change)
      if (changes.length - first <= limit) return
      floor = changes[first++]!.version
      if (first < limit) return
      changes = changes.slice(first)
      first = 0
    },
    after: (version) => {
      if (!(version >= floor)) return null
      let at = changes.length
      while (at > first && changes[at - 1]!.version > version) at--
      return changes.slice(at)
    },
    restart: (version) => {
      changes = []
      first = 0
      floor = version
    },
  }
}
