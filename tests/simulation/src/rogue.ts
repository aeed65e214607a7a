import type { Engine, Pass } from '@b-ticketing/core'
import type { Random } from './random.ts'
import { type Actor, type Call, type Stage, scheduleId } from './sale.ts'

/** Somebody without any right of their own: forges, overhears, and talks nonsense. Nothing may ever come of it (I10). */
export async function prowl(stage: Stage, actor: Actor): Promise<void> {
  const { random, name } = actor
  const tries = 6 + random.below(10)
  for (let i = 0; i < tries; i++) {
    await stage.world.runtime.sleep({ ms: random.below(5_000) })
    const trick = random.pick(tricks)
    const call = trick.prepare(stage, random, `rogue-${name}`)
    if (!call) continue
    const answer = await stage.desk.ask({ actor: name, what: trick.name, call })
    stage.journal.met(`trick ${trick.name}`)
    stage.witness.check('I10', answer.is !== 'value' || isRefusal(answer.value), () => `${trick.name} was let through`)
  }
}

/** A typed refusal, or a list without anything in it, gives nothing away. */
const isRefusal = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null) return value === null || value === 'parked' || value === 'repeated'
  if ('items' in value) return (value.items as unknown[]).length === 0
  return Array.isArray(value) ? value.length === 0 : 'ok' in value && value.ok === false
}

interface Trick {
  readonly name: string
  /** Null: nothing overheard yet that it would need. */
  prepare(stage: Stage, random: Random, visitor: string): Call<unknown> | null
}

const trick = (name: string, prepare: Trick['prepare']): Trick => ({ name, prepare })

/** One character of a token changed for another. */
function alter(token: string, random: Random): string {
  const at = random.below(token.length)
  const other = token[at] === 'A' ? 'B' : 'A'
  return `${token.slice(0, at)}${other}${token.slice(at + 1)}`
}

const nonsense: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1e21,
  '',
  ' ',
  'ü',
  'a'.repeat(70),
  '__proto__',
  "'; DROP TABLE",
  [],
  [null],
  {},
  () => {},
]

const methods: readonly ((engine: Engine, junk: () => never) => Promise<unknown>)[] = [
  (engine, junk) => engine.waitingRoom.join({ scheduleId: junk(), visitor: junk() }),
  (engine, junk) => engine.waitingRoom.status({ ticket: junk() }),
  (engine, junk) => engine.waitingRoom.verifyPass({ token: junk() }),
  (engine, junk) => engine.waitingRoom.leave(junk()),
  (engine, junk) => engine.seating.select({ pass: junk(), seatIds: junk() }),
  (engine, junk) => engine.seating.autoAssign({ pass: junk(), quantity: junk() }),
  (engine, junk) => engine.seating.map({ scheduleId: junk() }),
  (engine, junk) => engine.seating.block({ scheduleId, seatIds: junk(), blocked: junk() }),
  (engine, junk) => engine.payments.request(junk()),
  (engine, junk) => engine.payments.status({ requestId: junk(), visitor: junk() }),
  (engine, junk) => engine.payments.cancel({ requestId: junk(), visitor: junk() }),
  (engine, junk) => engine.bookings.get({ reservationId: junk(), visitor: 'nobody' }),
  (engine, junk) => engine.bookings.cancel({ reservationId: junk(), visitor: 'nobody' }),
  (engine, junk) => engine.schedules.setSettings({ scheduleId, settings: { capacity: -1, groupSize: junk() } }),
  (engine, junk) => engine.schedules.setState({ scheduleId: junk(), state: junk() }),
  (engine, junk) => engine.schedules.create({ scheduleId: junk(), venue: junk() }),
]

const overheard = <T>(random: Random, list: readonly T[]): T | null => (list.length === 0 ? null : random.pick(list))

