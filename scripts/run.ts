import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd?: string
  readonly quiet?: boolean
}

const packages: Record<string, string> = {
  attw: '@arethetypeswrong/cli',
  biome: '@biomejs/biome',
  depcruise: 'dependency-cruiser',
  tsc: 'typescript',
}

/** A tool of the root's node_modules, run by this very Node (no shell, no shim: the same on every system). */
export function tool(name: string, ...args: string[]): Command {
  const folder = join(root, 'node_modules', packages[name] ?? name)
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const entry = name === 'pnpm' ? 'bin/pnpm.mjs' : typeof bin === 'string' ? bin : bin[name]
  return { file: process.execPath, args: [join(folder, entry), ...args] }
}

const running = new Set<ChildProcess>()

process.once('SIGTERM', () => {
  for (const child of running) child.kill()
  process.exit(143)
})

/** Runs one command with its output on ours, or only when it fails if `quiet`; resolves to its exit code. */
export function run(command: Command): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command.file, command.args, {
      cwd: command.cwd ?? root,
      stdio: command.quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    })
    running.add(child)
    const output: Buffer[] = []
    child.stdout?.on('data', (chunk) => output.push(chunk))
    child.stderr?.on('data', (chunk) => output.push(chunk))
    child.on('error', reject)
    child.on('close', (code) => {
      running.delete(child)
      if (code !== 0) process.stdout.write(Buffer.concat(output))
      resolve(code ?? 1)
    })
  })
}

/** Runs the commands as many at a time as there are cores; true when all exit with 0. */
export async function runAll(commands: readonly Command[]): Promise<boolean> {
  const queue = [...commands]
  let passed = true
  const worker = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      if ((await run(next)) === 0) continue
      passed = false
      console.error(`failed: ${describe(next)}`)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
  return passed
}

function describe({ args, cwd }: Command): string {
  const shown = args.map((arg) => (arg.startsWith(root) ? relative(root, arg) || '.' : arg))
  return [...shown, ...(cwd ? [`(in ${relative(root, cwd)})`] : [])].join(' ')
}
