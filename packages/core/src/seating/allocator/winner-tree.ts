/** Keeps the best of many rows while single ones change: a tournament whose every match is remembered. */
export class WinnerTree {
  private readonly cost: Float64Array
  private readonly gap: Int32Array
  private readonly leaves: number
  /** Winner of a node; node 1 is the whole, the leaf of row *i* is node `leaves + i`. −1: no row below it. */
  private readonly winner: Int32Array

  constructor(cost: Float64Array, gap: Int32Array) {
    this.cost = cost
    this.gap = gap
    this.leaves = 2 ** Math.ceil(Math.log2(Math.max(1, cost.length)))
    this.winner = new Int32Array(2 * this.leaves).fill(-1)
    for (let row = 0; row < cost.length; row++) this.winner[this.leaves + row] = row
  }

  rebuild(): void {
    for (let node = this.leaves - 1; node >= 1; node--) this.winner[node] = this.matchBelow(node)
  }

  /** After the cost or gap of `row` changed. */
  update(row: number): void {
    for (let node = (this.leaves + row) >> 1; node >= 1; node >>= 1) {
      const before = this.winner[node]!
      const now = this.matchBelow(node)
      if (now === before && now !== row) return
      this.winner[node] = now
    }
  }

  /** The row of lowest cost, then lowest gap, then lowest number; −1 when every cost is infinite. */
  best(): number {
    return this.finite(this.winner[1]!)
  }

  /** The same among the rows `first … end − 1`. */
  bestOf(first: number, end: number): number {
    let low = -1
    let high = -1
    let [a, b] = [this.leaves + first, this.leaves + end]
    for (; a < b; a >>= 1, b >>= 1) {
      if (a & 1) low = this.match(low, this.winner[a++]!)
      if (b & 1) high = this.match(this.winner[--b]!, high)
    }
    return this.finite(this.match(low, high))
  }

  private finite(row: number): number {
    return row >= 0 && this.cost[row] !== Number.POSITIVE_INFINITY ? row : -1
  }

  private matchBelow(node: number): number {
    return this.match(this.winner[2 * node]!, this.winner[2 * node + 1]!)
  }

  /** Of two rows, `a` before `b` in rank. */
  private match(a: number, b: number): number {
    if (b < 0) return a
    if (a < 0) return b
    const [ca, cb] = [this.cost[a]!, this.cost[b]!]
    if (ca !== cb) return ca < cb ? a : b
    return this.gap[b]! < this.gap[a]! ? b : a
  }
}
