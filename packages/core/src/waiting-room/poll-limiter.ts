import type { Id, Ms } from '../shared/types.ts'

/** Best effort against clients that poll faster than told: a fixed array by hash, nobody's place is touched by it. */
export interface PollLimiter {
  /** Null: go on. Otherwise how long until the next free poll. */
  tooEarly(p: { readonly scheduleId: Id; readonly visitor: Id; readonly now: Ms }): Ms | null
  /** The visitor was told to come back in `nextPollMs`. */
  told(p: { readonly scheduleId: Id; readonly visitor: Id; readonly now: Ms; readonly nextPollMs: Ms }): void
}

/** Polls that are free in one interval, so that join followed by status, or a reload, is never refused. */
const freePolls = 3

export function createPollLimiter(p: { readonly slots?: number } = {}): PollLimiter {
  const slots = p.slots ?? 65_536
  const owners = new Uint32Array(slots)
  const ends = new Float64Array(slots)
  const polls = new Uint8Array(slots)
  return {
    tooEarly: ({ scheduleId, visitor, now }) => {
      const { slot, owner } = slotOf(scheduleId, visitor, slots)
      // A visitor who shares the slot takes it over: at worst a hasty one goes free.
      if (owners[slot] !== owner || now >= (ends[slot] as number)) {
        owners[slot] = owner
        ends[slot] = 0
        polls[slot] = 0
      }
      if ((polls[slot] as number) >= freePolls) return (ends[slot] as number) - now
      polls[slot] = (polls[slot] as number) + 1
      return null
    },
    told: ({ scheduleId, visitor, now, nextPollMs }) => {
      const { slot, owner } = slotOf(scheduleId, visitor, slots)
      if (owners[slot] !== owner) return
      // A sale that opens shortens the interval: whoever comes back as told is never too early.
      const end = ends[slot] as number
      ends[slot] = end === 0 ? now + nextPollMs : Math.min(end, now + nextPollMs)
    },
  }
}

/** FNV-1a, twice: once for the slot, once for who sits in it. */
function slotOf(scheduleId: Id, visitor: Id, slots: number): { slot: number; owner: number } {
  const text = `${scheduleId} ${visitor}`
  let slot = 0x811c9dc5
  let owner = 0x1234567
  for (let i = 0; i < text.length; i++) {
    slot = Math.imul(slot ^ text.charCodeAt(i), 0x01000193)
    owner = Math.imul(owner ^ text.charCodeAt(i), 0x85ebca6b)
  }
  return { slot: (slot >>> 0) % slots, owner: owner >>> 0 }
}
