import { setTimeout as sleep } from 'node:timers/promises'
import type { Machine } from './machine.ts'

/** A server process of our own, and what may happen to it. */
export interface ServerProcess {
  readonly host: string
  readonly port: number
  /** kill -9. Returns when it is gone. */
  kill(): Promise<void>
  /** SIGSTOP: it keeps its connections and answers nobody. */
  pause(): Promise<void>
  /** SIGCONT. */
  resume(): Promise<void>
  /**
   * Starts it again on its port, with what it wrote and `more` on its command line. Returns once it answers.
   * @throws Error with the end of its log
   */
  start(more?: readonly string[]): Promise<void>
}

interface ServerPlan {
  readonly machine: Machine
  readonly name: string
  readonly port: number
  readonly command: readonly string[]
  /** Does this very process answer? */
  answers(pid: string): Promise<boolean>
}

/** One server of a machine: its folder, which bears its port, and its process. */
export function createServerProcess(p: ServerPlan): ServerProcess {
  const { machine, name, port } = p
  const folder = serverFolder(machine, port)
  // Its pid is written before it becomes the server, so that none is ever left without.
  const script = 'echo $$ > "$0/server.pid" && exec "$@" > "$0/server.log" 2>&1 < /dev/null'
  const pid = async () => (await machine.exec('cat', `${folder}/server.pid`)).trim()
  const signal = async (signal: string) => machine.exec('sh', '-c', `kill -${signal} ${await pid()}`)
  const alive = () =>
    signal('0').then(
      () => true,
      () => false,
    )

  return {
    host: machine.host,
    port,
    kill: async () => {
      await signal('KILL')
      while (await alive()) await sleep(10)
      // The pid may soon be another's.
      await machine.exec('rm', '-f', `${folder}/server.pid`)
    },
    pause: async () => void (await signal('STOP')),
    resume: async () => void (await signal('CONT')),
    start: async (more = []) => {
      await machine.exec('rm', '-f', `${folder}/server.pid`)
      await machine.launch('sh', '-c', script, folder, ...p.command, ...more)
      const end = Date.now() + 60_000
      while (Date.now() < end) {
        const written = await pid().catch(() => '')
        if (written !== '' && (await p.answers(written))) return
        if (written !== '' && !(await alive())) break
        await sleep(10)
      }
      throw new Error(`${name} on port ${port} did not start: ${await tail(machine, `${folder}/server.log`)}`)
    },
  }
}

/** A machine's only server: its folder is prepared, it is started, and all of it is closed when that fails. */
export async function openOnlyServer(
  p: ServerPlan & { prepare(): Promise<unknown> },
): Promise<ServerProcess & { close(): Promise<void> }> {
  const { machine, port } = p
  const server = createServerProcess(p)
  const close = async () => {
    await server.kill().catch(() => {})
    await machine.exec('rm', '-rf', serverFolder(machine, port))
    await machine.close()
  }
  try {
    // In an image the server has a user of its own.
    await machine.exec('mkdir', '-p', '-m', '777', serverFolder(machine, port))
    await p.prepare()
    await server.start()
  } catch (error) {
    await close()
    throw error
  }
  return { ...server, close }
}

export const serverFolder = (machine: Machine, port: number): string => `${machine.folder}/${port}`

const tail = (machine: Machine, log: string): Promise<string> =>
  machine.exec('tail', '-n', '30', log).catch((error: Error) => error.message)
