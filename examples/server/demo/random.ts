/** Seeded randomness (mulberry32): the same seed makes the same crowd. */
export interface Random {
  /** In [0, 1). */
  next(): number
  below(n: number): number
  /** One of the names, as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    below: (n) => Math.floor(next() * n),
    weighted: (weights) => {
      const names = Object.keys(weights) as (keyof typeof weights)[]
      let at = next() * names.reduce((sum, name) => sum + weights[name], 0)
      for (const name of names) {
        at -= weights[name]
        if (at < 0) return name
      }
      return names[names.length - 1] as (typeof names)[number]
    },
  }
}
