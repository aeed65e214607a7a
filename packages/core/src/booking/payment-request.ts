import { paymentMessage } from '../messaging/payment-message.ts'
import { decide } from '../payment/decide.ts'
import { paymentTimes } from '../payment/payment.ts'
import type { Hold } from '../seating/hold.ts'
import type { HoldDesk } from '../seating/hold-desk.ts'
import { createBatch } from '../shared/batch.ts'
import { type ErrorCode, isTicketingError, TicketingError } from '../shared/errors.ts'
import { isId } from '../shared/ids.ts'
import type { Observer } from '../shared/observer.ts'
import type { Runtime } from '../shared/runtime.ts'
import type { Id } from '../shared/types.ts'
import type { Pass, PassGate } from '../waiting-room/pass.ts'
import { factsOf, type HoldSnapshot, type PaymentRecord, statusOf } from './booking.ts'
import type { BookingStore, OpenReply, OpenRequest, PaymentKey } from './booking-store.port.ts'
import { projectClaims } from './claim-projection.ts'
import type { Payments } from './payments.ts'
import type { Projection } from './projection.ts'
import { idsOf, type RequestForm, type RequestIds, readForm } from './request-form.ts'
import { reportRepairs } from './seat-repairs.ts'

export interface PaymentRequestDeps {
  readonly bookingStore: BookingStore
  readonly holdDesk: HoldDesk
  readonly projection: Projection
  readonly passGate: PassGate
  readonly runtime: Runtime
  readonly observer: Observer
  /** Of this deployment, the same in every process: payment ids are made with it. */
  readonly secret: string
}

const refusal = (code: ErrorCode, message: string, requestId?: Id): TicketingError =>
  new TicketingError(code, message, requestId === undefined ? {} : { details: { requestId } })

const holdExpired = () => refusal('HOLD_EXPIRED', 'the hold has ended')

