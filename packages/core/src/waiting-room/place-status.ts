import { createBatch } from '../shared/batch.ts'
import { TicketingError } from '../shared/errors.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Tokens } from '../shared/token.ts'
import type { Id, Ms } from '../shared/types.ts'
import type { AdmissionQueue, PlaceReply } from './admission-queue.port.ts'
import { numberOfRank } from './draw.ts'
import type { LineView } from './line-copy.ts'
import type { Lines } from './lines.ts'
import { signPass } from './pass.ts'
import { createSpread } from './poll-interval.ts'
import { placeIn, type QueueStatus, type WaitingState, waitingState } from './queue-status.ts'
import type { Place, QueueTicketClaims } from './queue-ticket.ts'

/** A ticket's claims that have been checked against the sale as it is. */
export type Holder = Pick<QueueTicketClaims, 'scheduleId' | 'epoch' | 'place' | 'visitor'>

export interface PlaceStatus {
  /** The status of a place: pure while it waits, one batched claim once the line has come to it. @throws `EPOCH_OVER`, `BUSY` */
  statusOf(view: LineView, holder: Holder): Promise<QueueStatus>
  /** The status of a place that was let in, with its pass. */
  admitted(view: LineView, holder: Holder, number: number, until: Ms): QueueStatus
}

export function createPlaceStatus(p: {
  readonly queue: Pick<AdmissionQueue, 'claim'>
  readonly lines: Lines
  readonly tokens: Tokens
  readonly runtime: Runtime
}): PlaceStatus {
  const { queue, lines, tokens, runtime } = p
  const claim = createBatch<{ number: number; visitor: Id }, PlaceReply>({
    runtime,
    run: (key, places) => {
      const [scheduleId, epoch] = key.split('/') as [Id, Id]
      return lines.step(scheduleId, () => queue.claim({ scheduleId, epoch, mode: 'claim', places }))
    },
  })

  const random = createSpread(runtime)

  const placed = ({ record, document }: LineView, number: number | null) =>
    placeIn({ record, document, number, now: runtime.now(), random: random() })

  const admitted = (view: LineView, holder: Holder, number: number, until: number): QueueStatus => {
    const { scheduleId, epoch, visitor } = holder
    lines.admitted(scheduleId, epoch, number)
    const pass = signPass(tokens, { scheduleId, epoch, number, visitor, expiresAt: until })
    const seen = reaching(lines.peek(scheduleId) ?? view, number)
    return { ...placed(seen, number), ahead: 0, eta: null, state: 'admitted', pass }
  }

  const statusOf = async (view: LineView, holder: Holder): Promise<QueueStatus> => {
    const number = numberOf(view, holder.place)
    const reached = Math.max(view.document.admittedThrough, lines.reached(holder.scheduleId, holder.epoch))
    if (number === null || number > reached) {
      const at = 'rank' in holder.place && number === null ? holder.place.rank : (number as number)
      return { ...placed(view, number), state: waitingState(view.document, at) }
    }
    const reply = await claim(`${holder.scheduleId}/${holder.epoch}`, { number, visitor: holder.visitor })
    if (reply.is === 'epoch-over') throw await epochOver(holder.scheduleId)
    if (reply.is === 'active') return admitted(view, holder, number, reply.until)
    const now = lines.peek(holder.scheduleId) ?? view
    return { ...placed(now, number), state: claimedState(now, reply.is) }
  }

  const epochOver = async (scheduleId: Id): Promise<TicketingError> => {
    await lines.fresh(scheduleId)
    return new TicketingError('EPOCH_OVER', 'the line was reset: join again')
  }

  return { statusOf, admitted }
}

/** The line as someone who was admitted just now sees it, before the next document says so. */
const reaching = ({ record, document }: LineView, number: number): LineView => ({
  record,
  document: { ...document, admittedThrough: Math.max(document.admittedThrough, number) },
})

/** Null as long as there are no numbers. */
export function numberOf({ document }: LineView, place: Place): number | null {
  if ('number' in place) return place.number
  return document.draw && numberOfRank(document.draw, place.rank)
}

function claimedState({ document }: LineView, is: Exclude<PlaceReply['is'], 'active' | 'epoch-over'>): WaitingState {
  if (is === 'expired' || is === 'left') return is
  return document.state === 'paused' || document.state === 'ended' ? document.state : 'waiting'
}
