import { createHash } from 'node:crypto'

/** What happened in one sale, a line an event: `+12.345 s  fan-3      join → number 5`. */
export interface Journal {
  say(actor: string, text: string): void
  /** Counts an event that a sale may or may not meet: the coverage of many seeds. */
  met(event: string, by?: number): void
  lines(): readonly string[]
  /** Of all lines and counts: equal for two runs of one seed. */
  hash(): string
  readonly counts: ReadonlyMap<string, number>
}

export function createJournal(p: { readonly now: () => number; readonly start: number }): Journal {
  const lines: string[] = []
  const counts = new Map<string, number>()
  return {
    say: (actor, text) => {
      const seconds = ((p.now() - p.start) / 1_000).toFixed(3)
      lines.push(`+${seconds.padStart(8)} s  ${actor.padEnd(10)} ${text}`)
    },
    met: (event, by = 1) => void counts.set(event, (counts.get(event) ?? 0) + by),
    lines: () => lines,
    hash: () => {
      const hash = createHash('sha256')
      for (const line of lines) hash.update(line).update('\n')
      for (const [event, count] of counts) hash.update(`${event}=${count}\n`)
      return hash.digest('hex')
    },
    counts,
  }
}

/** A value as a journal shows it: short, on one line. */
export function brief(value: unknown): string {
  const text = JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'string' && item.length > 24 ? `${item.slice(0, 8)}…` : item,
  )
  if (text === undefined) return String(value)
  return text.length > 160 ? `${text.slice(0, 157)}…` : text
}
