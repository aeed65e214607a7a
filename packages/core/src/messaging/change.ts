/** What a reader of a feed does with the next number: `old` was seen, after a `gap` something was missed. */
export const followSeq = (last: number | null, seq: number): 'next' | 'gap' | 'old' => {
  if (last === null || seq === last + 1) return 'next'
  return seq <= last ? 'old' : 'gap'
}
