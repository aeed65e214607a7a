import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// One folder per run: <tmp>/b-ticketing-services/<pid of its owner>/<port>/server.pid

/** Child processes of a run belong to it: they find its folder in the environment. */
const variable = 'B_TICKETING_SERVICES_RUN'

let watchdog: ChildProcess | undefined

/** The folder of this run, made if there is none yet. Its servers end with this process, however that ends. */
export function runFolder(): string {
  const known = process.env[variable]
  if (known) return known
  const folder = join(tmpdir(), 'b-ticketing-services', String(process.pid))
  // What a machine that fell over has left under this pid.
  endServers(folder)
  mkdirSync(folder, { recursive: true })
  process.env[variable] = folder
  watchdog = watchOver(folder)
  process.once('exit', endRun)
  return folder
}

/** Ends every server of this run and forgets its data. Repeatable, and does nothing in a child process of the run. */
export function endRun(): void {
  const folder = process.env[variable]
  if (watchdog === undefined || folder === undefined) return
  delete process.env[variable]
  process.off('exit', endRun)
  endServers(folder)
  watchdog.kill()
  watchdog = undefined
}

/** The pid of a server may be another's by now: the command line of each names its port. */
const endScript = `
for file in "$0"/*/server.pid; do
  pid=$(cat "$file" 2>/dev/null) && port=$(basename "$(dirname "$file")") || continue
  case $(ps -p "$pid" -o args= 2>/dev/null || tr '\\0' ' ' < "/proc/$pid/cmdline") in *"$port"*) kill -9 "$pid";; esac
done
rm -rf "$0" || { sleep 1; rm -rf "$0"; }`

const endServers = (folder: string): void => void execFileSync('sh', ['-c', endScript, folder], { stdio: 'ignore' })

/** A process that waits until this one is gone (then its input ends), and ends what is left. */
function watchOver(folder: string): ChildProcess {
  const child = spawn('sh', ['-c', `cat; ${endScript}`, folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.unref()
  ;(child.stdin as unknown as { unref(): void }).unref()
  return child
}
