import { fork } from 'node:child_process'
import { createInterface } from 'node:readline'

/** A program of the server in a process of its own, as an operator starts it: by its environment. */
export interface Program {
  /** Errors that it logged, and whatever it printed that is no log line. */
  readonly complaints: readonly string[]
  /** Where it listens. @throws Error with what it printed last, when it ends before */
  readonly address: Promise<string>
  /** Rejects when the process ends without having been asked to; never resolves. */
  readonly crashed: Promise<never>
  close(): Promise<void>
}

const patienceMs = 15_000
const errorLevel = 50

/** It says where it listens in its own words: `listening` finds the address in a line of its output. */
export function startProgram(p: {
  readonly name: string
  readonly file: string
  readonly env: Readonly<NodeJS.ProcessEnv>
  readonly listening: RegExp
}): Program {
  const child = fork(p.file, { env: p.env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  const complaints: string[] = []
  let listens: (address: string) => void = () => {}
  const listening = new Promise<string>((resolve) => {
    listens = resolve
  })
  const hear = (line: string): void => {
    const address = p.listening.exec(line)?.[1]
    if (address) listens(address)
    else if (isComplaint(line)) complaints.push(`${p.name}: ${line}`)
  }
  for (const stream of [child.stdout!, child.stderr!]) createInterface({ input: stream }).on('line', hear)
  let closing = false
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  const crashed = ended.then((how): Promise<never> => {
    if (closing) return new Promise(() => {})
    throw new Error(`${p.name} ended (${how}): ${complaints.slice(-3).join(' | ') || 'it said nothing'}`)
  })
  crashed.catch(() => {})
  return {
    complaints,
    address: Promise.race([listening, crashed]),
    crashed,
    close: async () => {
      closing = true
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      const impatient = setTimeout(() => child.kill('SIGKILL'), patienceMs)
      await ended
      clearTimeout(impatient)
    },
  }
}

/** A store that was too busy for a loop is asked again by it: nothing is lost by that. */
function isComplaint(line: string): boolean {
  try {
    const { level, err } = JSON.parse(line) as { level: number; err?: { code?: string } }
    return level >= errorLevel && err?.code !== 'BUSY'
  } catch {
    return line.trim() !== ''
  }
}
