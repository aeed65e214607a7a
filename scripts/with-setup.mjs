// node scripts/with-setup.mjs <task> [args]: sets up what is missing, then runs the task on the project's own Node.
// Plain JavaScript without dependencies: this file and setup.mjs run on any Node from 20 up, before anything is installed.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { onOrphaned } from './end-with-parent.mjs'
import { ensureInstalled, fail, root, say } from './setup.mjs'

const programs = {
  demo: 'examples/server/demo/main.ts',
  start: 'examples/server/src/main.ts',
  simulate: 'tests/simulation/src/main.ts',
  chaos: 'tests/chaos/src/main.ts',
  bench: 'benchmarks/src/main.ts',
  test: 'scripts/test.ts',
}
const steps = ['check', 'format', 'typecheck', 'boundaries', 'unused', 'build', 'pack', 'package-check']

const [task = '', ...args] = process.argv.slice(2)
const isStep = steps.includes(task)
const program = isStep ? 'scripts/step.ts' : programs[task]

if (program === undefined) fail(`unknown task '${task}'; one of: ${[...Object.keys(programs), ...steps].join(', ')}`)
const node = await ensureInstalled()
if (!existsSync(join(root, program))) fail(`${task}: ${program} does not exist yet`)
if (!process.env.CI) say(`${task}: ${program}`)
const preload = new URL('./end-with-parent.mjs?child', import.meta.url).href
run(node, [
  '--conditions=@b-ticketing/source',
  `--import=${preload}`,
  join(root, program),
  ...(isStep ? [task] : []),
  ...args,
])

/** Becomes the program as nearly as a parent can: its output, its signals, its exit code. */
function run(command, argv) {
  const child = spawn(command, argv, { cwd: root, stdio: 'inherit' })
  // A terminal sends Ctrl-C to the child as well; passing it on would deliver it twice.
  const shared = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY)
  let told = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      told = true
      if (signal === 'SIGTERM' || !shared) child.kill(signal)
    })
  }
  // npm signals the shell between us, which dies without a word. Started by hand, we may outlive who started us (nohup, &).
  if (process.env.npm_lifecycle_event !== undefined) onOrphaned(() => told || child.kill('SIGTERM'))
  child.on('error', (error) => fail(`could not start ${command}: ${error.message}`))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
