import { type Runtime, TicketingError } from '@b-ticketing/core'
import type { Journal } from './journal.ts'
import type { Random } from './random.ts'

/** Chances per port call. */
export interface FaultProfile {
  /** Refused before anything happened. */
  readonly fail: number
  /** Done, but the answer is lost. */
  readonly lose: number
  /** Done twice: the reply of the second is answered. */
  readonly repeat: number
  /** Held up, before or after. */
  readonly delay: number
  readonly maxDelayMs: number
}

export const calm: FaultProfile = { fail: 0, lose: 0, repeat: 0, delay: 0, maxDelayMs: 0 }

/** Faults of one sale; the world changes them as it goes. */
export interface Weather {
  profile: FaultProfile
  /** Ports that answer nothing at all for now: a service that is down. */
  readonly down: Set<string>
}

/** The n-th call of a method by a process, before or after which that process dies, or stops for so long. */
export interface Failpoint {
  readonly port: string
  readonly method: string
  readonly nth: number
  readonly when: 'before' | 'after'
  /** Null: it dies. */
  readonly stopsForMs: number | null
}

/** What a decorated port needs to know of the process that uses it. */
export interface Caller {
  readonly name: string
  readonly runtime: Runtime
  readonly alive: () => boolean
  /** Aborts at its death. */
  readonly death: AbortSignal
  readonly kill: () => void
  readonly freeze: (ms: number) => void
  readonly thawed: () => Promise<void>
  readonly failpoint: Failpoint | null
}

const never = new Promise<never>(() => {})

/** A port whose calls fail, get lost, are repeated or come late, as the seed says; nothing of it reaches a dead process. */
export function withFaults<Port extends object>(p: {
  readonly name: string
  readonly port: Port
  readonly weather: Weather
  readonly random: Random
  readonly caller: Caller
  readonly journal: Journal
}): Port {
  const { name, weather, random, caller, journal } = p
  const calls = new Map<string, number>()
  const lost = (what: string): TicketingError =>
    new TicketingError(random.chance(0.8) ? 'BUSY' : 'STORE_FAULT', `${name}: ${what} (injected)`, { retryInMs: 100 })

  return new Proxy(p.port, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver)
      if (typeof member !== 'function' || typeof property !== 'string' || property === 'subscribe') return member
      const note = (fault: string, detail = ''): void => {
        journal.met(`fault ${fault}`)
        journal.say(caller.name, `fault: ${name}.${property} ${fault}${detail}`)
      }
      const reach = (when: 'before' | 'after', nth: number): void => {
        const point = caller.failpoint
        if (point?.port !== name || point.method !== property || point.when !== when || point.nth !== nth) return
        if (point.stopsForMs === null) {
          note('kill', ` ${when} call ${nth}`)
          caller.kill()
        } else {
          note('stop', ` ${when} call ${nth} for ${point.stopsForMs} ms`)
          caller.freeze(point.stopsForMs)
        }
      }
      return async (...args: unknown[]): Promise<unknown> => {
        const nth = (calls.get(property) ?? 0) + 1
        calls.set(property, nth)
        reach('before', nth)
        const call = async (): Promise<unknown> => {
          await caller.thawed()
          if (!caller.alive()) return never
          const reply: unknown = await Reflect.apply(member, target, args)
          await caller.thawed()
          return caller.alive() ? reply : never
        }
        const { fail, lose, repeat, delay, maxDelayMs } = weather.profile
        const roll = random.next()
        const late = random.chance(delay) ? random.below(maxDelayMs) + 1 : 0
        const before = random.chance(0.5)
        if (weather.down.has(name)) {
          note('down')
          throw lost('is down')
        }
        if (late > 0) note('delay', ` ${late} ms ${before ? 'before' : 'after'}`)
        if (late > 0 && before) await caller.runtime.sleep({ ms: late })
        if (roll < fail) {
          note('fail')
          throw lost('refused')
        }
        const reply = await call()
        reach('after', nth)
        await caller.thawed()
        if (!caller.alive()) return never
        if (late > 0 && !before) await caller.runtime.sleep({ ms: late })
        if (roll < fail + lose) {
          note('lose')
          throw lost('reply lost')
        }
        if (roll < fail + lose + repeat) {
          note('repeat')
          return call()
        }
        return reply
      }
    },
  })
}
