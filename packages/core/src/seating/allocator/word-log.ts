/** Which words of the occupancy changed, oldest first, as far back as `size`; for readers that each go at their own pace. */
export class WordLog {
  readonly size: number
  /** Changes that count: entry *i* can be read while `i > head − size`. */
  head = 0
  private readonly words: Int32Array
  /** The last logged word while nobody has read it; −1 after that. A word is not logged twice in a row. */
  private unread = -1
  /** What that word was before. */
  private was = 0

  constructor(words: number) {
    this.size = 2 ** Math.ceil(Math.log2(Math.max(64, words)))
    this.words = new Int32Array(this.size)
  }

  at(entry: number): number {
    return this.words[entry & (this.size - 1)]!
  }

  /** Seats taken and given back before anybody looked leave no entry. */
  add(word: number, before: number, after: number): void {
    if (word === this.unread) {
      if (after !== this.was) return
      this.head--
      this.unread = -1
      return
    }
    this.words[this.head & (this.size - 1)] = word
    this.head++
    this.unread = word
    this.was = before
  }

  /** A reader has read everything up to `head`. */
  markRead(): void {
    this.unread = -1
  }
}
