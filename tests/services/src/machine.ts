import { createServer } from 'node:net'

/** Where servers run: this machine, or a container on it. Both take the same commands and show the same ports. */
export interface Machine {
  readonly kind: 'local' | 'docker'
  readonly host: string
  /** The address servers bind to. */
  readonly bind: string
  /** A folder per server: data, log and pid file. */
  readonly folder: string
  /** Runs a command to its end and answers what it printed. @throws Error with what it printed, when it failed. */
  exec(...command: readonly string[]): Promise<string>
  /** Starts a command that goes on; it has nothing to do with this process's terminal and signals. */
  launch(...command: readonly string[]): Promise<void>
  close(): Promise<void>
}

export const writeText = (machine: Machine, path: string, text: string): Promise<string> =>
  machine.exec('sh', '-c', 'printf %s "$1" > "$0"', path, text)

/**
 * Ports that are free now, found by binding them. They lie below those that the system gives to outgoing connections, so
 * that a server finds its own free again after a restart. Another process may still be faster: servers then try others.
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    if (await isFree(port)) ports.add(port)
  }
  return [...ports]
}

export const freePort = async (): Promise<number> => (await freePorts(1))[0]!

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
