import type { ScheduleRecord } from '../catalogue/schedule.ts'
import { createBatch } from '../shared/batch.ts'
import { demandSignal } from '../shared/demand.ts'
import { busy, TicketingError } from '../shared/errors.ts'
import { demandId, newId } from '../shared/ids.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Tokens } from '../shared/token.ts'
import type { Id, Page } from '../shared/types.ts'
import type { AdmissionQueue, JoinReply } from './admission-queue.port.ts'
import type { DrawDisclosure } from './draw.ts'
import { createJoins } from './joins.ts'
import type { LineCounts, QueueMember } from './line.ts'
import type { Lines } from './lines.ts'
import { type Pass, type PassGate, verifyPass } from './pass.ts'
import { passExpired } from './pass-gate.ts'
import { createPlaceStatus, numberOf } from './place-status.ts'
import { createPollLimiter } from './poll-limiter.ts'
import { isFinal, type QueueStatus } from './queue-status.ts'
import { type Place, type QueueTicket, signTicket, verifyTicket } from './queue-ticket.ts'
import { createSlips } from './slips.ts'

export type { DrawDisclosure } from './draw.ts'
export type { LineCounts, QueueMember } from './line.ts'
export type { QueuePlace, QueueStatus } from './queue-status.ts'

/** The waiting room as the host uses it: `engine.waitingRoom`. Every method throws `INVALID` for malformed input. */
export interface WaitingRoom {
  /**
   * Gives the visitor a place, once: every repeat returns the same one (`created: false`). `ticket` proves an older place
   * that the store may have forgotten; one that is not valid proves nothing. @throws `NOT_FOUND`, `SALE_CLOSED`, `BUSY`.
   */
  join(p: {
    scheduleId: Id
    visitor: Id
    operationId?: Id
    ticket?: string
  }): Promise<{ readonly created: boolean; readonly ticket: QueueTicket; readonly status: QueueStatus }>
  /**
   * What a poll answers. Reads no store while waiting; claims (batched) once the place is offered. `ticket` in the answer is
   * signed anew past half its life. `visitor`, when given, must be the one the ticket was issued to.
   * @throws `TICKET_INVALID`, `EPOCH_OVER`, `POLL_TOO_EARLY` (only with `polite: true`), `BUSY`.
   */
  status(p: { ticket: string; visitor?: Id; polite?: boolean }): Promise<QueueStatus & { readonly ticket: QueueTicket }>
  /** Statuses as they change, ending after `admitted` or another final state, or when `signal` aborts. */
  watch(p: { ticket: string; visitor?: Id; signal?: AbortSignal }): AsyncIterable<QueueStatus>
  /**
   * Gives the place, or the pass and its slot, back; `as: 'done'` after a completed payment. Repeatable. The place alone:
   * `engine.leave` knows about payments and holds as well. @throws `TICKET_INVALID`, `PASS_REQUIRED` for a ticket or pass that is not this visitor's.
   */
  leave(p: { scheduleId: Id; visitor: Id; ticket?: string; pass?: Pass; as?: 'left' | 'done' }): Promise<void>
  /**
   * The typed slip behind a pass token. `live` asks the line as well (batched), which knows the passes that were left. `past`
   * takes one that is over, too: for calls that judge it themselves, as `payments.request` does for an answer it gave before.
   * @throws `PASS_REQUIRED` (bad, foreign, other kind), `PASS_EXPIRED`; with `live` also `BUSY`.
   */
  verifyPass(p: { token: string; visitor?: Id; live?: boolean; past?: boolean }): Promise<Pass>
  /** Groups in order with their members, from the lists of the store. */
  members(p: { scheduleId: Id; group?: number; after?: string }): Promise<Page<QueueMember>>
  stats(p: { scheduleId: Id }): Promise<LineCounts>
  /** What a draw publishes: before it the commitment, after it everything needed to recompute every position. */
  draw(p: { scheduleId: Id }): Promise<DrawDisclosure | null>
}

export interface WaitingRoomDeps {
  readonly queue: AdmissionQueue
  readonly lines: Lines
  readonly tokens: Tokens
  readonly runtime: Runtime
  readonly gate: PassGate
}

