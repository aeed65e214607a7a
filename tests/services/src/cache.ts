import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

const root = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'b-ticketing')

/** A folder of downloads that later runs find again. It is filled aside, so that half of one is never taken for the whole. */
export async function cached(name: string, fill: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(root, name)
  if (existsSync(folder)) return folder
  const began = performance.now()
  await mkdir(root, { recursive: true })
  const aside = await mkdtemp(`${folder}.`)
  try {
    await fill(aside)
    // Another run may have been faster: then its folder stays.
    await rename(aside, folder).catch((error: NodeJS.ErrnoException) => {
      if (!existsSync(folder)) throw error
    })
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
  console.warn(`services: ${name} fetched into ${root} in ${Math.round((performance.now() - began) / 1_000)} s`)
  return folder
}
