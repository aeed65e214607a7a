import type { Adapters } from '@b-ticketing/core'
import type { EventBus } from '@b-ticketing/core/ports'
import type { Failpoint } from './engine-talk.ts'

type Doors = Omit<Adapters, 'close'>
type Call = (...args: readonly unknown[]) => Promise<unknown>

/** Doors of a process that dies at its failpoint: as if killed from outside, without a word to anybody. */
export function mortalDoors(doors: Doors, failpoint: () => Failpoint | null): Doors {
  const isThere = (texts: readonly string[], value: unknown): boolean => {
    const json = texts.length > 0 ? (JSON.stringify(value) ?? '') : ''
    return texts.every((text) => json.includes(text))
  }

  const mortal =
    (door: string, method: string, call: Call): Call =>
    async (...asked) => {
      const answer = await call(...asked)
      const point = failpoint()
      if (point?.door !== door || point.method !== method) return answer
      if (!isThere(point.asks, asked) || !isThere(point.answers, answer)) return answer
      process.kill(process.pid, 'SIGKILL')
      return new Promise(() => {})
    }

  const mortalDoor = (door: string, port: object): object =>
    new Proxy(port, {
      get(target, property) {
        const member: unknown = Reflect.get(target, property, target)
        if (typeof member !== 'function' || typeof property !== 'string') return member
        return mortal(door, property, member.bind(target) as Call)
      },
    })

  /** What a consumer does is a call of the bus to us. */
  const withMortalHandle = (bus: EventBus): EventBus => ({
    ...bus,
    subscribe: (p) =>
      bus.subscribe({ ...p, handle: mortal('eventBus', 'handle', p.handle as Call) as typeof p.handle }),
  })

  const all = Object.entries({ ...doors, eventBus: withMortalHandle(doors.eventBus) })
  return Object.fromEntries(all.map(([door, port]) => [door, mortalDoor(door, port as object)])) as unknown as Doors
}