export function createWaitingRoom({ queue, lines, tokens, runtime, gate }: WaitingRoomDeps): WaitingRoom {
  const limiter = createPollLimiter()
  const join = createJoins({ queue, lines, runtime })
  const { statusOf, admitted } = createPlaceStatus({ queue, lines, tokens, runtime })
  const { open, renewed, returned } = createSlips({ lines, tokens, runtime })

  const leave = createBatch<{ visitor: Id; place?: Place; as: 'done' | 'left' }, boolean>({
    runtime,
    run: async (key, places) => {
      const [scheduleId, epoch] = key.split('/') as [Id, Id]
      const replies = await lines.step(scheduleId, () => queue.leave({ scheduleId, epoch, places }))
      if (replies.includes(true)) await lines.tick(scheduleId)
      return replies
    },
  })

  const room: WaitingRoom = {
    join: async (p) => {
      const scheduleId = demandId(p.scheduleId, 'scheduleId')
      const visitor = demandId(p.visitor, 'visitor')
      const operationId = p.operationId === undefined ? newId(runtime) : demandId(p.operationId, 'operationId')
      if (p.ticket !== undefined && typeof p.ticket !== 'string')
        throw new TicketingError('INVALID', 'ticket must be a text')
      const claims = p.ticket === undefined ? null : verifyTicket(tokens, p.ticket, runtime.now())
      const proven = claims?.scheduleId === scheduleId && claims.visitor === visitor ? claims : null
      const { reply, view } = await join({ scheduleId, visitor, operationId, proven })
      const place = placeOf(reply)
      const holder = { scheduleId, visitor, epoch: view.record.epoch, place: place.at }
      const status =
        reply.is === 'admitted' ? admitted(view, holder, reply.number, reply.until) : await statusOf(view, holder)
      return { created: place.created, ticket: signTicket(tokens, holder, runtime.now()), status }
    },

    status: async (p) => {
      const { claims, view } = await open(p)
      const poll = { scheduleId: claims.scheduleId, visitor: claims.visitor, now: runtime.now() }
      const retryInMs = p.polite === true ? limiter.tooEarly(poll) : null
      if (retryInMs !== null) throw new TicketingError('POLL_TOO_EARLY', 'asked again too early', { retryInMs })
      const status = await statusOf(view, claims)
      if (p.polite === true) limiter.told({ ...poll, nextPollMs: status.nextPollMs })
      return { ...status, ticket: renewed(p.ticket, claims, status) }
    },

    watch: async function* (p) {
      demandSignal(p.signal)
      const { claims } = await open(p)
      let shown: string | null = null
      while (!p.signal?.aborted) {
        const { ticket: _, ...status } = await room.status({ ticket: p.ticket, ...named(p.visitor) })
        const face = [status.state, status.number, status.ahead, status.currentGroup].join()
        if (face !== shown) yield status as QueueStatus
        shown = face
        if (isFinal(status as QueueStatus)) return
        const since = status.documentVersion
        await lines.changed({ scheduleId: claims.scheduleId, since, ...(p.signal ? { signal: p.signal } : {}) })
      }
    },

    leave: async (p) => {
      const scheduleId = demandId(p.scheduleId, 'scheduleId')
      const visitor = demandId(p.visitor, 'visitor')
      const as = p.as === undefined ? 'left' : p.as
      if (as !== 'left' && as !== 'done') throw new TicketingError('INVALID', 'as must be left or done')
      const slip = returned(p)
      const view = slip ? await lines.inEpoch({ scheduleId, epoch: slip.epoch }) : await lines.get(scheduleId)
      if (!view) return
      const number = slip && numberOf(view, slip.place)
      const place = slip ? { place: number === null ? slip.place : { number } } : {}
      await leave(`${scheduleId}/${view.record.epoch}`, { visitor, as, ...(place as { place?: Place }) })
    },

    verifyPass: async (p) => {
      const pass = verifyPass(tokens, p.token)
      if (!pass || (p.visitor !== undefined && p.visitor !== pass.visitor))
        throw new TicketingError('PASS_REQUIRED', 'a pass of this visitor is required')
      if (p.past === true) return pass
      const { epoch } = await lines.record(pass.scheduleId)
      if (runtime.now() >= pass.expiresAt || (epoch !== pass.epoch && !(await lines.inEpoch(pass)))) throw passExpired()
      if (p.live === true) await gate.demand({ pass })
      return pass
    },

    members: async (p) => {
      const { record } = await lines.get(demandId(p.scheduleId, 'scheduleId'))
      const { group, after } = p
      if (group !== undefined && !(Number.isSafeInteger(group) && group >= 1))
        throw new TicketingError('INVALID', 'group must be an integer from 1')
      if (after !== undefined && typeof after !== 'string') throw new TicketingError('INVALID', 'after must be a text')
      const { scheduleId, epoch } = record
      return queue.members({
        scheduleId,
        epoch,
        ...(group === undefined ? {} : { group }),
        ...(after === undefined ? {} : { after }),
      })
    },

    stats: async (p) => (await lines.tick(demandId(p.scheduleId, 'scheduleId'))).document.counts,

    draw: async (p) => disclosureOf(await lines.record(demandId(p.scheduleId, 'scheduleId'))),
  }

  return room
}

const named = (visitor: Id | undefined) => (visitor === undefined ? {} : { visitor })

function placeOf(reply: JoinReply): { readonly at: Place; readonly created: boolean } {
  if (reply.is === 'rank') return { at: { rank: reply.rank }, created: reply.created }
  if (reply.is === 'number' || reply.is === 'admitted') return { at: { number: reply.number }, created: reply.created }
  if (reply.is === 'closed') throw new TicketingError('SALE_CLOSED', 'the sale takes no new visitors')
  throw busy('the line has no headroom')
}

function disclosureOf({ draw, epoch, settings }: ScheduleRecord): DrawDisclosure | null {
  if (!draw) return null
  const policy = draw.made?.policy ?? settings.policy
  return {
    policy,
    commitment: draw.commitment,
    n: draw.made?.n ?? null,
    beacon: draw.made ? draw.made.beacon : settings.beacon,
    secret: draw.made && policy === 'draw' ? draw.secret : null,
    epoch,
  }
}
