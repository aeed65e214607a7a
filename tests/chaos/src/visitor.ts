import { setTimeout as sleep } from 'node:timers/promises'
import type { Pass, PaymentStatus } from '@b-ticketing/core'
import type { EngineChild } from './engine-child.ts'
import type { Journey } from './failpoints.ts'

export interface Way {
  readonly engine: EngineChild
  readonly scheduleId: string
  readonly visitor: string
}

/** One visitor's journey, step by step, at one process of the sale. @throws Refused */
export const journeys: Readonly<Record<Journey, (way: Way) => Promise<unknown>>> = {
  buy: (way) => buy(way, 'tok_approve'),
  decline: (way) => buy(way, 'tok_decline'),

  async wait(way) {
    const { engine, scheduleId } = way
    await engine.call('schedules', 'setState', { scheduleId, state: 'paused' })
    const inLine = admitted(way)
    inLine.catch(() => {})
    await until(async () => (await engine.call('waitingRoom', 'stats', { scheduleId })).waiting > 0)
    await engine.call('schedules', 'setState', { scheduleId, state: 'open' })
    return inLine
  },

  async 'cancel-payment'(way) {
    const { engine, visitor } = way
    const { requestId } = await pay(way, await hold(way), 'tok_late')
    // The charge is accepted and the answer lost: only now there is something to cancel.
    await until(async () => (await statusOf(way, requestId)).version > 1)
    return engine.call('payments', 'cancel', { requestId, visitor })
  },

  async refund(way) {
    const { reservationId } = await buy(way, 'tok_approve')
    const { visitor } = way
    return way.engine.call('bookings', 'cancel', { reservationId: reservationId!, visitor })
  },

  async release(way) {
    const { pass, holdId } = await hold(way)
    return way.engine.call('seating', 'release', { pass, holdId })
  },

  async extend(way) {
    const { pass, holdId } = await hold(way)
    await way.engine.call('house', 'advance', { ms: 1_000 })
    return way.engine.call('seating', 'extend', { pass, holdId, operationId: `extend-${way.visitor}` })
  },

  async leave(way) {
    const { pass } = await hold(way)
    const { scheduleId, visitor } = way
    return way.engine.call('house', 'leave', { scheduleId, visitor, pass })
  },
}

async function admitted({ engine, scheduleId, visitor }: Way): Promise<Pass> {
  const join = { scheduleId, visitor, operationId: `join-${visitor}` }
  let { status, ticket } = await engine.call('waitingRoom', 'join', join)
  while (status.state !== 'admitted') {
    await sleep(50)
    const next = await engine.call('waitingRoom', 'status', { ticket })
    ticket = next.ticket
    status = next
  }
  return status.pass
}

export async function hold(way: Way): Promise<{ readonly pass: Pass; readonly holdId: string }> {
  const pass = await admitted(way)
  const held = await way.engine.call('seating', 'autoAssign', { pass, quantity: 2, operationId: `hold-${way.visitor}` })
  if (!held.ok) throw new Error(`${way.visitor} gets no seats: ${held.reason}`)
  return { pass, holdId: held.value.holdId }
}

export const pay = (way: Way, { pass, holdId }: { pass: Pass; holdId: string }, paymentToken: string) =>
  way.engine.call('payments', 'request', {
    ...{ pass, hold: { holdId }, paymentToken, idempotencyKey: `order-${way.visitor}` },
    buyer: { email: `${way.visitor}@example.org`, locale: 'ko' },
  })

export const statusOf = ({ engine, visitor }: Way, requestId: string): Promise<PaymentStatus> =>
  engine.call('payments', 'status', { requestId, visitor })

export async function buy(way: Way, paymentToken: string): Promise<PaymentStatus> {
  const { requestId } = await pay(way, await hold(way), paymentToken)
  for (;;) {
    const status = await statusOf(way, requestId)
    if (status.status !== 'PENDING') return status
    await sleep(30)
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(30)
}
