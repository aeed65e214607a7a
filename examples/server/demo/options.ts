import { readFlags } from '../../../scripts/flags.ts'

export interface DemoOptions {
  /** Visitors of the crowd; the last fans, who take single seats that are left, come on top. */
  readonly fans: number
  readonly seed: number
  /** Arrivals a second while the opening crowd pours in. */
  readonly rate: number
  /** End with the audit's exit code instead of keeping the server up. */
  readonly exit: boolean
  /** On a real Redis. */
  readonly redis: boolean
  /** On a real Redis, MySQL and Kafka, with several processes. */
  readonly services: boolean
  /** Of the server; 0: any free one. */
  readonly port: number
  /** A venue document to sell instead of the ballpark. */
  readonly venueFile: string | null
}

export type OptionsResult =
  | { readonly is: 'read'; readonly options: DemoOptions }
  | { readonly is: 'help' }
  | { readonly is: 'wrong'; readonly problem: string }

export const usage = `npm run demo: a whole on-sale. A server with a real ballpark, a crowd over HTTP, live progress, then an audit

npm run demo                   and afterwards the server stays up, for you to look around; Ctrl-C ends it
npm run demo -- --exit         ends with the audit's exit code: 0 when every promise was kept, else 1
npm run demo -- --fans 40000   so many fans in the crowd (11000). The last fans come on top: when the crowd is gone,
                               they take the single seats that are left, at most two of them for each fan of the crowd
npm run demo -- --rate 2000    at most so many arrivals a second (1500)
npm run demo -- --seed 7       another crowd of the same size (1)
npm run demo -- --redis        line and seats on a real Redis, which is started for it (embedded)
npm run demo -- --services     on a real Redis, MySQL and Kafka, which are started for it: two web servers, a payment worker, a
                               notification worker, the sandbox gateway and a mail catcher

Environment: PORT (any free port) · VENUE_FILE (another venue; a relative path begins at the project's root)
Exit code 1: a promise was broken, or the sale could not be opened; 2: wrong flags.`

const flags = {
  fans: { least: 1, most: 200_000 },
  seed: { least: 0, most: 2 ** 32 - 1 },
  rate: { least: 1, most: 20_000 },
  exit: 'switch',
  redis: 'switch',
  services: 'switch',
} as const

/** The command line and the two names of the environment that the demo heeds, PORT and VENUE_FILE; or one line saying what is wrong. */
export function demoOptions(args: readonly string[], env: Readonly<Record<string, string | undefined>>): OptionsResult {
  const line = readFlags({ command: 'npm run demo', args, flags })
  if (line.is !== 'read') return line
  const port = env.PORT?.trim() || '0'
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    return { is: 'wrong', problem: `PORT must be a whole number from 0 to 65535, not '${port}'` }
  }
  const { fans = 11_000, seed = 1, rate = 1_500, exit = false, redis = false, services = false } = line.values
  if (redis && services) return { is: 'wrong', problem: '--redis and --services are two demos: choose one' }
  return {
    is: 'read',
    options: { fans, seed, rate, exit, redis, services, port: Number(port), venueFile: env.VENUE_FILE?.trim() || null },
  }
}
