/** Keeps the best of many rows while single ones change: a tournament whose every match is remembered. */
export interface WinnerTree {
  rebuild(): void
  /** After the cost or gap of `row` changed. */
  update(row: number): void
  /** The row of `first … end − 1` of lowest cost, then lowest gap, then lowest number; −1 when every cost is infinite. */
  best(first: number, end: number): number
}

export function createWinnerTree(cost: Float64Array, gap: Int32Array): WinnerTree {
  const rows = cost.length
  const leaves = 2 ** Math.ceil(Math.log2(Math.max(1, rows)))
  /** Winner of a node; node 1 is the whole, the leaf of row *i* is node `leaves + i`. −1: no row below it. */
  const winner = new Int32Array(2 * leaves).fill(-1)
  for (let row = 0; row < rows; row++) winner[leaves + row] = row

  /** Of two rows, `a` before `b` in rank. */
  function match(a: number, b: number): number {
    if (b < 0) return a
    if (a < 0) return b
    const [ca, cb] = [cost[a]!, cost[b]!]
    if (ca !== cb) return ca < cb ? a : b
    return gap[b]! < gap[a]! ? b : a
  }

  return {
    rebuild() {
      for (let node = leaves - 1; node >= 1; node--) winner[node] = match(winner[2 * node]!, winner[2 * node + 1]!)
    },
    update(row) {
      for (let node = (leaves + row) >> 1; node >= 1; node >>= 1) {
        const before = winner[node]!
        const now = match(winner[2 * node]!, winner[2 * node + 1]!)
        if (now === before && now !== row) return
        winner[node] = now
      }
    },
    best(first, end) {
      let found = first === 0 && end === rows ? winner[1]! : rangeBest(first, end)
      if (found >= 0 && cost[found] === Number.POSITIVE_INFINITY) found = -1
      return found
    },
  }

  function rangeBest(first: number, end: number): number {
    let low = -1
    let high = -1
    let [a, b] = [leaves + first, leaves + end]
    for (; a < b; a >>= 1, b >>= 1) {
      if (a & 1) low = match(low, winner[a++]!)
      if (b & 1) high = match(winner[--b]!, high)
    }
    return match(low, high)
  }
}
