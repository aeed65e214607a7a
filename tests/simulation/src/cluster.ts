import { type Adapters, createBookingEngine, type Engine, type Observer, type TokenSecret } from '@b-ticketing/core'
import type { Subscription } from '@b-ticketing/core/ports'
import { type Caller, type Failpoint, type Weather, withFaults } from './faults.ts'
import type { Journal } from './journal.ts'
import type { ProcessPlan } from './plan.ts'
import type { Random } from './random.ts'
import type { Scheduler, VirtualProcess } from './scheduler.ts'

/** The processes of one deployment: engines over the same stores, each of which may die at any step and come back. */
export interface Cluster {
  /** Processes that are up, by name. */
  live(): readonly { readonly name: string; readonly engine: Engine }[]
  kill(process: number): void
  freeze(process: number, ms: number): void
  /** Dead processes come back until then; afterwards all of them are up. */
  settle(): void
}

export const tokenSecrets: readonly TokenSecret[] = [
  { kid: 'new', secret: 'a-secret-of-thirty-two-characters-or-more' },
  { kid: 'old', secret: 'another-secret-of-thirty-two-characters' },
]

interface Machine {
  readonly name: string
  readonly plan: ProcessPlan
  engine: Engine | null
  process: VirtualProcess | null
  lives: number
}

export function createCluster(p: {
  readonly adapters: Omit<Adapters, 'close'>
  readonly plans: readonly ProcessPlan[]
  readonly weather: Weather
  readonly scheduler: Scheduler
  readonly random: Random
  readonly journal: Journal
  /** Where restarts are timed: the world's own runtime. */
  readonly world: VirtualProcess
  readonly onUntyped: (error: unknown) => void
}): Cluster {
  const { adapters, weather, scheduler, random, journal, world } = p
  let settling = false

  const machines: Machine[] = p.plans.map((plan, i) => ({
    name: `server-${i + 1}`,
    plan,
    engine: null,
    process: null,
    lives: 0,
  }))

  const observer = (machine: Machine): Observer => ({
    count: () => {},
    gauge: () => {},
    log: (level, message, fields) => {
      if (level === 'warn' || level === 'error') journal.say(machine.name, `${level}: ${message} ${describe(fields)}`)
    },
  })

  const decorate = (caller: Caller, subscriptions: Subscription[]): Omit<Adapters, 'close'> =>
    Object.fromEntries(
      Object.entries(adapters).map(([name, port]) => {
        const faulty = withFaults({ name, port: port as object, weather, random, caller, journal })
        return [name, 'subscribe' in (port as object) ? withMortalSubscriptions(faulty, caller, subscriptions) : faulty]
      }),
    ) as unknown as Omit<Adapters, 'close'>

  const boot = async (machine: Machine): Promise<void> => {
    const process = scheduler.process({ skewMs: machine.plan.skewMs })
    const subscriptions: Subscription[] = []
    const buried = new AbortController()
    const failpoint: Failpoint | null = settling ? null : (machine.plan.failpoints[machine.lives] ?? null)
    const die = (): void => {
      if (!process.alive()) return
      process.kill()
      buried.abort()
      machine.engine = null
      journal.met('kill')
      journal.say(machine.name, 'dies')
      for (const subscription of subscriptions) void subscription.close()
      void restart(machine)
    }
    const caller: Caller = {
      name: machine.name,
      runtime: process.runtime,
      alive: process.alive,
      death: buried.signal,
      kill: die,
      freeze: process.freeze,
      thawed: process.thawed,
      failpoint,
    }
    machine.process = { ...process, kill: die }
    machine.lives++
    journal.say(
      machine.name,
      `starts${machine.plan.skewMs === 0 ? '' : `, its clock wrong by ${machine.plan.skewMs} ms`}`,
    )
    const engine = await createBookingEngine({
      ...decorate(caller, subscriptions),
      tokenSecrets,
      runtime: process.runtime,
      observer: observer(machine),
    })
    if (!process.alive()) return
    machine.engine = engine
    await engine.start()
  }

  const restart = async (machine: Machine): Promise<void> => {
    await world.runtime.sleep({ ms: settling ? 500 : 300 + random.below(6_000) })
    journal.met('restart')
    await start(machine)
  }

  const start = async (machine: Machine): Promise<void> => {
    try {
      await boot(machine)
    } catch (error) {
      journal.say(machine.name, `does not come up: ${String(error)}`)
      machine.process?.kill()
    }
  }

  for (const machine of machines) void start(machine)

  return {
    live: () => machines.flatMap(({ name, engine }) => (engine ? [{ name, engine }] : [])),
    kill: (index) => machines[index % machines.length]?.process?.kill(),
    freeze: (index, ms) => machines[index % machines.length]?.process?.freeze(ms),
    settle: () => {
      settling = true
    },
  }
}

/** Subscriptions end with their process: it hears nothing more, and what it was told but did not answer is told to another. */
function withMortalSubscriptions<Port extends object>(port: Port, caller: Caller, subscriptions: Subscription[]): Port {
  type Listener = (...args: readonly unknown[]) => unknown
  const gone = (): Error => new Error(`${caller.name} is dead`)
  const death = new Promise<never>((_, reject) => caller.death.addEventListener('abort', () => reject(gone())))
  death.catch(() => {})
  const mortal =
    (name: string, listener: Listener): Listener =>
    (...args) => {
      if (name === 'handle') return caller.alive() ? Promise.race([listener(...args), death]) : Promise.reject(gone())
      return caller.alive() ? listener(...args) : undefined
    }
  const mortals = (options: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(options).map(([key, value]) => [
        key,
        typeof value === 'function' ? mortal(key, value as Listener) : value,
      ]),
    )
  return new Proxy(port, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver)
      if (property !== 'subscribe') return member
      return async (options: Record<string, unknown>): Promise<Subscription> => {
        if (!caller.alive()) return death
        const subscription = (await Reflect.apply(member as Listener, target, [mortals(options)])) as Subscription
        // It died while it subscribed: its connection is gone, and with it the subscription.
        if (caller.alive()) subscriptions.push(subscription)
        else void subscription.close()
        return subscription
      }
    },
  })
}

const describe = (fields: Readonly<Record<string, unknown>> | undefined): string =>
  Object.entries(fields ?? {})
    .map(([key, value]) => `${key}=${value instanceof Error ? value.message : String(value)}`)
    .join(' ')
