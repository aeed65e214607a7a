/**
 * Bits of one row inside an array of 32-bit words: slot *i* of the row is bit *i* mod 32 of word `from + i div 32`. Slots are
 * physical: neighbours are neighbouring bits, an aisle is a bit that is never set, and everything outside of the row reads 0.
 */
export type Words = Int32Array

/** Word `at` of the row moved `by` slots towards its start: bit *i* says what slot *i + by* was. */
export function later(words: Words, at: number, to: number, by: number): number {
  const word = at + (by >>> 5)
  const bits = by & 31
  const low = word < to ? words[word]! : 0
  if (bits === 0) return low
  const high = word + 1 < to ? words[word + 1]! : 0
  return (low >>> bits) | (high << (32 - bits))
}

/** Word `at` of the row moved `by` < 32 slots towards its end: bit *i* says what slot *i − by* was. */
export function earlier(words: Words, at: number, from: number, by: number): number {
  const low = at > from ? words[at - 1]! : 0
  return (words[at]! << by) | (low >>> (32 - by))
}

/** Keeps of `words[0 … count − 1]` the slots at which `length` set slots in a row begin, by doubling. */
export function keepStarts(words: Words, count: number, length: number): void {
  for (let have = 1; have < length; ) {
    const step = Math.min(have, length - have)
    for (let at = 0; at < count; at++) words[at] = words[at]! & later(words, at, count, step)
    have += step
  }
}

export const isSet = (words: Words, from: number, slot: number): boolean =>
  ((words[from + (slot >>> 5)]! >>> (slot & 31)) & 1) === 1

/** Index of the lowest set bit of a word that has one. */
export const lowestBit = (word: number): number => 31 - Math.clz32(word & -word)

/** First slot from `slot` on that is not set; `slots` when all are. */
export function runEnd(words: Words, from: number, slots: number, slot: number): number {
  let end = slot
  while (end < slots) {
    const left = ~words[from + (end >>> 5)]! >>> (end & 31)
    if (left !== 0) return Math.min(slots, end + lowestBit(left))
    end = (end | 31) + 1
  }
  return slots
}

/** First slot of the stretch of set slots that `slot`, itself set, lies in. */
export function runStart(words: Words, from: number, slot: number): number {
  let start = slot
  while (start >= 0) {
    const left = ~words[from + (start >>> 5)]! << (31 - (start & 31))
    if (left !== 0) return start - Math.clz32(left) + 1
    start = (start & ~31) - 1
  }
  return 0
}
