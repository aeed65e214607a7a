import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, runAll, tool } from './run.ts'

/** Packs each package as it would be published and lets publint and attw judge the tarball. */
export async function packageCheck(packages: readonly string[]): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'b-ticketing-pack-'))
  try {
    const pack = packages.map((dir) => ({
      ...tool('pnpm', 'pack', '--silent', '--ignore-scripts', '--pack-destination', folder),
      cwd: join(root, dir),
    }))
    if (!(await runAll(pack))) return false
    const tarballs = (await readdir(folder)).map((name) => join(folder, name))
    return await runAll(
      tarballs.flatMap((tarball) => [
        { ...tool('publint', 'run', '--strict', tarball), quiet: true },
        { ...tool('attw', '--profile', 'esm-only', '--no-emoji', '--no-definitely-typed', tarball), quiet: true },
      ]),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
