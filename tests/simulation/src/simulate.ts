import type { Adapters, PaymentRecord } from '@b-ticketing/core'
import type { MemoryRecord } from '@b-ticketing/core/memory'
import { createHoldCheck } from './check/hold-check.ts'
import { createLineCheck } from './check/line-check.ts'
import { createMessageCheck } from './check/message-check.ts'
import { createRecordCheck } from './check/record-check.ts'
import { judgeRest } from './check/rest-check.ts'
import { createSettingsWatch } from './check/settings-watch.ts'
import { createCluster } from './cluster.ts'
import { createDesk } from './desk.ts'
import { visit } from './fan.ts'
import { calm, type Weather } from './faults.ts'
import { createSimulatedGateway } from './gateway.ts'
import { createJournal, type Journal } from './journal.ts'
import { openSale, operate } from './operator.ts'
import { createPlan, type Incident, type Plan } from './plan.ts'
import { createRandom } from './random.ts'
import { prowl } from './rogue.ts'
import { type Actor, nothingOverheard, type Stage, scheduleId } from './sale.ts'
import { createScheduler } from './scheduler.ts'
import { createMailServer, createStores } from './stores.ts'
import { tap } from './tap.ts'
import { createTracedRecord } from './traced-record.ts'
import { createWitness, type Witness } from './witness.ts'

export interface SaleReport {
  readonly seed: number
  readonly findings: readonly string[]
  readonly steps: number
  /** Virtual seconds. */
  readonly seconds: number
  readonly counts: ReadonlyMap<string, number>
  readonly looks: ReadonlyMap<string, number>
  readonly hash: string
  readonly journal: readonly string[]
}

type Ports = Omit<Adapters, 'close'>

/** What a test takes away: a guard of this port or that, before anybody uses them. */
export type Sabotage = { readonly [Name in keyof Ports]?: (port: Ports[Name], record: MemoryRecord) => Ports[Name] }

function sabotaged(ports: Ports, sabotage: Sabotage, record: MemoryRecord): Ports {
  const weaken = sabotage as Readonly<Record<string, ((port: unknown, record: MemoryRecord) => unknown) | undefined>>
  return Object.fromEntries(
    Object.entries(ports).map(([name, port]) => [name, weaken[name]?.(port, record) ?? port]),
  ) as unknown as Ports
}

const start = 1_800_000_000_000
/** How long after the trouble everything must have come to rest. */
const restWithinMs = 400_000
const lookAtRestEveryMs = 4_000

