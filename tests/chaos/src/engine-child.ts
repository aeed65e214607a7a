import { type ChildProcess, fork } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Answered, Asked, FromEngine, MethodName, RoomName, Terms, ToEngine } from './engine-talk.ts'

const file = fileURLToPath(new URL('./engine-process.ts', import.meta.url))
/** Dozens of processes start: each finds the sources compiled. */
const env = { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'b-ticketing-chaos-cache') }

/** What the engine refused, or that its process is gone (`GONE`): then nobody knows what became of the call. */
export class Refused extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(`${code}: ${message}`)
    this.code = code
  }
}

/** A process of the sale, as its parent sees it. */
export interface EngineChild {
  call<Room extends RoomName, Method extends MethodName<Room>>(
    room: Room,
    method: Method,
    params: Asked<Room, Method>,
  ): Promise<Answered<Room, Method>>
  readonly alive: boolean
  /** Its signal, or exit code. */
  readonly ended: Promise<string>
  /** Warnings and errors, and whatever else it said. */
  readonly lines: readonly string[]
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
  /** kill -9. */
  kill(): Promise<void>
}

/** Resolves when its loops run and its consumers are subscribed. @throws Error when it ends before */
export async function startEngine(terms: Terms): Promise<EngineChild> {
  const child = fork(file, [JSON.stringify(terms)], {
    env,
    serialization: 'advanced',
    execArgv: ['--conditions=@b-ticketing/source', '--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const lines: string[] = []
  for (const stream of [child.stdout!, child.stderr!])
    createInterface({ input: stream }).on('line', (l) => lines.push(l))
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  let alive = true
  void ended.then((how) => {
    alive = false
    for (const { reject } of waiting.values()) reject(new Refused('GONE', how))
  })
  const open = new Promise<void>((resolve) => {
    child.on('message', (message: FromEngine) => {
      if (message.say === 'open') return resolve()
      if (message.say === 'log') return void lines.push(message.line)
      const asked = waiting.get(message.id)
      waiting.delete(message.id)
      if (message.say === 'answer') asked?.resolve(message.value)
      else asked?.reject(new Refused(message.code || `UNTYPED ${message.name}`, message.text))
    })
  })
  await Promise.race([
    open,
    ended.then((how) => {
      throw new Error(`a process of the sale ended (${how}): ${lines.slice(-8).join(' | ')}`)
    }),
  ])
  return talkTo({ child, lines, ended, waiting, isAlive: () => alive })
}

function talkTo(p: {
  readonly child: ChildProcess
  readonly lines: readonly string[]
  readonly ended: Promise<string>
  readonly waiting: Map<number, { resolve(value: unknown): void; reject(error: Error): void }>
  readonly isAlive: () => boolean
}): EngineChild {
  const { child, waiting } = p
  let calls = 0
  return {
    lines: p.lines,
    ended: p.ended,
    get alive() {
      return p.isAlive()
    },
    call: (room, method, params) =>
      new Promise((resolve, reject) => {
        if (!p.isAlive()) return reject(new Refused('GONE', 'it has ended'))
        const message: ToEngine = { id: ++calls, room, method: method as string, params }
        waiting.set(message.id, { resolve: resolve as (value: unknown) => void, reject })
        child.send(message, (error) => error && reject(new Refused('GONE', error.message)))
      }),
    signal: (signal) => void child.kill(signal),
    kill: async () => {
      child.kill('SIGKILL')
      await p.ended
    },
  }
}
