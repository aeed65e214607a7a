import { TicketingError } from '../shared/errors.ts'

/** What is wrong with a document, as `path: message`; bounded, so that a hopeless document costs no more than a bad one. */
export interface Problems {
  add(path: string, message: string): void
  /** At most 50, with a closing line that counts the others. */
  list(): readonly string[]
  readonly count: number
}

const shown = 50

export function createProblems(): Problems {
  const problems: string[] = []
  let count = 0
  return {
    add: (path, message) => {
      if (count++ < shown) problems.push(path === '' ? message : `${path}: ${message}`)
    },
    list: () => (count > shown ? [...problems, `and ${count - shown} more`] : [...problems]),
    get count() {
      return count
    },
  }
}

/** @throws TicketingError `INVALID` with `details.problems` when there are any. */
export function refuse(what: string, problems: readonly string[]): void {
  if (problems.length === 0) return
  throw new TicketingError('INVALID', `${what} is not valid: ${problems[0]}`, { details: { problems } })
}
