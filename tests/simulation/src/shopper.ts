import type { Hold, Pass, PaymentStatus, QueueTicket } from '@b-ticketing/core'
import { type Answer, isPassing } from './desk.ts'
import { createPriceList } from './prices.ts'
import { type Actor, type Stage, scheduleId } from './sale.ts'
import { tokens } from './tokens.ts'

/** One visitor who was admitted. */
export interface Shopper {
  readonly actor: Actor
  readonly visitor: string
  readonly pass: Pass
  readonly ticket: QueueTicket
}

/** Seats, perhaps a payment, perhaps regret; then out, politely or not. */
export async function shop(stage: Stage, shopper: Shopper): Promise<void> {
  const { random } = shopper.actor
  if (random.chance(0.04)) return hoard(stage, shopper)
  const abandons = random.chance(0.1)
  const baskets = 1 + random.below(3)
  for (let i = 0; i < baskets; i++) {
    const hold = await takeSeats(stage, shopper, `basket-${i}`)
    if (!hold) continue
    stage.overheard.holdIds.push(hold.holdId)
    if (abandons) return
    const kept = await changeMind(stage, shopper, hold)
    if (!kept) continue
    await pay(stage, shopper, kept, i)
  }
  if (random.chance(0.2)) await stage.world.runtime.sleep({ ms: random.below(20_000) })
  if (random.chance(0.7)) await leave(stage, shopper)
}

/** Takes seat after seat and lets all of them lapse, again and again, until that is refused. */
async function hoard(stage: Stage, shopper: Shopper): Promise<void> {
  const { name } = shopper.actor
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 5; i++) {
      const operationId = `hoard-${name}-${round}-${i}`
      const answer = await stage.desk.ask({
        actor: name,
        what: 'hoard',
        call: (engine) => engine.seating.autoAssign({ pass: shopper.pass, quantity: 1, operationId }),
      })
      if (answer.is !== 'value' || answer.value.ok) continue
      stage.journal.met(`refused ${answer.value.reason}`)
      if (answer.value.reason !== 'HOLD_LIMIT') return
    }
    await stage.world.runtime.sleep({ ms: (stage.plan.settings.holdTtlSeconds ?? 300) * 1_000 })
  }
}

async function takeSeats(stage: Stage, shopper: Shopper, operationId: string): Promise<Hold | null> {
  const { random, name } = shopper.actor
  const quantity = 1 + random.below(4)
  const byHand = random.chance(0.35)
  const seatIds = byHand ? pickSeats(stage, shopper, quantity) : []
  const wish = {
    quantity,
    ...(random.chance(0.15) && { together: random.pick(['adjacent', 'row', 'any'] as const) }),
    ...(random.chance(0.1) && { preferredSection: random.pick(stage.venue.sections).id }),
    ...(random.chance(0.08) && { accessible: 1 }),
    ...(random.chance(0.08) && { channels: ['club'] }),
    ...(random.chance(0.08) && { explain: true }),
  }
  const unique = `${name}-${operationId}-${random.below(1e6)}`
  const once = () =>
    stage.desk.insist({
      actor: name,
      what: byHand ? `select ${seatIds.join(' ')}` : `assign ${quantity}`,
      call: async (engine) =>
        byHand
          ? engine.seating.select({ pass: shopper.pass, seatIds, operationId: unique })
          : engine.seating.autoAssign({ pass: shopper.pass, ...wish, operationId: unique }),
    })
  const [answer, again] = await Promise.all([once(), random.chance(0.15) ? once() : null])
  if (answer.is !== 'value') return null
  if (!answer.value.ok) {
    stage.journal.met(`refused ${answer.value.reason}`)
    return null
  }
  const hold = answer.value.value
  stage.journal.met('hold')
  if ('allocation' in hold)
    stage.journal.met(`rung ${(hold as { allocation: { score: { rung: number } } }).allocation.score.rung}`)
  checkHold(stage, shopper, hold, byHand ? seatIds.length : quantity)
  // A fast store that forgot everything has forgotten the operation as well.
  if (again?.is === 'value' && again.value.ok && !stage.journal.counts.has('loss of seatInventory')) {
    const other = again.value.value.holdId
    stage.witness.check('H12', other === hold.holdId, () => `one operation, two holds ${hold.holdId} and ${other}`)
  }
  return hold
}

/** Neighbours mostly, sometimes taken ones, rarely nonsense. */
function pickSeats(stage: Stage, { actor: { random } }: Shopper, quantity: number): string[] {
  const row = random.pick(random.pick(stage.venue.sections).rows.concat(stage.venue.sections[0]?.rows ?? []))
  const from = random.below(row.seats.length)
  const picked = row.seats.slice(from, from + quantity).map(({ seatId }) => seatId)
  if (random.chance(0.05)) picked.push(picked[0] ?? 'A-1-1')
  if (random.chance(0.05)) picked.push('nowhere-1-1')
  return picked
}

