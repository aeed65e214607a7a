import { busy, isTicketingError, TicketingError } from './errors.ts'

/**
 * A store as the rooms see it: whatever it throws of its own is `BUSY` with that as cause. Nothing was sold, charged or
 * admitted, and the same call may be tried again. Every method of the port answers a promise. Once `isOver`, it is `CLOSED`.
 */
export function failClosed<Port extends object>(port: Port, isOver = (): boolean => false): Port {
  return new Proxy(port, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target)
      if (typeof member !== 'function') return member
      return async (...params: readonly unknown[]): Promise<unknown> => {
        if (isOver()) throw new TicketingError('CLOSED', 'the engine is closed')
        try {
          return await member.apply(target, params)
        } catch (error) {
          throw isTicketingError(error) ? error : busy('a store cannot answer', undefined, error)
        }
      }
    },
  })
}
