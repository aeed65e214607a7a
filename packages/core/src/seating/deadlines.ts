import type { Id, Ms } from '../shared/types.ts'

/** Deadlines in order (a binary heap). One that moved or ended is left inside: whoever takes it out looks the hold up. */
export interface Deadlines {
  add(at: Ms, holdId: Id): void
  /** The earliest one that has come, taken out; null when none has. */
  takeDue(now: Ms): Id | null
  clear(): void
}

interface Entry {
  readonly at: Ms
  readonly holdId: Id
}

export function createDeadlines(): Deadlines {
  const heap: Entry[] = []

  const up = (start: number): void => {
    for (let i = start; i > 0; ) {
      const parent = (i - 1) >> 1
      if (heap[parent]!.at <= heap[i]!.at) return
      swap(i, parent)
      i = parent
    }
  }

  const down = (): void => {
    for (let i = 0; ; ) {
      const left = 2 * i + 1
      if (left >= heap.length) return
      const right = left + 1
      const least = right < heap.length && heap[right]!.at < heap[left]!.at ? right : left
      if (heap[i]!.at <= heap[least]!.at) return
      swap(i, least)
      i = least
    }
  }

  const swap = (a: number, b: number): void => {
    const entry = heap[a]!
    heap[a] = heap[b]!
    heap[b] = entry
  }

  return {
    add: (at, holdId) => {
      heap.push({ at, holdId })
      up(heap.length - 1)
    },
    takeDue: (now) => {
      const top = heap[0]
      if (!top || top.at > now) return null
      const last = heap.pop()!
      if (heap.length > 0) {
        heap[0] = last
        down()
      }
      return top.holdId
    },
    clear: () => {
      heap.length = 0
    },
  }
}
