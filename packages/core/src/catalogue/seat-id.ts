import { isId } from '../shared/ids.ts'
import type { Id } from '../shared/types.ts'
import type { Problems } from './problems.ts'

/** A label as part of an id: spaces become `-`, whatever else ids may not hold `_` and its code in hexadecimal. */
export const idPart = (label: string): string =>
  label
    .trim()
    .replaceAll(/\s+/g, '-')
    .replaceAll(/[^A-Za-z0-9_-]/gu, (char) => `_${char.codePointAt(0)!.toString(16)}`)

/**
 * Hands out ids that are unique among themselves. Where a label repeats, the id tells seats apart: the second `A-4-7` becomes
 * `A-4-7_2`, the third `A-4-7_3`. An id that would be too long is a problem, and null.
 */
export function createIds(problems: Problems): (wanted: string, path: string) => Id | null {
  const used = new Set<string>()
  const repeats = new Map<string, number>()
  return (wanted, path) => {
    let id = wanted
    while (used.has(id)) {
      const repeat = (repeats.get(wanted) ?? 1) + 1
      repeats.set(wanted, repeat)
      id = `${wanted}_${repeat}`
    }
    used.add(id)
    if (isId(id)) return id
    problems.add(path, `would need an id of more than 64 characters: ${wanted.slice(0, 80)}`)
    return null
  }
}
