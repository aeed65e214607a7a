import type { Ms } from '@b-ticketing/core'
import { isRebalance } from './fault.ts'

/** Heartbeats while a batch is worked off: the member stays in its group however long that takes. */
export interface Membership {
  /** Aborts when the group goes on without this member, or it has to join anew. */
  readonly lost: AbortSignal
  /** Ends the heartbeats. @throws what the group said, when the membership is lost */
  end(): void
}

export function keepMembership(p: {
  readonly heartbeat: () => Promise<void>
  readonly everyMs: Ms
  /** The group has answered. */
  readonly onAnswer: () => void
}): Membership {
  const lost = new AbortController()
  const beat = async (): Promise<void> => {
    try {
      await p.heartbeat()
    } catch (error) {
      // A broker that cannot be reached has said nothing yet.
      if (!isRebalance(error)) return
      lost.abort(error)
    }
    p.onAnswer()
  }
  const timer = setInterval(() => void beat(), p.everyMs)
  return {
    lost: lost.signal,
    end: () => {
      clearInterval(timer)
      lost.signal.throwIfAborted()
    },
  }
}
