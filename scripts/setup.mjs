// Installs the workspace when it does not match the lockfile, and finds the Node that everything runs on.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))
const pnpmVersion = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.pnpm
const stampFile = join(root, 'node_modules', '.setup-stamp')
const logFile = join(root, 'setup.log')

/** On stderr: stdout belongs to the task. */
export const say = (line) => process.stderr.write(`> ${line}\n`)

export function fail(line) {
  process.stderr.write(`error: ${line}\n`)
  process.exit(1)
}

/** Returns the path of the Node to use. From the second call on it touches neither npx nor the network. */
export function ensureInstalled() {
  const wanted = stamp()
  if (read(stampFile) === wanted) return nodeBinary()

  say(
    `setup: installing the packages of pnpm-lock.yaml with pnpm ${pnpmVersion} (once; about a minute on a new machine)`,
  )
  const log = install()
  if (log.error !== undefined) fail(`setup: ${log.error}`)
  const node = nodeBinary()
  mkdirSync(dirname(stampFile), { recursive: true })
  writeFileSync(stampFile, wanted)
  say('setup: done')
  return node
}

/** What node_modules must match: the lockfile, the install settings and the machine. */
function stamp() {
  const hash = createHash('sha256')
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', '.pnpmfile.cjs']) {
    const text = read(join(root, file))
    if (text === undefined) fail(`setup: ${file} is missing`)
    hash.update(text)
  }
  return hash.update(`${pnpmVersion} ${process.platform} ${process.arch}`).digest('hex')
}

/** The pinned Node when there is one for this machine (see optionalDependencies), else the running one if it will do. */
function nodeBinary() {
  const os = process.platform === 'win32' ? 'win' : process.platform
  const manifest = join(root, 'node_modules', `node-${os}-${process.arch}`, 'package.json')
  if (existsSync(manifest)) return join(dirname(realpathSync(manifest)), JSON.parse(read(manifest)).bin.node)
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major > 24 || (major === 24 && minor >= 11)) return process.execPath
  return fail(`this project needs Node 24.11 or newer on ${os} ${process.arch}; this is ${process.versions.node}`)
}

function install() {
  // Fewer and shorter retries than npm's own: without a network the answer comes in seconds, not in a minute.
  const env = { ...process.env, CI: 'true', npm_config_fetch_retries: '1', npm_config_fetch_retry_mintimeout: '2000' }
  const argv = ['install', '--frozen-lockfile', '--reporter=append-only']
  let output = ''
  for (const [command, prefix] of packageManagers()) {
    const options = { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28, env }
    const result = spawnSync(command, [...prefix, ...argv], { ...options, shell: command === 'npx.cmd' })
    output += `$ ${[command, ...prefix, ...argv].join(' ')}\n${result.stdout ?? ''}${result.stderr ?? ''}\n`
    if (result.signal) process.kill(process.pid, result.signal)
    if (result.status === 0) return {}
    if (result.error) output += `${result.error.message}\n`
    if (output.includes('ERR_PNPM')) break
  }
  try {
    writeFileSync(logFile, output)
  } catch {
    return { error: explain(output) }
  }
  return { error: `${explain(output)} (full log: setup.log)` }
}

/** The installed pnpm first (works offline), then npm's runner, found beside the npm that started us if one did. */
function packageManagers() {
  const local = join(root, 'node_modules', 'pnpm', 'bin', 'pnpm.mjs')
  const npm = process.env.npm_execpath
  const wanted = `pnpm@${pnpmVersion}`
  const managers = []
  if (existsSync(local) && JSON.parse(read(join(root, 'node_modules/pnpm/package.json'))).version === pnpmVersion)
    managers.push([process.execPath, [local]])
  if (npm?.endsWith('npm-cli.js'))
    managers.push([process.execPath, [npm, 'exec', '--yes', `--package=${wanted}`, '--', 'pnpm']])
  else managers.push([process.platform === 'win32' ? 'npx.cmd' : 'npx', ['--yes', wanted]])
  return managers
}

const reasons = [
  [/ENOSPC|no space left/i, 'the disk is full'],
  [/EACCES|EPERM|EROFS|permission denied/i, 'no permission to write to this folder or to the package store'],
  [/spawn\w* npx\S* ENOENT/, 'npm is missing: install Node 20 or newer together with npm'],
  [/OUTDATED_LOCKFILE/, 'pnpm-lock.yaml does not match package.json: run pnpm install and commit the lockfile'],
  [
    /IGNORED_BUILDS/,
    'a new package wants to run an install script: decide on it under allowBuilds in pnpm-workspace.yaml',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|META_FETCH_FAIL|FETCH_FAILED|error sending request/,
    'the npm registry cannot be reached: the first run needs the network',
  ],
]

function explain(output) {
  const known = reasons.find(([pattern]) => pattern.test(output))
  if (known) return known[1]
  const last = output
    .trim()
    .split('\n')
    .findLast((line) => /error|ERR_|×/i.test(line))
  return `the install failed: ${last?.trim() ?? 'no output'}`
}

function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
