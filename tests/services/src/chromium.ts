import { installPackages } from './install.ts'
import { missing } from './keeper.ts'
import { exec } from './local.ts'

/** What Debian, Alpine, Fedora and Google call it. */
const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** Where the system's Chromium is, or `CHROMIUM_PATH`; installed where that may be done. Null, or an error, as with `sharedRedis`. */
export async function findChromium(): Promise<string | null> {
  const given = process.env.CHROMIUM_PATH
  if (given) return given
  try {
    const found = await lookUp()
    if (found !== null) return found
    // With letters for the Korean pages.
    await installPackages('chromium', 'fonts-nanum')
    return (await lookUp()) ?? missing('Chromium', 'it was installed and cannot be found')
  } catch (error) {
    return missing('Chromium', (error as Error).message)
  }
}

async function lookUp(): Promise<string | null> {
  for (const name of names) {
    const path = await exec('sh', '-c', `command -v ${name}`).catch(() => '')
    if (path.trim() !== '') return path.trim()
  }
  return null
}
