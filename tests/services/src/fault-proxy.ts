import { connect, createServer, type Socket } from 'node:net'

/** A TCP proxy in front of a server, and what may go wrong on the way. Faults hold for connections that are open and new ones. */
export interface FaultProxy {
  readonly port: number
  /** Each piece arrives `ms` later, in both directions together: half of it each way. 0 ends it. */
  delay(ms: number): void
  /** Nothing passes in either direction and nobody is told: a black hole, or a half-open connection. False ends it for new connections. */
  blackHole(on: boolean): void
  /** Requests arrive, replies do not: they are lost. False ends it. */
  dropReplies(on: boolean): void
  /** The reply that comes next is lost, and its connection with it. Resolves when that has happened. */
  loseNextReply(): Promise<void>
  /** Resets every open connection. */
  cut(): void
  close(): Promise<void>
}

export async function createFaultProxy(target: { readonly host: string; readonly port: number }): Promise<FaultProxy> {
  const open = new Set<Socket>()
  let delayMs = 0
  let hole = false
  let dropped = false
  let lost: (() => void) | null = null

  const later = (run: () => void) => {
    if (delayMs === 0) run()
    else setTimeout(run, delayMs / 2)
  }

  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ ...target, noDelay: true })
    const both = [client, upstream]
    // What a black hole has swallowed cannot go on afterwards: the stream has a hole in it.
    let swallowed = hole
    const cut = () => {
      for (const socket of both) socket.destroy()
    }
    const pass = (to: Socket, chunk: Buffer) => {
      swallowed ||= hole
      if (!swallowed) later(() => to.writable && to.write(chunk))
    }
    for (const socket of both) {
      open.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        open.delete(socket)
        // Nobody is told that the other side has gone.
        if (!hole && !swallowed) later(cut)
      })
    }
    client.on('data', (chunk) => pass(upstream, chunk))
    upstream.on('data', (chunk) => {
      if (lost) {
        lost()
        lost = null
        cut()
      } else if (!dropped) pass(client, chunk)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const cutAll = () => {
    for (const socket of open) socket.destroy()
  }
  return {
    port: (server.address() as { port: number }).port,
    delay: (ms) => {
      delayMs = ms
    },
    blackHole: (on) => {
      hole = on
    },
    dropReplies: (on) => {
      dropped = on
    },
    loseNextReply: () => new Promise((resolve) => (lost = resolve)),
    cut: cutAll,
    close: async () => {
      cutAll()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
