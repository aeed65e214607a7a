/** A service that all of a run share. `A` says where it is and survives JSON. */
export interface Shareable<A> {
  /** Its path at the keeper. */
  readonly path: string
  readonly name: string
  /** Where the environment says it is. */
  given(): A | null
  start(): Promise<Started<A>>
}

export interface Started<A> {
  readonly address: A
  /** What whoever reads the result of the run must know. */
  readonly note?: string
  close(): Promise<void>
}

/** Starts each service at most once, when it is first asked for. */
export function createShared() {
  const started = new Map<string, Promise<Started<unknown>>>()
  const notes: string[] = []

  async function start<A>(service: Shareable<A>): Promise<Started<A>> {
    const began = performance.now()
    try {
      const running = await service.start()
      console.warn(`services: ${service.name} started in ${((performance.now() - began) / 1_000).toFixed(1)} s`)
      if (running.note) notes.push(running.note)
      return running
    } catch (error) {
      notes.push(`SKIPPED: ${service.name} could not be started`)
      throw error
    }
  }

  return {
    /** What was skipped or replaced, to be said again at the end. */
    notes,
    get: async <A>(service: Shareable<A>): Promise<A> => {
      const given = service.given()
      if (given !== null) return given
      const starting = (started.get(service.path) as Promise<Started<A>> | undefined) ?? start(service)
      started.set(service.path, starting)
      return (await starting).address
    },
    close: async (): Promise<void> => {
      const all = [...started.values()]
      started.clear()
      await Promise.all(all.map((starting) => starting.then((service) => service.close()).catch(() => {})))
    },
  }
}
