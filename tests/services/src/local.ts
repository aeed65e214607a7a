import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Machine } from './machine.ts'
import { runFolder } from './run-folder.ts'

const execute = promisify(execFile)

const exec = async (...[file = '', ...args]: readonly string[]): Promise<string> => {
  const { stdout } = await execute(file, args, { encoding: 'utf8', maxBuffer: 2 ** 26 })
  return stdout
}

/** This machine; Redis is installed where that may be done (Debian, as root). @throws Error that says why not. */
export async function localMachine(): Promise<Machine> {
  if (!(await works('redis-server'))) await installRedis()
  return { kind: 'local', host: '127.0.0.1', bind: '127.0.0.1', folder: runFolder(), exec, close: async () => {} }
}

const works = (program: string): Promise<boolean> =>
  exec(program, '--version').then(
    () => true,
    () => false,
  )

async function installRedis(): Promise<void> {
  const system = await readFile('/etc/os-release', 'utf8').catch(() => '')
  if (!/^ID(_LIKE)?=.*debian/m.test(system) || process.getuid?.() !== 0) {
    throw new Error('redis-server is not installed, and only Debian as root installs it by itself')
  }
  console.warn('services: installing redis-server')
  const apt = (...args: string[]) =>
    exec('env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-o', 'DPkg::Lock::Timeout=120', '-y', ...args)
  const install = () => apt('install', '--no-install-recommends', 'redis-server')
  try {
    await install()
  } catch {
    // apt may be busy or its lists old: once more, with new ones.
    await apt('update')
    await install()
  }
}
