import type { Pass, QueueStatus, QueueTicket } from '@b-ticketing/core'
import { isPassing } from './desk.ts'
import type { Random } from './random.ts'
import { type Actor, type Stage, scheduleId } from './sale.ts'
import { shop } from './shopper.ts'

/** How somebody behaves in the line. */
const manners = ['patient', 'patient', 'patient', 'repeating', 'sleepy', 'late', 'gone', 'leaving'] as const

/** One visitor from joining to leaving; ends on its own. */
export async function visit(stage: Stage, actor: Actor): Promise<void> {
  const { random } = actor
  const manner = random.pick(manners)
  const visitor = `visitor-${actor.name}`
  for (let lives = 0; lives < 2; lives++) {
    const since = stage.now()
    const ticket = await join(stage, actor, visitor, manner === 'repeating')
    if (!ticket || manner === 'gone') return
    const pass = await wait(stage, actor, { visitor, ticket, manner, since })
    if (pass === 'again') continue
    if (pass) await shop(stage, { actor, visitor, ...pass })
    return
  }
}

async function join(stage: Stage, actor: Actor, visitor: string, twice: boolean): Promise<QueueTicket | null> {
  const operationId = `join-${actor.name}-${actor.random.below(1e6)}`
  const once = () =>
    stage.desk.insist({
      actor: actor.name,
      what: 'join',
      call: (engine) => engine.waitingRoom.join({ scheduleId, visitor, operationId }),
    })
  const [answer, again] = await Promise.all([once(), twice ? once() : null])
  if (answer.is !== 'value') return null
  stage.journal.met('join')
  const { ticket, status } = answer.value
  if (again?.is === 'value' && status.number !== null) {
    const second = again.value.status.number
    // Between the two the line may have been reset: that is a new place.
    if (second !== status.number) stage.journal.met('two answers to one join')
  }
  stage.overheard.tickets.push(ticket)
  return ticket
}

interface Waiting {
  /** When they asked for a place: its number may be older than the answer. */
  readonly since: number
  readonly visitor: string
  readonly ticket: QueueTicket
  readonly manner: (typeof manners)[number]
}

/** Polls as told, or not; null: nothing more will come of it. */
async function wait(
  stage: Stage,
  actor: Actor,
  { visitor, ticket: first, manner, since }: Waiting,
): Promise<{ pass: Pass; ticket: QueueTicket } | 'again' | null> {
  const { desk, world, journal } = stage
  const { random } = actor
  const patience = stage.now() + 60_000 + random.below(60_000)
  let ticket = first
  let before: Seen | null = null
  let naps = manner === 'sleepy' || manner === 'late' ? 1 : 0
  while (stage.now() < patience) {
    const answer = await desk.ask({
      actor: actor.name,
      what: 'status',
      call: (engine) => engine.waitingRoom.status({ ticket, visitor }),
    })
    if (isPassing(answer)) {
      await world.runtime.sleep({ ms: 300 + random.below(700) })
      continue
    }
    if (answer.is === 'refused')
      return answer.code === 'EPOCH_OVER' || answer.code === 'TICKET_INVALID' ? 'again' : null
    if (answer.is === 'silence') continue
    const status = answer.value
    ticket = status.ticket
    before = keepsItsPlace(stage, before, status, since)
    if (status.state === 'admitted') {
      journal.met('admitted')
      stage.overheard.passes.push({ token: status.pass.token, visitor })
      return { pass: status.pass, ticket }
    }
    if (status.state === 'expired') return random.chance(0.7) ? 'again' : null
    if (status.state === 'ended' || status.state === 'left') return null
    if (manner === 'leaving' && random.chance(0.3)) {
      await desk.insist({
        actor: actor.name,
        what: 'leave the line',
        call: (engine) => engine.leave({ scheduleId, visitor, ticket }),
      })
      return null
    }
    await world.runtime.sleep({ ms: pause(stage, random, status.nextPollMs, manner, () => naps-- > 0) })
  }
  return null
}

/** Sleepy ones miss their claim window and come back within grace; late ones after it. */
function pause(stage: Stage, random: Random, asTold: number, manner: Waiting['manner'], naps: () => boolean): number {
  const { claimWindowSeconds = 90, graceSeconds = 600 } = stage.plan.settings
  if ((manner === 'sleepy' || manner === 'late') && random.chance(0.6) && naps()) {
    const window = claimWindowSeconds * 1_000
    return manner === 'sleepy' ? window + random.below(graceSeconds * 1_000 + 1) : window + graceSeconds * 1_000 + 5_000
  }
  // Nobody's patience is as long as a pre-queue: the simulation's sales are short.
  return Math.min(asTold, 4_000)
}

interface Seen {
  readonly status: QueueStatus
  readonly at: number
  /** Once they looked away for so long that they may have missed an offer: the late are served by number, so others may step in front. */
  readonly missed: boolean
}

/** W10, W15: the number stays, and the shown position does not rise by rising document version. */
function keepsItsPlace(stage: Stage, before: Seen | null, status: QueueStatus, since: number): Seen {
  const window = (stage.plan.settings.claimWindowSeconds ?? 90) * 1_000
  const at = stage.now()
  if (!before) return { status, at, missed: at - since >= window / 2 }
  const missed = before.missed || at - before.at >= window / 2
  const { number, ahead, documentVersion } = before.status
  if (number === null || status.number === null) return { status, at, missed }
  if (status.state !== 'expired')
    stage.witness.check('W10', status.number === number, () => `number ${number} became ${status.number}`)
  const comparable =
    status.state === 'waiting' && before.status.state === 'waiting' && status.documentVersion > documentVersion
  // Who rebuilds a lost line may know less of how far it had come than whom this visitor asked before.
  const lost = stage.journal.counts.has('loss of admissionQueue')
  if (!missed && !lost && comparable && ahead !== null && status.ahead !== null) {
    const rose = status.ahead > ahead
    stage.witness.check('W15', !rose, () => `number ${number}: ${ahead} ahead became ${status.ahead}`)
  }
  return { status, at, missed }
}
