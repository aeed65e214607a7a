import { readFile } from 'node:fs/promises'
import { exec } from './local.ts'

export const works = (program: string, ...args: readonly string[]): Promise<boolean> =>
  exec(program, ...args).then(
    () => true,
    () => false,
  )

/** @throws Error where only somebody else may install `what` */
export async function assertDebianAsRoot(what: string): Promise<void> {
  const system = await readFile('/etc/os-release', 'utf8').catch(() => '')
  if (/^ID(_LIKE)?=.*debian/m.test(system) && process.getuid?.() === 0) return
  throw new Error(`${what} is not installed, and only Debian as root installs it by itself`)
}

const apt = (...args: string[]) =>
  exec('env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-o', 'DPkg::Lock::Timeout=120', '-y', ...args)

let last: Promise<unknown> = Promise.resolve()

/** apt works for one at a time. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const mine = last.then(work)
  last = mine.catch(() => {})
  return mine
}

export const updateLists = (): Promise<void> => inTurn(async () => void (await apt('update')))

/** Debian packages, where that may be done. @throws Error that says why not */
export const installPackages = (...packages: readonly string[]): Promise<void> =>
  inTurn(async () => {
    await assertDebianAsRoot(packages.join(' '))
    const began = performance.now()
    const install = () => apt('install', '--no-install-recommends', ...packages)
    try {
      await install()
    } catch {
      // apt may be busy or its lists old: once more, with new ones.
      await apt('update')
      await install()
    }
    console.warn(`services: ${packages.join(' ')} installed in ${Math.round((performance.now() - began) / 1_000)} s`)
  })
