import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultProxy, Kafka, Redis, Sql } from '@b-ticketing/services'
import type { Random } from '../../simulation/src/random.ts'
import type { Crew } from './crew.ts'

/** What may be hurt, one at a time. */
export interface Town {
  readonly crew: Crew
  readonly redis: Redis
  readonly sql: Sql
  readonly kafka: Kafka
  readonly gateway: FaultProxy
  readonly smtp: FaultProxy
}

/** Something goes wrong for `ms`, and is put right again. */
type Fault = (town: Town, random: Random, ms: number) => Promise<void>

const killed =
  (serverOf: (town: Town) => { kill(): Promise<void>; start(): Promise<void> }): Fault =>
  async (town, _, ms) => {
    const server = serverOf(town)
    await server.kill()
    await sleep(ms)
    await server.start()
  }

const frozen =
  (serverOf: (town: Town) => { pause(): Promise<void>; resume(): Promise<void> }): Fault =>
  async (town, _, ms) => {
    const server = serverOf(town)
    await server.pause()
    await sleep(ms)
    await server.resume()
  }

const switched =
  (set: (town: Town, on: boolean) => void): Fault =>
  async (town, _, ms) => {
    set(town, true)
    await sleep(ms)
    set(town, false)
  }

const redisOf = ({ redis }: Town) => redis.servers[0]!

export const faults: Readonly<Record<string, Fault>> = {
  'a process is killed': async ({ crew }, random, ms) => {
    crew.kill(random.below(crew.size))
    await sleep(ms)
    await crew.whole()
  },
  'a process is frozen': async ({ crew }, random, ms) => {
    const which = random.below(crew.size)
    crew.freeze(which)
    await sleep(ms)
    crew.thaw(which)
  },
  'Redis is killed, and comes back empty': killed(redisOf),
  'Redis is frozen': frozen(redisOf),
  'MySQL is killed': killed(({ sql }) => sql),
  'MySQL is frozen': frozen(({ sql }) => sql),
  'Kafka is killed': killed(({ kafka }) => kafka),
  'Kafka is frozen': frozen(({ kafka }) => kafka),
  'the gateway is away': switched(({ gateway }, on) => gateway.blackHole(on)),
  'the gateway is slow': switched(({ gateway }, on) => gateway.delay(on ? 3_000 : 0)),
  'the gateway’s answers are lost': switched(({ gateway }, on) => gateway.dropReplies(on)),
  'the mail server is away': switched(({ smtp }, on) => smtp.blackHole(on)),
}

/** All kinds in an order of the seed, again and again. */
export function* faultNames(random: Random): Generator<string> {
  for (;;) {
    const left = Object.keys(faults)
    while (left.length > 0) yield left.splice(random.below(left.length), 1)[0]!
  }
}
