import type { ScheduleRecord } from '../catalogue/schedule.ts'
import { sha256Hex } from '../shared/crypto.ts'
import { TicketingError } from '../shared/errors.ts'
import { newId } from '../shared/ids.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id, Version } from '../shared/types.ts'
import type { Pass } from '../waiting-room/pass.ts'
import type { HoldRecord, Part } from './hold.ts'
import { priceOf } from './hold-slip.ts'
import type { SeatBook, SeatBooks } from './seat-books.ts'
import type { SeatReply } from './seat-inventory.port.ts'

/** Which operation a request is: a repeat of it gets the first answer. */
export interface Operation {
  readonly operationId: Id
  readonly fingerprint?: string
  /** Named by the caller, who may repeat it. */
  readonly repeatable: boolean
}

/** An operation belongs to one visitor and route: nobody meets another's by choosing the same id. */
export function operationOf(
  runtime: Pick<Runtime, 'random'>,
  p: { readonly route: string; readonly pass: Pass; readonly operationId: Id | undefined; readonly body: unknown },
): Operation {
  if (p.operationId === undefined) return { operationId: newId(runtime), repeatable: false }
  const scope = `${p.route} ${p.pass.scheduleId} ${p.pass.visitor} ${p.operationId}`
  return { operationId: sha256Hex(scope), fingerprint: sha256Hex(JSON.stringify(p.body)), repeatable: true }
}

export type TakeReply = Exclude<SeatReply, { is: 'missing' | 'done' }>

/** Takes seats for the holder of a pass. While the answer is out, nobody else of this process is given them. */
export async function takeSeats(
  books: SeatBooks,
  p: {
    readonly book: SeatBook
    readonly schedule: ScheduleRecord
    readonly pass: Pass
    readonly holdId: Id
    readonly parts: readonly Part[]
    readonly operation: Operation
    readonly replaces?: { readonly holdId: Id; readonly version: Version }
    readonly memo?: string
  },
): Promise<TakeReply> {
  const { book, schedule, pass, parts } = p
  const unmark = book.copy.mark(parts)
  try {
    const reply = await books.commit(book.scheduleId, {
      do: 'take',
      operationId: p.operation.operationId,
      ...(p.operation.fingerprint === undefined ? {} : { fingerprint: p.operation.fingerprint }),
      holdId: p.holdId,
      holder: pass.visitor,
      epoch: pass.epoch,
      parts,
      ttlMs: schedule.settings.holdTtlSeconds * 1_000,
      notAfter: pass.expiresAt,
      quota: schedule.settings.maxSeatsPerVisitor,
      price: priceOf(parts, book.seatMap, schedule),
      ...(p.replaces ? { replaces: p.replaces } : {}),
      ...(p.memo === undefined ? {} : { memo: p.memo }),
    })
    if (reply.is === 'done') throw new TicketingError('STORE_FAULT', 'taking seats was answered like a release')
    if (reply.is !== 'hold') return reply
    // A lost reply that the books repeated comes back as a repeat: whether it is one, the hold's id says.
    const repeated = reply.hold.holdId !== p.holdId
    if (!repeated) saveTaken(books, reply.hold, p.replaces?.holdId)
    return { ...reply, repeated }
  } finally {
    unmark()
  }
}

function saveTaken(books: SeatBooks, hold: HoldRecord, replaced: Id | undefined): void {
  const { scheduleId, version } = hold
  books.writeBehind({ is: 'held', hold })
  if (replaced !== undefined) books.writeBehind({ is: 'ended', scheduleId, holdId: replaced, version })
}

/** The first answer to an operation that is asked for again; null when it has none (or was never to be repeated). */
export async function recallTake(
  books: SeatBooks,
  scheduleId: Id,
  operation: Operation,
): Promise<Extract<TakeReply, { is: 'hold' | 'reused' }> | null> {
  if (!operation.repeatable) return null
  const { repeatable: _, ...named } = operation
  const reply = await books.commit(scheduleId, { do: 'recall', ...named })
  if (reply.is === 'hold') return { ...reply, repeated: true }
  return reply.is === 'reused' ? reply : null
}

/** Refusals that selecting and automatic assignment share; the others are the caller's. */
export function refusalOf(reply: TakeReply, limit: number) {
  switch (reply.is) {
    case 'quota':
      return { ok: false, reason: 'HOLD_LIMIT', limit, owned: reply.owned } as const
    case 'cooldown':
      return { ok: false, reason: 'HOLD_COOLDOWN', retryInMs: reply.retryInMs } as const
    case 'late':
      throw new TicketingError('PASS_EXPIRED', 'the pass is over')
    case 'reused':
      throw new TicketingError('IDEMPOTENCY_KEY_REUSED', 'this operation was asked for with other content')
    case 'paying':
      throw new TicketingError('PAYMENT_IN_PROGRESS', 'the hold is being paid', {
        details: { requestId: reply.requestId },
      })
    default:
      return null
  }
}
