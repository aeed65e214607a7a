import { type Engine, type ErrorCode, isTicketingError, type TicketingError } from '@b-ticketing/core'
import type { Cluster } from './cluster.ts'
import { brief, type Journal } from './journal.ts'
import type { Random } from './random.ts'
import type { VirtualProcess } from './scheduler.ts'

/** What somebody outside hears: a value, a typed refusal, or nothing (the process died, or the answer takes too long). */
export type Answer<T> =
  | { readonly is: 'value'; readonly value: T }
  | { readonly is: 'refused'; readonly code: ErrorCode; readonly error: TicketingError }
  | { readonly is: 'silence' }

/** The way from the outside to any process that is up. */
export interface Desk {
  ask<T>(p: {
    readonly actor: string
    readonly what: string
    readonly call: (engine: Engine) => Promise<T>
  }): Promise<Answer<T>>
  /** Asks until something other than silence or a fault comes back. */
  insist<T>(p: {
    readonly actor: string
    readonly what: string
    readonly call: (engine: Engine) => Promise<T>
    readonly tries?: number
  }): Promise<Answer<T>>
}

const patienceMs = 8_000
const passing: readonly ErrorCode[] = [
  'BUSY',
  'STORE_FAULT',
  'LOCK_BUSY',
  'LOCK_LOST',
  'IDEMPOTENCY_IN_FLIGHT',
  'CLOSED',
]

export const isPassing = (answer: Answer<unknown>): boolean =>
  answer.is === 'silence' || (answer.is === 'refused' && passing.includes(answer.code))

export function createDesk(p: {
  readonly cluster: Cluster
  readonly world: VirtualProcess
  readonly random: Random
  readonly journal: Journal
  /** An error without a code reached the outside. */
  readonly onUntyped: (what: string, error: unknown) => void
}): Desk {
  const { cluster, world, random, journal } = p
  const silence = { is: 'silence' } as const

  const ask: Desk['ask'] = async ({ actor, what, call }) => {
    const live = cluster.live()
    if (live.length === 0) {
      journal.say(actor, `${what} → nobody is there`)
      await world.runtime.sleep({ ms: 200 })
      return silence
    }
    const { name, engine } = random.pick(live)
    const over = new AbortController()
    const patience = world.runtime.sleep({ ms: patienceMs, signal: over.signal }).then(() => silence)
    const answer = await Promise.race([patience, answerOf(what, () => call(engine))])
    over.abort()
    journal.say(actor, `${what} → ${shown(answer)} (${name})`)
    if (answer.is === 'refused') journal.met(`refused ${answer.code}`)
    if (answer.is === 'silence') journal.met('silence')
    return answer
  }

  const answerOf = async <T>(what: string, call: () => Promise<T>): Promise<Answer<T>> => {
    try {
      return { is: 'value', value: await call() }
    } catch (error) {
      if (isTicketingError(error)) return { is: 'refused', code: error.code, error }
      p.onUntyped(what, error)
      return silence
    }
  }

  const insist: Desk['insist'] = async ({ tries = 8, ...question }) => {
    for (let attempt = 1; ; attempt++) {
      const answer = await ask(question)
      if (!isPassing(answer) || attempt >= tries) return answer
      await world.runtime.sleep({ ms: 100 + random.below(400 * attempt) })
    }
  }

  return { ask, insist }
}

const shown = (answer: Answer<unknown>): string => {
  if (answer.is === 'value') return brief(answer.value)
  return answer.is === 'refused' ? answer.code : 'silence'
}
