import { setTimeout as sleep } from 'node:timers/promises'
import type { Pass, PaymentStatus } from '@b-ticketing/core'
import type { Random } from '../../simulation/src/random.ts'
import type { Crew } from './crew.ts'
import { Refused } from './engine-child.ts'
import type { Answered, Asked, MethodName, RoomName } from './engine-talk.ts'

/** What the crowd was told, for the audit. */
export interface Notes {
  /** What each idempotency key was first answered. */
  readonly requestIds: Map<string, string>
  readonly paid: Set<string>
  /** Of whom money was asked back. */
  readonly refunded: Set<string>
  readonly numbers: Map<number, string>
  /** Answers that nobody should have had. */
  readonly surprises: string[]
  /** Calls that were answered, and those that found a store or process away. */
  answered: number
  away: number
}

export const newNotes = (): Notes => ({
  ...{ requestIds: new Map(), paid: new Set(), refunded: new Set(), numbers: new Map(), surprises: [] },
  ...{ answered: 0, away: 0 },
})

/** Refusals that a sale may give a buyer who does nothing wrong. */
const refusals = [
  ...['PASS_EXPIRED', 'HOLD_EXPIRED', 'NOT_FOUND', 'PAYMENT_IN_PROGRESS', 'ALREADY_PAID', 'OUTCOME_UNKNOWN'],
  ...['EPOCH_OVER', 'IDEMPOTENCY_IN_FLIGHT', 'POLL_TOO_EARLY'],
]
const tokens = [
  'tok_approve',
  'tok_approve',
  'tok_approve',
  'tok_decline',
  'tok_duplicate',
  'tok_late',
  'tok_slow',
] as const

interface Errand {
  readonly crew: Crew
  readonly scheduleId: string
  readonly visitor: string
  readonly random: Random
  readonly notes: Notes
  readonly over: () => boolean
}

/** Thrown to end an errand that leads no further. */
class Leaves extends Error {}

/** One visitor, from the line to the mail or wherever the errand ends; whatever is away is asked again, with the same ids. */
export async function shop(errand: Errand): Promise<void> {
  const { notes, visitor, random } = errand
  try {
    const pass = await enter(errand)
    if (random.chance(0.1)) await forge(errand, pass)
    const holdId = await hold(errand, pass)
    const way = random.next()
    if (way < 0.1) await insist(errand, 'seating', 'release', { pass, holdId })
    else if (way > 0.15) await pay(errand, pass, holdId)
    await insist(errand, 'house', 'leave', { scheduleId: errand.scheduleId, visitor, pass })
  } catch (error) {
    if (error instanceof Leaves) return
    if (error instanceof Refused && refusals.includes(error.code)) return
    notes.surprises.push(`${visitor}: ${String(error)}`)
  }
}

/** Asks until somebody answers, and not after the sale is over. */
async function insist<Room extends RoomName, Method extends MethodName<Room>>(
  { crew, notes, over }: Errand,
  room: Room,
  method: Method,
  params: Asked<Room, Method>,
): Promise<Answered<Room, Method>> {
  while (!over()) {
    try {
      const answer = await crew.ask(room, method, params)
      notes.answered++
      return answer
    } catch (error) {
      if (!(error instanceof Refused) || !['GONE', 'BUSY'].includes(error.code)) throw error
      notes.away++
      await sleep(300)
    }
  }
  throw new Leaves()
}

async function enter(errand: Errand): Promise<Pass> {
  const { scheduleId, visitor, notes } = errand
  const join = { scheduleId, visitor, operationId: `join-${visitor}` }
  let { status, ticket } = await insist(errand, 'waitingRoom', 'join', join)
  if (status.number !== null) {
    const other = notes.numbers.get(status.number)
    if (other !== undefined && other !== visitor) notes.surprises.push(`I9: number ${status.number} twice`)
    notes.numbers.set(status.number, visitor)
  }
  while (status.state !== 'admitted') {
    if (status.state !== 'waiting') throw new Leaves()
    await sleep(200)
    const next = await insist(errand, 'waitingRoom', 'status', { ticket })
    ticket = next.ticket
    status = next
  }
  return status.pass
}

/** I10: a pass that somebody wrote himself opens nothing. */
async function forge(errand: Errand, pass: Pass): Promise<void> {
  const forged = { ...pass, number: pass.number + 1, token: `${pass.token.slice(0, -4)}AAAA` } as Pass
  const answer = await insist(errand, 'seating', 'autoAssign', { pass: forged, quantity: 1 }).catch((error) => error)
  if (answer instanceof Leaves) throw answer
  const isRefused = answer instanceof Refused && ['PASS_REQUIRED', 'PASS_EXPIRED', 'INVALID'].includes(answer.code)
  if (!isRefused) errand.notes.surprises.push(`I10: a forged pass was answered ${JSON.stringify(answer)}`)
}

async function hold(errand: Errand, pass: Pass): Promise<string> {
  const quantity = 1 + errand.random.below(3)
  const held = await insist(errand, 'seating', 'autoAssign', { pass, quantity, operationId: `hold-${errand.visitor}` })
  if (!held.ok) throw new Leaves()
  return held.value.holdId
}

async function pay(errand: Errand, pass: Pass, holdId: string): Promise<void> {
  const { visitor, random, notes } = errand
  const order = {
    ...{ pass, hold: { holdId }, paymentToken: random.pick(tokens), idempotencyKey: `order-${visitor}` },
    buyer: { email: `${visitor}@example.org` },
  }
  const { requestId } = await insist(errand, 'payments', 'request', order)
  notes.requestIds.set(visitor, requestId)
  if (random.chance(0.1)) await askTwice(errand, order)
  if (random.chance(0.05)) await tolerate(insist(errand, 'payments', 'cancel', { requestId, visitor }))
  const status = await decided(errand, requestId)
  if (status.status !== 'COMPLETED') return
  notes.paid.add(requestId)
  if (!random.chance(0.08)) return
  notes.refunded.add(requestId)
  await tolerate(insist(errand, 'bookings', 'cancel', { reservationId: status.reservationId!, visitor }))
}

/** I15: the same key and body, the same answer. */
async function askTwice(errand: Errand, order: Parameters<typeof insist<'payments', 'request'>>[3]): Promise<void> {
  const { requestId } = await insist(errand, 'payments', 'request', order)
  const first = errand.notes.requestIds.get(errand.visitor)
  if (requestId !== first)
    errand.notes.surprises.push(`I15: ${order.idempotencyKey} was ${first}, and then ${requestId}`)
}

async function decided(errand: Errand, requestId: string): Promise<PaymentStatus> {
  for (;;) {
    const status = await insist(errand, 'payments', 'status', { requestId, visitor: errand.visitor })
    if (status.status !== 'PENDING') return status
    await sleep(150)
  }
}

const tolerate = (asked: Promise<unknown>): Promise<unknown> =>
  asked.catch((error) => {
    if (!(error instanceof Refused && refusals.includes(error.code))) throw error
  })