const tricks: readonly Trick[] = [
  trick('an altered ticket', ({ overheard: { tickets } }, random) => {
    const ticket = overheard(random, tickets)
    return ticket === null ? null : (engine) => engine.waitingRoom.status({ ticket: alter(ticket, random) })
  }),
  trick("somebody else's ticket", ({ overheard: { tickets } }, random, visitor) => {
    const ticket = overheard(random, tickets)
    return ticket === null ? null : (engine) => engine.waitingRoom.status({ ticket, visitor })
  }),
  trick('a ticket for a pass', ({ overheard: { tickets } }, random) => {
    const token = overheard(random, tickets)
    return token === null ? null : (engine) => engine.waitingRoom.verifyPass({ token })
  }),
  trick('an altered pass', ({ overheard: { passes } }, random) => {
    const pass = overheard(random, passes)
    return pass === null ? null : (engine) => engine.waitingRoom.verifyPass({ token: alter(pass.token, random) })
  }),
  trick("somebody else's pass", ({ overheard: { passes } }, random, visitor) => {
    const pass = overheard(random, passes)
    return pass === null ? null : (engine) => engine.waitingRoom.verifyPass({ token: pass.token, visitor })
  }),
  trick('a pass for a ticket', ({ overheard: { passes } }, random) => {
    const pass = overheard(random, passes)
    return pass === null ? null : (engine) => engine.waitingRoom.status({ ticket: pass.token })
  }),
  trick("paying somebody else's hold", ({ overheard: { holdIds, passes } }, random, visitor) => {
    const holdId = overheard(random, holdIds)
    const own = passes.find((pass) => pass.visitor === visitor)
    if (holdId === null || own) return null
    return async (engine) => {
      const pass = await ownPass(engine, visitor)
      if (pass === null) return null
      const buyer = { email: 'rogue@example.org' }
      return engine.payments.request({
        pass,
        hold: { holdId },
        buyer,
        paymentToken: 'tok_approve',
        idempotencyKey: 'rogue',
      })
    }
  }),
  trick("releasing somebody else's hold", ({ overheard: { holdIds } }, random, visitor) => {
    const holdId = overheard(random, holdIds)
    if (holdId === null) return null
    return async (engine) => {
      const pass = await ownPass(engine, visitor)
      // Whether anything was released is seen at the store: a hold that is gone may be released again.
      if (pass !== null) await engine.seating.release({ pass, holdId })
      return null
    }
  }),
  trick("reading somebody else's hold", ({ overheard: { holdIds } }, random, visitor) => {
    const holdId = overheard(random, holdIds)
    if (holdId === null) return null
    return async (engine) => {
      const pass = await ownPass(engine, visitor)
      return pass === null ? null : engine.seating.hold({ pass, holdId })
    }
  }),
  trick("somebody else's payment", ({ overheard: { requestIds } }, random, visitor) => {
    const requestId = overheard(random, requestIds)
    return requestId === null ? null : (engine) => engine.payments.status({ requestId, visitor })
  }),
  trick("cancelling somebody else's payment", ({ overheard: { requestIds } }, random, visitor) => {
    const requestId = overheard(random, requestIds)
    return requestId === null ? null : (engine) => engine.payments.cancel({ requestId, visitor })
  }),
  trick("somebody else's reservation", ({ overheard: { reservationIds } }, random, visitor) => {
    const reservationId = overheard(random, reservationIds)
    return reservationId === null ? null : (engine) => engine.bookings.get({ reservationId, visitor })
  }),
  trick("cancelling somebody else's reservation", ({ overheard: { reservationIds } }, random, visitor) => {
    const reservationId = overheard(random, reservationIds)
    return reservationId === null ? null : (engine) => engine.bookings.cancel({ reservationId, visitor })
  }),
  trick('a charge nobody asked for', (_stage, random, visitor) => {
    const requestId = `unknown-${random.below(1e9)}`
    const amount = { value: 1, currency: 'KRW' }
    return (engine) =>
      engine.payments.settle({
        requestId,
        event: { type: 'charge.succeeded', key: requestId, requestId, amount },
        source: visitor,
      })
  }),
  trick('a forged success', ({ overheard: { requestIds } }, random, visitor) => {
    const requestId = overheard(random, requestIds)
    if (requestId === null) return null
    const amount = { value: 1, currency: 'KRW' }
    // Whatever comes of it is judged by the ledger: a claim to have been charged is no charge.
    return async (engine) => {
      await engine.payments.settle({
        requestId,
        event: { type: 'charge.succeeded', key: requestId, requestId, amount },
        source: visitor,
      })
      return null
    }
  }),
  trick('nonsense', (_stage, random) => {
    const method = random.pick(methods)
    return (engine) => method(engine, () => random.pick(nonsense) as never)
  }),
]

/** A place of one's own, honestly come by; null while it waits. */
async function ownPass(engine: Engine, visitor: string): Promise<Pass | null> {
  const { status } = await engine.waitingRoom.join({ scheduleId, visitor })
  return status.state === 'admitted' ? status.pass : null
}