/** One sale from its opening to its rest. The same seed gives the same journal, line by line. */
export async function simulate(p: { readonly seed: number; readonly sabotage?: Sabotage }): Promise<SaleReport> {
  const plan = createPlan(p.seed)
  const random = createRandom(p.seed ^ 0x5eed)
  const scheduler = createScheduler({ random: random.fork(), start })
  const journal = createJournal({ now: scheduler.now, start })
  const witness = createWitness(journal)
  const weather: Weather = { profile: calm, down: new Set() }
  const world = scheduler.process()
  const machine = scheduler.process()
  const record = createTracedRecord()

  const stores = createStores({ plan, record, machine, random: random.fork() })
  const inForce = createSettingsWatch({ record, now: scheduler.now })
  const line = createLineCheck({ now: scheduler.now, inForce, witness, journal })
  const holds = createHoldCheck({
    now: scheduler.now,
    maxSeats: plan.settings.maxSeatsPerVisitor ?? 4,
    witness,
    journal,
  })
  const messages = createMessageCheck({ witness, journal })
  const recordCheck = createRecordCheck({
    record,
    venue: plan.venue,
    witness,
    journal,
    onFreed: (payment) => onFreed(payment),
  })
  const onUntyped = (what: string, error: unknown): void =>
    witness.check('typed errors', false, () => `${what} threw ${error instanceof Error ? error.stack : String(error)}`)
  const gateway = createSimulatedGateway({
    world,
    random: random.fork(),
    journal,
    desk: () => desk,
    quiet: plan.weather === calm,
  })
  const mailServer = createMailServer({ random: random.fork(), troubled: () => weather.profile !== calm })
  const raw = sabotaged({ ...stores.adapters, gateway: gateway.port, notifier: mailServer }, p.sabotage ?? {}, record)

  const cluster = createCluster({
    adapters: {
      ...raw,
      admissionQueue: tap(raw.admissionQueue, line.ears),
      bookingStore: tap(raw.bookingStore, recordCheck.ears),
      lockStore: tap(raw.lockStore, { acquire: (_q, reply) => reply.ok || journal.met('lock refused') }),
      seatInventory: tap(raw.seatInventory, holds.ears),
      eventBus: tap(raw.eventBus, messages.busEars),
      outbox: tap(raw.outbox, messages.outboxEars),
      notifier: tap(raw.notifier, messages.notifierEars),
    },
    plans: plan.processes,
    weather,
    scheduler,
    random: random.fork(),
    journal,
    world,
    onUntyped: (error) => onUntyped('a process', error),
  })
  const desk = createDesk({ cluster, world, random: random.fork(), journal, onUntyped })
  const overheard = nothingOverheard()
  const stage: Stage = { plan, venue: plan.venue, desk, world, journal, witness, overheard, now: scheduler.now }
  const actor = (name: string): Actor => ({ name, random: random.fork() })

  const onIncident = async (incident: Incident): Promise<void> => {
    await world.runtime.sleep({ ms: incident.atMs })
    if (incident.do === 'kill') cluster.kill(incident.process)
    else if (incident.do === 'freeze') {
      journal.met('freeze')
      journal.say('world', `process ${incident.process + 1} stops for ${incident.forMs} ms`)
      cluster.freeze(incident.process, incident.forMs)
    } else if (incident.do === 'operate') await operate(stage, actor('operator'), incident.act)
    else if (incident.do === 'lose') {
      if (incident.store === 'admissionQueue') line.lost()
      if (incident.store === 'seatInventory') holds.lost()
      journal.met(`loss of ${incident.store}`)
      journal.say(incident.store, `loses its data: ${stores.lose(incident.store)}`)
    } else {
      weather.down.add(incident.port)
      journal.say(incident.port, `is down for ${incident.forMs} ms`)
      await world.runtime.sleep({ ms: incident.forMs })
      weather.down.delete(incident.port)
    }
  }

  const quiet = plan.weather === calm

  /** I3: without any trouble freed seats are free for everybody within 5 s. */
  const watchFreed = async ({ requestId, hold }: PaymentRecord): Promise<void> => {
    await world.runtime.sleep({ ms: 5_000 })
    for (const { section } of hold.parts) {
      const owners = await raw.seatInventory.owners({ scheduleId, section })
      const kept = owners === 'missing' ? [] : owners.filter((owner) => owner.requestId === requestId)
      const again = record.rows<PaymentRecord>('payment').get(requestId)?.state === 'COMPLETED'
      witness.check(
        'I3',
        again || kept.length === 0,
        () => `5 s after ${requestId} failed it still has ${kept.length} seats`,
      )
    }
  }
  const onFreed = (payment: PaymentRecord): void => void (quiet && aside(watchFreed(payment)))

  let rested = false
  let failed: unknown
  /** Work beside the tale: what goes wrong in it ends the sale at once. */
  const aside = (work: Promise<void>): Promise<void> =>
    work.catch((error: unknown) => {
      failed ??= error
    })
  const tale = async (): Promise<void> => {
    await createSale(stage)
    weather.profile = plan.weather
    const come = async (fan: Actor): Promise<void> => {
      await world.runtime.sleep({ ms: fan.random.below(plan.arriveWithinMs) })
      await visit(stage, fan)
    }
    const crowd = Array.from({ length: plan.fans }, (_, i) => aside(come(actor(`fan-${i + 1}`))))
    const acts = [prowl(stage, actor('rogue')), openSale(stage, actor('operator')), ...plan.incidents.map(onIncident)]
    const others = acts.map(aside)
    await world.runtime.sleep({ ms: plan.troubleMs })
    weather.profile = calm
    weather.down.clear()
    gateway.heal()
    cluster.settle()
    journal.say('world', 'the trouble is over')
    await Promise.all([...crowd, ...others])
    journal.say('world', 'everybody has gone')
    await comeToRest({
      stage,
      look: () => judgeRest({ record, venue: plan.venue, ledger: gateway.ledger(), mails: messages.mails, ...raw }),
    })
    rested = true
  }
  void aside(tale())
  const until = start + 3_600_000
  const steps = await scheduler.run({
    until,
    done: () => rested || failed !== undefined || witness.findings.length > 0,
    after: () => {
      recordCheck.look()
      inForce.look()
    },
  })
  if (failed !== undefined) onUntyped('the tale', failed)
  else witness.check('I5', rested || witness.findings.length > 0, () => 'the sale never came to its rest')
  return reportOf(plan, journal, witness, steps, scheduler.now())
}

async function createSale(stage: Stage): Promise<void> {
  const { plan, desk, world } = stage
  const opensAt = plan.opensInMs === null ? null : stage.now() + plan.opensInMs
  const { venue, settings, state } = plan
  await world.runtime.sleep({ ms: 1 })
  const answer = await desk.insist({
    actor: 'operator',
    what: 'create the sale',
    tries: 20,
    call: (engine) => engine.schedules.create({ scheduleId, venue, settings, state, opensAt, by: 'operator' }),
  })
  // It exists: the answer to an earlier try was lost.
  const made = answer.is === 'value' || (answer.is === 'refused' && answer.code === 'EXISTS')
  if (!made) throw new Error(`the sale was not created: ${answer.is === 'refused' ? answer.error.message : 'silence'}`)
}

/** Looks again and again until everything holds; what still does not when the time is over is a finding. */
async function comeToRest(p: {
  readonly stage: Stage
  readonly look: () => ReturnType<typeof judgeRest>
}): Promise<void> {
  const { stage } = p
  const deadline = stage.now() + restWithinMs
  for (;;) {
    await stage.world.runtime.sleep({ ms: lookAtRestEveryMs })
    const verdicts = await p.look()
    if (verdicts.some(({ holds }) => !holds) && stage.now() < deadline) continue
    for (const { invariant, holds, tell } of verdicts) stage.witness.check(invariant, holds, () => `at rest: ${tell}`)
    return
  }
}

const reportOf = (plan: Plan, journal: Journal, witness: Witness, steps: number, end: number): SaleReport => ({
  seed: plan.seed,
  findings: witness.findings,
  steps,
  seconds: (end - start) / 1_000,
  counts: journal.counts,
  looks: witness.looks,
  hash: journal.hash(),
  journal: journal.lines(),
})
