import { parseArgs } from 'node:util'

/** A switch (`--exit`), or a whole number within bounds (`--seeds 500`). */
export type Flag = 'switch' | { readonly least: number; readonly most: number }

export type FlagsResult<Flags extends Readonly<Record<string, Flag>>> =
  | { readonly is: 'help' }
  /** One line: what is wrong, and which flags there are. */
  | { readonly is: 'wrong'; readonly problem: string }
  | {
      readonly is: 'read'
      readonly values: { readonly [Name in keyof Flags]?: Flags[Name] extends 'switch' ? true : number }
      readonly words: readonly string[]
    }

/** The command line of `command`; every one of them knows `--help`. `words`: what may stand there without `--`; default none. */
export function readFlags<const Flags extends Readonly<Record<string, Flag>>>(p: {
  readonly command: string
  readonly args: readonly string[]
  readonly flags: Flags
  readonly words?: { readonly name: string; readonly known: readonly string[] }
}): FlagsResult<Flags> {
  const { flags, words } = p
  try {
    const { tokens } = parseArgs({ args: [...p.args], options: optionsOf(flags), allowPositionals: true, tokens: true })
    const values: Record<string, true | number> = {}
    const named: string[] = []
    for (const token of tokens) {
      if (token.kind === 'positional') named.push(knownWord(token.value, words))
      if (token.kind !== 'option') continue
      if (token.name === 'help') return { is: 'help' }
      if (token.name in values) throw new Error(`--${token.name} is given twice`)
      values[token.name] = readValue(token.name, flags[token.name]!, token.value)
    }
    return { is: 'read', values: values as Extract<FlagsResult<Flags>, { is: 'read' }>['values'], words: named }
  } catch (error) {
    return { is: 'wrong', problem: `${firstSentence(error as Error)}; ${p.command} takes ${taken(flags, words)}` }
  }
}

/** Prints what a command line that is not `read` deserves; the exit code to end with. */
export function answerFlags(answer: FlagsResult<Readonly<Record<string, Flag>>>, usage: string): 0 | 2 {
  if (answer.is === 'wrong') {
    process.stderr.write(`error: ${answer.problem}\n`)
    return 2
  }
  process.stdout.write(`${usage}\n`)
  return 0
}

/** Node explains itself at length; `--seeds -1` and `--seeds` alone are the same mistake. */
function firstSentence({ message }: Error): string {
  const [what = ''] = message.split(/\.\s|\.$|\n/)
  const bare = /^Option '(?:-\w, )?(--[\w-]+).*' argument/.exec(what)
  return bare ? `${bare[1]} needs a whole number` : what.replace('Unknown option', 'there is no flag')
}

const optionsOf = (flags: Readonly<Record<string, Flag>>) => ({
  ...Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [name, { type: flag === 'switch' ? 'boolean' : 'string' } as const]),
  ),
  help: { type: 'boolean', short: 'h' } as const,
})

function readValue(name: string, flag: Flag, text: string | undefined): true | number {
  if (flag === 'switch') return true
  const value = /^\d{1,15}$/.test(text ?? '') ? Number(text) : Number.NaN
  if (value >= flag.least && value <= flag.most) return value
  throw new Error(`--${name} must be a whole number from ${flag.least} to ${flag.most}, not '${text}'`)
}

function knownWord(word: string, words: { readonly name: string; readonly known: readonly string[] } | undefined) {
  if (words?.known.includes(word)) return word
  throw new Error(words === undefined ? `'${word}' is no flag` : `there is no ${words.name} '${word}'`)
}

const taken = (
  flags: Readonly<Record<string, Flag>>,
  words: { readonly name: string; readonly known: readonly string[] } | undefined,
): string =>
  [
    ...(words ? [`any ${words.name} of ${words.known.join(', ')}`] : []),
    ...Object.entries(flags).map(([name, flag]) => (flag === 'switch' ? `--${name}` : `--${name} N`)),
    '--help',
  ].join(' · ')
