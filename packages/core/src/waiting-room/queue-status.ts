import type { ScheduleRecord } from '../catalogue/schedule.ts'
import type { Id, Ms, Version } from '../shared/types.ts'
import { etaOf } from './eta.ts'
import { groupOf } from './group.ts'
import { aheadOf, currentGroup, type LineDocument, opened } from './line.ts'
import type { Pass } from './pass.ts'
import { nextPollMs } from './poll-interval.ts'

export interface QueuePlace {
  readonly scheduleId: Id
  readonly documentVersion: Version
  /** Null before a number exists (scheduled, pre-queue). */
  readonly number: number | null
  readonly group: number | null
  readonly currentGroup: number | null
  /** Places before this one; 0 = next. */
  readonly ahead: number | null
  readonly nextPollMs: Ms
  /** From the measured rate; null: unknown or paused. */
  readonly eta: { readonly lowSeconds: number; readonly highSeconds: number } | null
}

export type WaitingState = 'scheduled' | 'prequeue' | 'waiting' | 'paused' | 'expired' | 'left' | 'ended'

export type QueueStatus = QueuePlace &
  ({ readonly state: WaitingState } | { readonly state: 'admitted'; readonly pass: Pass })

export const isFinal = (status: QueueStatus): boolean => ['admitted', 'expired', 'left', 'ended'].includes(status.state)

/** What a place waits for, as far as the line's document alone tells. `at`: its number, before the opening its rank. */
export function waitingState(document: LineDocument, at: number): WaitingState {
  if (document.left.includes(at)) return 'left'
  if (document.state === 'open' || document.state === 'draining') return 'waiting'
  return document.state
}

/** Everything of a status but its state: a pure reading of the document. `random`: 0 ≤ random < 1. */
export function placeIn(p: {
  readonly document: LineDocument
  readonly record: ScheduleRecord
  readonly number: number | null
  readonly now: Ms
  readonly random: number
}): QueuePlace {
  const { document, record, number } = p
  const ahead = number === null ? null : aheadOf(document, number)
  const eta = ahead === null ? null : etaOf(document, ahead)
  const untilOpenMs = opened(document.state) || record.opensAt === null ? null : record.opensAt - p.now
  const { claimWindowSeconds } = record.settings
  return {
    scheduleId: document.scheduleId,
    documentVersion: document.version,
    number,
    group: number === null ? null : groupOf(document.segments, number),
    currentGroup: number === null ? null : currentGroup(document),
    ahead,
    nextPollMs: nextPollMs({ etaSeconds: eta?.midSeconds ?? null, claimWindowSeconds, untilOpenMs, random: p.random }),
    eta: eta && { lowSeconds: eta.lowSeconds, highSeconds: eta.highSeconds },
  }
}
