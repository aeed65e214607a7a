type Method = (...args: never[]) => Promise<unknown>

/** What a listener hears of a port: its calls as they were made and answered at the store itself, behind every fault. */
export type Ears<Port> = {
  readonly [Name in keyof Port]?: Port[Name] extends (q: infer Query) => Promise<infer Reply>
    ? (q: Query, reply: Awaited<Reply>) => void
    : never
}

/** The port with listeners at its methods. */
export function tap<Port extends object>(port: Port, ears: Ears<Port>): Port {
  return new Proxy(port, {
    get(target, property, receiver) {
      const member: unknown = Reflect.get(target, property, receiver)
      const ear = (ears as Record<string | symbol, ((q: unknown, reply: unknown) => void) | undefined>)[property]
      if (typeof member !== 'function' || !ear) return member
      return async (...args: never[]) => {
        const reply = await Reflect.apply(member as Method, target, args)
        ear(args[0], reply)
        return reply
      }
    },
  })
}
