import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../simulation/src/random.ts'
import { type EngineChild, Refused, startEngine } from './engine-child.ts'
import type { Answered, Asked, MethodName, RoomName, Terms } from './engine-talk.ts'

/** The processes of a sale. One that ends is started again until the crew is dismissed. */
export interface Crew {
  readonly size: number
  /** Asks any of them; an answer that does not come is `GONE`. @throws Refused */
  ask<Room extends RoomName, Method extends MethodName<Room>>(
    room: Room,
    method: Method,
    params: Asked<Room, Method>,
  ): Promise<Answered<Room, Method>>
  kill(which: number): void
  freeze(which: number): void
  thaw(which: number): void
  /** Resolves when all of them are up. */
  whole(): Promise<void>
  dismiss(): Promise<void>
}

const patienceMs = 6_000

export async function openCrew(p: {
  readonly size: number
  readonly terms: Terms
  readonly random: Random
}): Promise<Crew> {
  const { size, terms, random } = p
  const members: (EngineChild | null)[] = Array.from({ length: size }, () => null)
  let dismissed = false

  const man = async (which: number): Promise<void> => {
    while (!dismissed) {
      try {
        const member = await startEngine(terms)
        members[which] = member
        if (dismissed) return member.kill()
        await member.ended
        members[which] = null
      } catch {
        // A store it needs is away: as an orchestrator does, once more.
        await sleep(200)
      }
    }
  }
  const whole = async (): Promise<void> => {
    while (members.some((member) => member === null)) await sleep(20)
  }
  const posts = members.map((_, which) => man(which))
  await whole()

  return {
    size,
    async ask(room, method, params) {
      const up = members.filter((member) => member !== null)
      if (up.length === 0) throw new Refused('GONE', 'no process is up')
      const asked = random.pick(up).call(room, method, params)
      asked.catch(() => {})
      const late = sleep(patienceMs, null, { ref: false }).then(() => {
        throw new Refused('GONE', 'no answer')
      })
      late.catch(() => {})
      return Promise.race([asked, late])
    },
    kill: (which) => members[which]?.signal('SIGKILL'),
    freeze: (which) => members[which]?.signal('SIGSTOP'),
    thaw: (which) => members[which]?.signal('SIGCONT'),
    whole,
    async dismiss() {
      dismissed = true
      await Promise.all(members.map((member) => member?.kill()))
      await Promise.all(posts)
    },
  }
}