function checkHold(stage: Stage, { pass, visitor }: Shopper, hold: Hold, quantity: number): void {
  const { witness } = stage
  const price = createPriceList(stage.venue)
  const ids = hold.seats.map(({ seatId }) => seatId)
  const owed = ids.reduce((sum, id) => sum + (price(id) ?? Number.NaN), 0)
  witness.check(
    'I13',
    hold.amount.value === owed,
    () => `hold ${hold.holdId} of ${ids.join(' ')} costs ${hold.amount.value}, not ${owed}`,
  )
  witness.check(
    'H1',
    new Set(ids).size === ids.length && ids.length >= quantity,
    () => `${quantity} wanted, held: ${ids.join(' ')}`,
  )
  witness.check('I10', hold.holder === visitor, () => `hold ${hold.holdId} of ${hold.holder} was given to ${visitor}`)
  witness.check('I3', hold.expiresAt <= pass.expiresAt, () => `hold ${hold.holdId} outlives its pass`)
}

/** Extends, swaps, releases, or lets it lapse; null: there is no hold any more that one would pay for. */
async function changeMind(stage: Stage, shopper: Shopper, hold: Hold): Promise<Hold | null> {
  const { desk } = stage
  const { pass } = shopper
  const { random, name } = shopper.actor
  const { holdId } = hold
  const what = random.pick(['pay', 'pay', 'pay', 'pay', 'extend', 'swap', 'release', 'dawdle'] as const)
  if (what === 'extend') {
    await stage.world.runtime.sleep({ ms: random.below(4_000) })
    const operationId = `extend-${name}-${random.below(1e6)}`
    const answer = await desk.insist({
      actor: name,
      what,
      call: (engine) => engine.seating.extend({ pass, holdId, operationId }),
    })
    return answer.is === 'value' && answer.value.ok ? answer.value.value : hold
  }
  if (what === 'swap') {
    const seatIds = pickSeats(stage, shopper, 1 + random.below(3))
    const replaces = { holdId, version: hold.version }
    const operationId = `swap-${name}-${random.below(1e6)}`
    const answer = await desk.insist({
      actor: name,
      what: `swap for ${seatIds.join(' ')}`,
      call: (engine) => engine.seating.select({ pass, seatIds, operationId, replaces }),
    })
    if (answer.is !== 'value' || !answer.value.ok) return hold
    stage.journal.met('swap')
    return answer.value.value
  }
  if (what === 'release') {
    await desk.insist({ actor: name, what, call: (engine) => engine.seating.release({ pass, holdId }) })
    return null
  }
  if (what === 'dawdle') await stage.world.runtime.sleep({ ms: random.below(14_000) })
  return hold
}

async function pay(stage: Stage, shopper: Shopper, hold: Hold, basket: number): Promise<void> {
  const { desk, journal, witness } = stage
  const { pass } = shopper
  const { random, name } = shopper.actor
  const paymentToken = random.pick(tokens)
  const order = {
    pass,
    hold: random.chance(0.5) ? hold : { holdId: hold.holdId },
    buyer: { email: `${name}@example.org`, name, locale: random.pick(['ko', 'en'] as const) },
    paymentToken,
    idempotencyKey: `key-${basket}`,
    ...(random.chance(0.3) && { amount: hold.amount.value }),
  }
  if (random.chance(0.08)) {
    const cheap = { ...order, amount: 1, idempotencyKey: `cheap-${basket}` }
    const answer = await desk.ask({
      actor: name,
      what: 'pay one won',
      call: (engine) => engine.payments.request(cheap),
    })
    witness.check('I13', answer.is !== 'value', () => 'a payment of another amount was accepted')
  }
  // Some walk away when no answer comes: their pinned seats must find their way back by themselves.
  const tries = random.chance(0.25) ? 1 : 8
  const once = (change: Partial<typeof order> = {}, what = `pay with ${paymentToken}`) =>
    desk.insist({ actor: name, what, tries, call: (engine) => engine.payments.request({ ...order, ...change }) })
  const again = random.chance(0.3)
    ? once(random.chance(0.5) ? {} : { idempotencyKey: `other-${basket}` }, 'pay again')
    : null
  const [first, second] = await Promise.all([once(), again])
  const paid = outcome(first) ?? outcome(second)
  if (!paid) return
  journal.met(`payment ${paymentToken}`)
  const a = outcome(first)
  const b = outcome(second)
  if (a && b)
    witness.check('I15', a.requestId === b.requestId, () => `one hold, two payments ${a.requestId} and ${b.requestId}`)
  stage.overheard.requestIds.push(paid.requestId)
  await reuseKey(stage, shopper, order, outcome(first))
  if (random.chance(0.15)) await cancelPayment(stage, shopper, paid.requestId)
  if (random.chance(0.1)) return
  const end = await followPayment(stage, shopper, paid)
  if (end?.status === 'COMPLETED' && end.reservationId) {
    journal.met('booked')
    stage.overheard.reservationIds.push(end.reservationId)
    if (random.chance(0.15)) await cancelBooking(stage, shopper, end.reservationId)
  }
}

