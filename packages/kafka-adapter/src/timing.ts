import type { Ms } from '@b-ticketing/core'

/** How long each thing may take; all follow from four options. */
export interface Timing {
  readonly publishTimeoutMs: Ms
  readonly handleTimeoutMs: Ms
  /** Then a running `handle` is not waited for any longer. */
  readonly closeTimeoutMs: Ms
  /** Most that leaving and disconnecting take after all. */
  readonly disposeMs: Ms
  readonly sessionTimeoutMs: Ms
  readonly heartbeatMs: Ms
  /** A fetch that finds nothing: between two of them a rebalance is noticed. */
  readonly fetchWaitMs: Ms
  /** A rebalance waits this long for a member that is busy with a batch. */
  readonly rebalanceTimeoutMs: Ms
  /** A consumer that has joined gives some sign within this time. */
  readonly silenceMs: Ms
}

export function timingOf(p: {
  readonly publishTimeoutMs: Ms
  readonly handleTimeoutMs: Ms
  readonly closeTimeoutMs: Ms
  readonly sessionTimeoutMs: Ms
}): Timing {
  const heartbeatMs = Math.ceil(p.sessionTimeoutMs / 10)
  return {
    ...p,
    disposeMs: p.closeTimeoutMs + 2_000,
    heartbeatMs,
    fetchWaitMs: Math.min(500, heartbeatMs),
    rebalanceTimeoutMs: p.handleTimeoutMs + p.sessionTimeoutMs,
    silenceMs: 2 * p.sessionTimeoutMs,
  }
}
