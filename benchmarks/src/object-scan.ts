import type { Stand } from './stand.ts'

/** The peer: seats as objects, every window of every row looked at on every request. The same rule, the plain way. */
export interface ObjectScan {
  /** Takes the best adjacent seats; null when there are none. */
  take(quantity: number): readonly ScanSeat[] | null
  release(seats: readonly ScanSeat[]): void
}

export interface ScanSeat {
  readonly section: number
  readonly index: number
  readonly distance: number
  taken: boolean
}

interface Found {
  readonly seats: readonly ScanSeat[]
  readonly orphans: number
  readonly quality: number
  readonly gap: number
}

export function createObjectScan({ sections, codes }: Stand): ObjectScan {
  const rows = sections.flatMap(({ rows: drawn, focalPoint }, section) => {
    let index = 0
    return drawn.map(({ seats }) =>
      seats.map(({ x, y }): ScanSeat => {
        const distance = Math.round(Math.sqrt((x - focalPoint.x) ** 2 + (y - focalPoint.y) ** 2) * 1000)
        return { section, index, distance, taken: codes[section]![index++] !== 0 }
      }),
    )
  })

  return {
    take(quantity) {
      let best: Found | null = null
      for (const row of rows)
        for (let start = 0; start + quantity <= row.length; start++) {
          const found = windowAt(row, start, quantity)
          if (found !== null && (best === null || isBetter(found, best))) best = found
        }
      for (const seat of best?.seats ?? []) seat.taken = true
      return best?.seats ?? null
    },
    release(seats) {
      for (const seat of seats) seat.taken = false
    },
  }
}

function windowAt(row: readonly ScanSeat[], start: number, quantity: number): Found | null {
  for (let i = start; i < start + quantity; i++) if (row[i]!.taken) return null
  const seats = row.slice(start, start + quantity)
  const isFree = (i: number) => row[i]?.taken === false
  let [left, right] = [0, 0]
  while (isFree(start - left - 1)) left++
  while (isFree(start + quantity + right)) right++
  return {
    seats,
    orphans: (left === 1 ? 1 : 0) + (right === 1 ? 1 : 0),
    quality: seats.reduce((sum, { distance }) => sum + distance, 0),
    gap: left + right,
  }
}

const isBetter = (a: Found, b: Found): boolean =>
  a.orphans !== b.orphans ? a.orphans < b.orphans : a.quality !== b.quality ? a.quality < b.quality : a.gap < b.gap
