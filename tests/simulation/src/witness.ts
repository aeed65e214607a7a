import type { Journal } from './journal.ts'

/** Where findings go, and how often each invariant was looked at. */
export interface Witness {
  /** Counts one look at an invariant; a false one is a finding. `tell` is only asked then. */
  check(invariant: string, holds: boolean, tell: () => string): void
  readonly findings: readonly string[]
  /** Looks by invariant. */
  readonly looks: ReadonlyMap<string, number>
}

export function createWitness(journal: Journal): Witness {
  const findings: string[] = []
  const looks = new Map<string, number>()
  return {
    check: (invariant, holds, tell) => {
      looks.set(invariant, (looks.get(invariant) ?? 0) + 1)
      if (holds) return
      const finding = `${invariant}: ${tell()}`
      findings.push(finding)
      journal.say('FINDING', finding)
    },
    findings,
    looks,
  }
}