/** `payments.request`: three idempotent steps under one requestId. */
export function createPaymentRequest(p: PaymentRequestDeps): Payments['request'] {
  const { bookingStore, holdDesk, projection } = p
  /** `visitor/key` of requests running in this process. */
  const running = new Set<string>()

  const find = createBatch<PaymentKey, PaymentRecord | null>({
    runtime: p.runtime,
    run: (_, keys) => bookingStore.find({ keys }),
  })

  const open = createBatch<OpenRequest, OpenReply>({
    runtime: p.runtime,
    run: async (_, requests) => {
      const replies = await bookingStore.open({ requests })
      if (requests.length === 1) return replies
      // Refused, perhaps because of a neighbour that was refused itself: once more alone.
      return Promise.all(
        replies.map(async (reply, i) => {
          if (reply.is !== 'seats-taken') return reply
          const [alone] = await bookingStore.open({ requests: [requests[i]!] })
          return alone ?? reply
        }),
      )
    },
  })

  /** The answer of a key that was used before, or null. */
  const replay = (form: RequestForm, visitor: Id, known: PaymentRecord | null) => {
    if (!known) return null
    const sameBody = known.visitor === visitor && known.fingerprint === form.fingerprint
    const { refuse } = decide(factsOf(known), { is: sameBody ? 'same-body' : 'other-body' }, known.storeTime)
    if (refuse) throw refusal(refuse, 'this idempotency key was used for another request')
    return { ...statusOf(known), replayed: true }
  }

  const findByKey = (form: RequestForm, visitor: Id) =>
    find('find', { visitor, idempotencyKey: form.idempotencyKey }).then((known) => replay(form, visitor, known))

  /** A pass that ended since does not take away an answer that was already given. */
  const admit = async (pass: Pass, form: RequestForm) => {
    try {
      await p.passGate.demand({ pass })
      return null
    } catch (error) {
      const answered = isTicketingError(error) && error.code === 'PASS_EXPIRED' && (await findByKey(form, pass.visitor))
      if (answered) return answered
      throw error
    }
  }

  /** @throws what the table says when this hold has a payment already. */
  const demandUnpaid = (visitor: Id, known: PaymentRecord | null): void => {
    if (!known) return
    if (known.visitor !== visitor) throw refusal('NOT_FOUND', 'no such hold')
    const { refuse } = decide(factsOf(known), { is: 'new-key' }, known.storeTime)
    if (refuse) throw refusal(refuse, 'this hold has a payment', known.requestId)
  }

  /** The hold as the store has it: of what the caller shows, the id and the version are read and nothing else is believed. */
  const demandHold = async (pass: Pass, form: RequestForm): Promise<Hold> => {
    const found = await holdDesk.find({ scheduleId: pass.scheduleId, holdId: form.holdId })
    if (!found) throw holdExpired()
    if (found.holder !== pass.visitor || found.scheduleId !== pass.scheduleId) {
      throw refusal('NOT_FOUND', 'no such hold')
    }
    const { value = found.amount.value, currency = found.amount.currency } = form.amount
    if (value !== found.amount.value || currency !== found.amount.currency) {
      throw refusal('AMOUNT_MISMATCH', 'the amount is not the price of this hold')
    }
    if (form.version !== undefined && form.version !== found.version) throw holdExpired()
    return found
  }

  const pin = async (hold: Hold, requestId: Id): Promise<Hold | null> => {
    const { scheduleId, holdId, version, holder } = hold
    const { leaseMs } = paymentTimes
    const reply = await holdDesk.pin({ scheduleId, holdId, version, holder, requestId, leaseMs })
    if (reply.is === 'paying') throw refusal('PAYMENT_IN_PROGRESS', 'this hold is being paid', reply.requestId)
    return reply.is === 'pinned' ? reply.hold : null
  }

  /** Step (b), its outcome certain: an unknown one is read again by key, else the caller repeats the whole request. */
  const commit = async (request: OpenRequest): Promise<OpenReply> => {
    try {
      return await open('open', request)
    } catch (error) {
      const known = await bookingStore.find({ keys: [{ requestId: request.requestId }] }).catch(() => [])
      if (known[0]) return { is: 'opened', record: known[0] }
      throw error
    }
  }

  /** The record has refused this request for certain: the fast store learns who owns the seats, then forgets the pin. */
  const undo = async (hold: HoldSnapshot, requestId: Id): Promise<void> => {
    try {
      const { claims, blocks } = await holdDesk.claims({ scheduleId: hold.scheduleId })
      const seats = new Set(hold.parts.flatMap((part) => part.seats.map((seat) => `${part.section}/${seat}`)))
      const wrong = claims.filter(({ section, seat }) => seats.has(`${section}/${seat}`))
      await projectClaims(holdDesk, wrong)
      // The fast store had given them to this request.
      reportRepairs(p.observer, hold.scheduleId, { claim: wrong, block: blocks })
      await holdDesk.unpin({ scheduleId: hold.scheduleId, requestId })
    } catch (error) {
      p.observer.log('warn', 'pin not undone, left to the reconciler', { requestId, error })
    }
  }

  const conclude = async (form: RequestForm, request: OpenRequest, reply: OpenReply) => {
    if (reply.is === 'opened' || reply.is === 'replayed') {
      await projection.show(reply.record)
      return { ...statusOf(reply.record), replayed: reply.is === 'replayed' }
    }
    await undo(request.hold, request.requestId)
    if (reply.is === 'key-reused') {
      const answered = await findByKey(form, request.visitor)
      if (answered) return answered
    }
    if (reply.is === 'running') throw refusal('PAYMENT_IN_PROGRESS', 'this hold is being paid', reply.requestId)
    if (reply.is === 'paid') throw refusal('ALREADY_PAID', 'this hold is paid', reply.requestId)
    throw holdExpired()
  }

  const run = async (command: Parameters<Payments['request']>[0], form: RequestForm) => {
    const { pass } = command
    const { visitor } = pass
    const late = await admit(pass, form)
    if (late) return late
    const [byKey, byHold] = await Promise.all([
      find('find', { visitor, idempotencyKey: form.idempotencyKey }),
      find('find', { holdId: form.holdId }),
    ])
    const answered = replay(form, visitor, byKey)
    if (answered) return answered
    demandUnpaid(visitor, byHold)
    const hold = await demandHold(pass, form)
    const ids = idsOf(p.secret, { visitor, ...form })
    const pinned = await pin(hold, ids.requestId)
    if (!pinned) {
      // A twin of this request, elsewhere, may have been faster.
      const twin = await findByKey(form, visitor)
      if (twin) return twin
      throw holdExpired()
    }
    const request = openRequest(form, ids, snapshotOf(pinned), visitor, p.runtime.now())
    return conclude(form, request, await commit(request))
  }

  return async (command) => {
    const form = readForm(command)
    if (!isId(command.pass?.visitor)) throw refusal('PASS_REQUIRED', 'a payment needs a pass')
    const key = `${command.pass.visitor}/${form.idempotencyKey}`
    if (running.has(key)) throw refusal('IDEMPOTENCY_IN_FLIGHT', 'this very request is still running')
    running.add(key)
    try {
      return await run(command, form)
    } finally {
      running.delete(key)
    }
  }
}

const snapshotOf = ({ holdId, version, scheduleId, holder, parts, seats, amount }: Hold): HoldSnapshot => ({
  holdId,
  version,
  scheduleId,
  holder,
  parts,
  seats,
  amount,
})

function openRequest(form: RequestForm, ids: RequestIds, hold: HoldSnapshot, visitor: Id, at: number): OpenRequest {
  const { buyer, paymentToken, idempotencyKey, fingerprint } = form
  const { leaseMs, chargeWithinMs } = paymentTimes
  const { scheduleId } = hold
  const outbox = [paymentMessage({ topic: 'payment-requested', at, ...ids, scheduleId })]
  return { ...ids, visitor, idempotencyKey, fingerprint, hold, buyer, paymentToken, leaseMs, chargeWithinMs, outbox }
}
