import { createBatch } from '../shared/batch.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id } from '../shared/types.ts'
import type { AdmissionQueue, JoinReply } from './admission-queue.port.ts'
import { numberOfRank } from './draw.ts'
import type { LineView } from './line-copy.ts'
import type { Lines } from './lines.ts'
import type { Place, QueueTicketClaims } from './queue-ticket.ts'

export interface Join {
  readonly scheduleId: Id
  readonly visitor: Id
  readonly operationId: Id
  /** Claims of a ticket that this visitor showed for this sale. */
  readonly proven: QueueTicketClaims | null
}

/** `view`: the line in whose epoch the reply was given. */
export interface Joined {
  readonly reply: JoinReply
  readonly view: LineView
}

/** A join on its way: `settled` is the number that its rank has become, in that epoch. */
type Pending = Join & { readonly settled?: { readonly epoch: Id; readonly place: Place } }

const attempts = 6

/** Joins of one sale and turn travel as one step; what that step could not settle (ceiling, reset, an old rank) goes again. */
export function createJoins(p: {
  readonly queue: Pick<AdmissionQueue, 'join'>
  readonly lines: Lines
  readonly runtime: Pick<Runtime, 'defer'>
}): (join: Join) => Promise<Joined> {
  const { queue, lines } = p

  const once = async (scheduleId: Id, joins: readonly Pending[]): Promise<readonly Joined[]> => {
    let seen: LineView | undefined
    const replies = await lines.step(scheduleId, (view) => {
      seen = view
      return queue.join({
        scheduleId,
        epoch: view.record.epoch,
        joins: joins.map(({ visitor, operationId, proven, settled }) => {
          // A reset may have come in between: a number of another epoch is somebody else's in this one.
          const ticket = settled?.epoch === view.record.epoch ? settled.place : ticketIn(view, proven)
          return { visitor, operationId, ...(ticket ? { ticket } : {}) }
        }),
      })
    })
    return replies.map((reply) => ({ reply, view: seen! }))
  }

  const run = async (scheduleId: Id, joins: readonly Join[]): Promise<readonly Joined[]> => {
    const answers: Joined[] = []
    let open = joins.map((join, i): { join: Pending; i: number } => ({ join, i }))
    for (let attempt = 0; open.length > 0 && attempt < attempts; attempt++) {
      const joined = await once(
        scheduleId,
        open.map(({ join }) => join),
      )
      for (const [k, { i }] of open.entries()) answers[i] = joined[k]!
      const again = open.filter((_, k) => isOpen(joined[k]!))
      const is = new Set(again.map(({ i }) => answers[i]!.reply.is))
      if (is.has('ceiling')) await lines.raise(scheduleId, again.length)
      if (is.has('epoch-over')) await lines.fresh(scheduleId)
      open = again.map(({ join, i }) => ({ i, join: { ...join, ...resolved(answers[i]!) } }))
    }
    return answers
  }

  const batch = createBatch<Join, Joined>({ runtime: p.runtime, run })
  return (join) => batch(join.scheduleId, join)
}

const isOpen = ({ reply, view }: Joined): boolean =>
  reply.is === 'ceiling' || reply.is === 'epoch-over' || (reply.is === 'rank' && view.document.draw !== null)

function resolved({ reply, view }: Joined): Pick<Pending, 'settled'> {
  if (reply.is !== 'rank' || !view.document.draw) return {}
  const place = { number: numberOfRank(view.document.draw, reply.rank) }
  return { settled: { epoch: view.record.epoch, place } }
}

/** The place a ticket proves, as the line counts now. */
function ticketIn({ record, document }: LineView, proven: QueueTicketClaims | null): Place | null {
  if (!proven || proven.epoch !== record.epoch) return null
  const { place } = proven
  if ('number' in place || !document.draw) return place
  return { number: numberOfRank(document.draw, place.rank) }
}
