import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { LedgerLine, MailLine } from './audit/evidence.ts'
import type { FromHouse, Pulse, ToHouse } from './house-talk.ts'
import { houseEnv } from './settings.ts'
import type { StoreDump } from './store-dump.ts'

/** What the demo sells from: one process or several. */
export interface House {
  /** Of its web servers: a fan's requests go to them in turn. */
  readonly urls: readonly string[]
  readonly adminToken: string
  /** Errors that the server logged, and whatever else it printed. */
  readonly complaints: readonly string[]
  /** What the audit reads behind the server's back. */
  books(): Promise<Books>
  pulse(): Promise<Pulse>
  /** Rejects when the process ends without having been asked to; never resolves. */
  readonly crashed: Promise<never>
  close(): Promise<void>
}

export interface Books {
  readonly store: StoreDump
  readonly ledger: readonly LedgerLine[]
  readonly mails: readonly MailLine[]
}

const patienceMs = 5_000

/** One process that is everything. The audit's window goes through IPC. @throws Error with one line: the port is taken, the venue cannot be read, … */
export async function openHouse(p: {
  readonly port: number
  readonly venueFile: string | null
  /** Settings that name its services. */
  readonly env: Readonly<Record<string, string>>
}): Promise<House> {
  const adminToken = randomBytes(24).toString('base64url')
  const child = fork(fileURLToPath(new URL('./house.ts', import.meta.url)), {
    env: { ...systemEnv(), ...houseEnv({ ...p, adminToken }), ...p.env },
    serialization: 'advanced',
    execArgv: process.execArgv,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const complaints: string[] = []
  for (const stream of [child.stdout!, child.stderr!]) {
    createInterface({ input: stream }).on('line', (line) => complaints.push(line))
  }
  const ended = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  let closing = false
  const crashed = ended.then((how): Promise<never> => {
    if (closing) return new Promise(() => {})
    throw new Error(`the server ended (${how})${complaints.length > 0 ? `: ${complaints.slice(-5).join(' | ')}` : ''}`)
  })
  crashed.catch(() => {})

  const opened = await Promise.race([heard(child, ['open', 'failed']), crashed])
  if (opened.say === 'failed') {
    closing = true
    throw new Error(`the server could not open: ${opened.reason}`)
  }
  const asked = <Word extends 'record' | 'pulse'>(word: Word) => {
    const answer = heard(child, [word])
    tell(child, { ask: word })
    return Promise.race([answer, crashed])
  }
  return {
    urls: [opened.url],
    adminToken,
    complaints,
    crashed,
    books: async () => {
      const { record } = await asked('record')
      const [ledger, mail] = await Promise.all(['/dev/ledger', '/dev/mail'].map((path) => read(opened.url + path)))
      return { store: record, ledger: ledger.entries, mails: mail.messages }
    },
    pulse: async () => (await asked('pulse')).pulse,
    async close() {
      closing = true
      if (child.exitCode !== null || child.signalCode !== null) return
      tell(child, { ask: 'close' })
      const impatient = setTimeout(() => child.kill('SIGKILL'), patienceMs)
      await ended
      clearTimeout(impatient)
    },
  }
}

// biome-ignore lint/suspicious/noExplicitAny: whatever the server wrote; the audit is the judge of it
const read = async (url: string): Promise<any> => (await fetch(url)).json()

const tell = (child: ChildProcess, message: ToHouse): void => {
  if (child.connected) child.send(message, () => {})
}

function heard<Say extends FromHouse['say']>(
  child: ChildProcess,
  words: readonly Say[],
): Promise<Extract<FromHouse, { say: Say }>> {
  return new Promise((resolve) => {
    const listen = (message: FromHouse): void => {
      if (!words.includes(message.say as Say)) return
      child.off('message', listen)
      resolve(message as Extract<FromHouse, { say: Say }>)
    }
    child.on('message', listen)
  })
}

/** What a process needs to run at all. */
export const systemEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    ['PATH', 'SystemRoot', 'TMPDIR', 'TEMP', 'TZ'].flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
