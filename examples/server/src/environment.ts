import { readFileSync } from 'node:fs'
import { importVenue, type Venue } from '@b-ticketing/core'
import { readSettings, type Settings } from './settings.ts'

type VenueResult =
  | { readonly ok: true; readonly venue: Venue }
  | { readonly ok: false; readonly problems: readonly string[] }

/** The settings, and the venue of `VENUE_FILE` or the ballpark that comes with the server. @throws Error that lists all that is wrong. */
export function readEnvironment(env: Readonly<Record<string, string | undefined>>): {
  readonly settings: Settings
  readonly venue: Venue
} {
  const read = readSettings(env)
  const found = readVenue(env.VENUE_FILE?.trim() || new URL('../data/jamsil.json', import.meta.url))
  if (read.ok && found.ok) return { settings: read.settings, venue: found.venue }
  const problems = [...(read.ok ? [] : read.problems), ...(found.ok ? [] : found.problems)]
  throw new Error(problems.length === 1 ? problems[0] : ['the settings are wrong:', ...problems].join('\n  - '))
}

function readVenue(file: string | URL): VenueResult {
  try {
    return { ok: true, venue: importVenue(JSON.parse(readFileSync(file, 'utf8'))) }
  } catch (error) {
    const { message, details } = error as Error & { details?: { problems?: readonly string[] } }
    const problems = details?.problems ?? [message]
    return { ok: false, problems: problems.map((problem) => `VENUE_FILE cannot be used: ${problem}`) }
  }
}
