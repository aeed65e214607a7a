import { HttpProblem } from '../problem.ts'

export type Query = Readonly<Record<string, string>>

const none: Query = Object.freeze({})

/** The part after `?` of a request target. A name given twice is refused: two readers must never see two values. */
export function parseQuery(target: string): Query {
  const at = target.indexOf('?')
  if (at < 0 || at === target.length - 1) return none
  const query: Record<string, string> = Object.create(null)
  for (const [name, value] of new URLSearchParams(target.slice(at + 1))) {
    if (name in query) throw new HttpProblem('BAD_REQUEST', `query parameter ${name.slice(0, 64)} is given twice`)
    query[name] = value
  }
  return query
}

/** The part before `?`. */
export function pathOf(target: string): string {
  const at = target.indexOf('?')
  return at < 0 ? target : target.slice(0, at)
}
