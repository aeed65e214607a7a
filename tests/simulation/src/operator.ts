import type { SaleSettings } from '@b-ticketing/core'
import type { OperatorAct } from './plan.ts'
import { type Actor, type Call, type Stage, scheduleId } from './sale.ts'

/** Opens a sale that nobody else would open, in time for the visitors to buy something. */
export async function openSale(stage: Stage, actor: Actor): Promise<void> {
  const { plan, world, desk } = stage
  if (plan.state === 'open' || plan.opensInMs !== null) return
  await world.runtime.sleep({ ms: 3_000 + actor.random.below(6_000) })
  const states = plan.state === 'scheduled' ? (['prequeue', 'open'] as const) : (['open'] as const)
  for (const state of states) {
    await desk.insist({
      actor: actor.name,
      what: `state ${state}`,
      tries: 60,
      call: (engine) => engine.schedules.setState({ scheduleId, state, by: actor.name }),
    })
  }
}

export async function operate(stage: Stage, actor: Actor, act: OperatorAct): Promise<void> {
  const { random } = actor
  const ask = <T>(what: string, call: Call<T>) => stage.desk.insist({ actor: actor.name, what, call, tries: 20 })
  const set = (settings: Partial<SaleSettings>) =>
    ask(`set ${JSON.stringify(settings)}`, (engine) => engine.schedules.setSettings({ scheduleId, settings }))
  stage.journal.met(`operator ${act}`)
  switch (act) {
    case 'capacity':
      return void (await set({ capacity: random.chance(0.2) ? null : 1 + random.below(9) }))
    case 'rate':
      return void (await set({ ratePerMinute: random.chance(0.2) ? null : 30 + random.below(600) }))
    case 'group-size':
      return void (await set({ groupSize: 1 + random.below(9) }))
    case 'hold-ttl':
      return void (await set({ holdTtlSeconds: 2 + random.below(10) }))
    case 'pause':
      await ask('pause', (engine) => engine.schedules.setState({ scheduleId, state: 'paused' }))
      await stage.world.runtime.sleep({ ms: 1_000 + random.below(6_000) })
      return void (await ask('go on', (engine) => engine.schedules.setState({ scheduleId, state: 'open' })))
    case 'reset':
      return void (await ask('reset', (engine) => engine.schedules.reset({ scheduleId })))
    case 'block':
    case 'unblock':
      return block(stage, actor, act === 'block')
    case 'refund':
      return refund(stage, actor)
    case 'resend':
      return resend(stage, actor)
    case 'drain':
      await ask('drain', (engine) => engine.schedules.setState({ scheduleId, state: 'draining' }))
      if (random.chance(0.5)) return
      await stage.world.runtime.sleep({ ms: random.below(10_000) })
      return void (await ask('end', (engine) => engine.schedules.setState({ scheduleId, state: 'ended' })))
  }
}

async function block(stage: Stage, { name, random }: Actor, blocked: boolean): Promise<void> {
  const seats = stage.venue.sections.flatMap((section) => section.rows.flatMap((row) => row.seats))
  const from = random.below(seats.length)
  const seatIds = seats.slice(from, from + 1 + random.below(3)).map(({ seatId }) => seatId)
  const what = `${blocked ? 'block' : 'unblock'} ${seatIds.join(' ')}`
  await stage.desk.insist({
    actor: name,
    what,
    call: (engine) => engine.seating.block({ scheduleId, seatIds, blocked }),
  })
}

async function refund(stage: Stage, { name, random }: Actor): Promise<void> {
  const { reservationIds } = stage.overheard
  if (reservationIds.length === 0) return
  const reservationId = random.pick(reservationIds)
  await stage.desk.insist({ actor: name, what: 'refund', call: (engine) => engine.bookings.cancel({ reservationId }) })
}

async function resend(stage: Stage, { name, random }: Actor): Promise<void> {
  const { reservationIds } = stage.overheard
  if (reservationIds.length === 0) return
  const reservationId = random.pick(reservationIds)
  await stage.desk.insist({ actor: name, what: 'resend', call: (engine) => engine.notices.resend({ reservationId }) })
}