const outcome = <T>(answer: Answer<T> | null): T | null => (answer?.is === 'value' ? answer.value : null)

/** PAY3, PAY4: the same key and body answer the same payment for ever, another body never anything. */
async function reuseKey(
  stage: Stage,
  { actor: { name, random } }: Shopper,
  order: PaymentOrder,
  first: PaymentStatus | null,
): Promise<void> {
  if (!first || !random.chance(0.3)) return
  const same = random.chance(0.6)
  const body = same ? order : { ...order, buyer: { email: 'another@example.org' } }
  const answer = await stage.desk.insist({
    actor: name,
    what: same ? 'repeat the payment' : 'reuse the key',
    call: (engine) => engine.payments.request(body),
  })
  const refusedSame = same && answer.is === 'refused' && answer.code === 'IDEMPOTENCY_KEY_REUSED'
  stage.witness.check('I15', !refusedSame, () => `the same body of ${first.requestId} is another one`)
  if (answer.is === 'value') {
    const { requestId } = answer.value
    stage.witness.check(
      'I15',
      same && requestId === first.requestId,
      () => `key ${order.idempotencyKey} of ${first.requestId} answered ${requestId}`,
    )
  } else if (!same && answer.is === 'refused' && !isPassing(answer)) {
    stage.journal.met('key reused')
  }
}

interface PaymentOrder {
  readonly pass: Pass
  readonly hold: Hold | { readonly holdId: string }
  readonly buyer: { readonly email: string; readonly name?: string; readonly locale?: 'ko' | 'en' }
  readonly paymentToken: string
  readonly idempotencyKey: string
  readonly amount?: number
}

async function cancelPayment(
  stage: Stage,
  { visitor, actor: { name, random } }: Shopper,
  requestId: string,
): Promise<void> {
  await stage.world.runtime.sleep({ ms: random.below(3_000) })
  const answer = await stage.desk.insist({
    actor: name,
    what: 'cancel the payment',
    call: (engine) => engine.payments.cancel({ requestId, visitor }),
  })
  if (answer.is === 'value') stage.journal.met('payment cancel')
}

/** I17: asks until it is decided; what was COMPLETED once is COMPLETED for ever. */
async function followPayment(
  stage: Stage,
  { visitor, actor: { name, random } }: Shopper,
  first: PaymentStatus,
): Promise<PaymentStatus | null> {
  const { requestId } = first
  let last = first
  const patience = stage.now() + 90_000
  while (stage.now() < patience) {
    if (last.status !== 'PENDING' && random.chance(0.7)) return last
    await stage.world.runtime.sleep({ ms: 500 + random.below(2_000) })
    const answer = await stage.desk.ask({
      actor: name,
      what: 'payment status',
      call: (engine) => engine.payments.status({ requestId, visitor }),
    })
    if (answer.is !== 'value') {
      stage.witness.check(
        'I15',
        isPassing(answer),
        () => `payment ${requestId} was there and is ${answer.is === 'refused' ? answer.code : 'gone'}`,
      )
      continue
    }
    const next = answer.value
    const reversed = last.status === 'COMPLETED' && next.status !== 'COMPLETED'
    stage.witness.check('I17', !reversed, () => `payment ${requestId} was COMPLETED and is ${next.status}`)
    last = next
  }
  return last
}

async function cancelBooking(
  stage: Stage,
  { visitor, actor: { name } }: Shopper,
  reservationId: string,
): Promise<void> {
  const once = () =>
    stage.desk.insist({
      actor: name,
      what: 'cancel the reservation',
      call: (engine) => engine.bookings.cancel({ reservationId, visitor }),
    })
  await Promise.all([once(), once()])
  stage.journal.met('booking cancel')
}

async function leave(stage: Stage, { visitor, pass, ticket, actor: { name, random } }: Shopper): Promise<void> {
  const { desk } = stage
  const left = await desk.insist({
    actor: name,
    what: 'leave',
    call: (engine) => engine.leave({ scheduleId, visitor, ticket, pass }),
  })
  // A line that forgot everything believes a pass by its signature until it ends.
  if (left.is !== 'value' || !random.chance(0.3) || stage.journal.counts.has('loss of admissionQueue')) return
  const back = await desk.ask({
    actor: name,
    what: 'assign 1 after leaving',
    call: (engine) => engine.seating.autoAssign({ pass, quantity: 1 }),
  })
  const forgotten = stage.journal.counts.has('loss of admissionQueue')
  stage.witness.check(
    'I10',
    forgotten || back.is !== 'value' || !back.value.ok,
    () => 'a pass that was given back took a seat',
  )
}
