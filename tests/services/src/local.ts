import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import type { Machine } from './machine.ts'
import { runFolder } from './run-folder.ts'

const execute = promisify(execFile)

export const exec: Machine['exec'] = async (...[file = '', ...args]) => {
  const running = execute(file, args, { encoding: 'utf8', maxBuffer: 2 ** 26 })
  // What it printed on stderr is in the message already.
  const { stdout } = await running.catch((error: Error & { stdout: string }) => {
    throw new Error(`${error.message.trim()} ${error.stdout.trim()}`.trim(), { cause: error })
  })
  return stdout
}

const launch: Machine['launch'] = async (...[file = '', ...args]) => {
  const child = spawn(file, args, { detached: true, stdio: 'ignore' })
  await once(child, 'spawn')
  child.unref()
}

/** This machine. */
export const localMachine = (): Machine => ({
  kind: 'local',
  host: '127.0.0.1',
  bind: '127.0.0.1',
  folder: runFolder(),
  exec,
  launch,
  close: async () => {},
})
