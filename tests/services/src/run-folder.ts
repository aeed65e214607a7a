import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// One folder per run: <tmp>/b-ticketing-services/<pid of its owner>/<port>/redis.pid. What a dead owner left is ended by the
// next run, which finds it here.

const root = join(tmpdir(), 'b-ticketing-services')

/** Child processes of a run belong to it: they find its folder in the environment. */
const variable = 'B_TICKETING_SERVICES_RUN'

/** The folder of this run, made if there is none yet. Its servers end with this process. */
export function runFolder(): string {
  const known = process.env[variable]
  if (known) return known
  endOrphans()
  const folder = join(root, String(process.pid))
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'owner'), identity(process.pid))
  process.env[variable] = folder
  process.once('exit', endRun)
  return folder
}

/** Ends every server of this run and forgets its data. Repeatable, and does nothing in a child process of the run. */
export function endRun(): void {
  const folder = join(root, String(process.pid))
  if (process.env[variable] !== folder) return
  delete process.env[variable]
  process.off('exit', endRun)
  endServers(folder)
}

function endOrphans(): void {
  for (const name of existsSync(root) ? readdirSync(root) : []) {
    const folder = join(root, name)
    const owner = read(join(folder, 'owner'))
    // A folder without an owner has just been made, or is being deleted: it is left alone.
    if (owner !== null && owner !== identity(Number(name))) endServers(folder)
  }
}

function endServers(folder: string): void {
  for (const port of existsSync(folder) ? readdirSync(folder) : []) {
    const pid = Number(read(join(folder, port, 'redis.pid')))
    // The pid may be another's by now: the command line of a Redis names its port.
    if (pid > 0 && commandLine(pid).includes(`:${port}`)) process.kill(pid, 'SIGKILL')
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}

/** Of a process: when it started, as far as the system tells; '' for one that is not alive. */
function identity(pid: number): string {
  const stat = read(`/proc/${pid}/stat`)
  if (stat !== null) return stat.slice(stat.lastIndexOf(')')).split(' ')[20] ?? ''
  return commandLine(pid)
}

function commandLine(pid: number): string {
  const line = read(`/proc/${pid}/cmdline`)
  if (line !== null || existsSync('/proc')) return line ?? ''
  try {
    return execFileSync('ps', ['-p', String(pid), '-o', 'command='], { encoding: 'utf8' }).trim()
  } catch {
    return ''
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
