import { parseArgs } from 'node:util'

export interface DemoOptions {
  /** Visitors of the crowd; the last fans, who take what came back, are on top. */
  readonly fans: number
  readonly seed: number
  /** Arrivals a second while the opening crowd pours in. */
  readonly rate: number
  /** End with the audit's exit code instead of keeping the server up. */
  readonly exit: boolean
  /** Of the server; 0: any free one. */
  readonly port: number
  /** A venue document to sell instead of the ballpark. */
  readonly venueFile: string | null
}

export type OptionsResult =
  | { readonly ok: true; readonly options: DemoOptions }
  | { readonly ok: false; readonly problem: string }

const usage = 'usage: npm run demo -- [--fans 11000] [--seed 1] [--rate 1500] [--exit]'

/** The command line and the two names of the environment that the demo heeds, PORT and VENUE_FILE; or one line saying what is wrong. */
export function demoOptions(args: readonly string[], env: Readonly<Record<string, string | undefined>>): OptionsResult {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        fans: { type: 'string', default: '11000' },
        seed: { type: 'string', default: '1' },
        rate: { type: 'string', default: '1500' },
        exit: { type: 'boolean', default: false },
      },
    })
    const options = {
      fans: whole('--fans', values.fans, 1, 200_000),
      seed: whole('--seed', values.seed, 0, 2 ** 32 - 1),
      rate: whole('--rate', values.rate, 1, 20_000),
      exit: values.exit,
      port: whole('PORT', env.PORT || '0', 0, 65_535),
      venueFile: env.VENUE_FILE || null,
    }
    return { ok: true, options }
  } catch (error) {
    const [problem = ''] = (error as Error).message.split(/[.\n]/)
    return { ok: false, problem: `${problem}; ${usage}` }
  }
}

function whole(name: string, text: string, least: number, most: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (value >= least && value <= most) return value
  throw new Error(`${name} must be a whole number from ${least} to ${most}, not '${text}'`)
}
