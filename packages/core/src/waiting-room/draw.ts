import type { ScheduleRecord } from '../catalogue/schedule.ts'
import { hmacSha256, sha256Hex } from '../shared/crypto.ts'
import type { Id } from '../shared/types.ts'
import { type LineDraw, opened } from './line.ts'

export interface DrawDisclosure {
  readonly policy: 'fifo' | 'draw'
  readonly commitment: string
  readonly n: number | null
  readonly beacon: string | null
  /** Null until the draw has been made. */
  readonly secret: string | null
  readonly epoch: Id
}

/** What is published of the secret before the draw. */
export const commitmentOf = (secret: string): string => sha256Hex(secret)

export const drawKey = (p: { secret: string; epoch: Id; n: number; beacon: string | null }): string =>
  hex(hmacSha256(p.secret, `${p.epoch}|${p.n}|${p.beacon ?? ''}`))

/** The record is open for a line whose draw was not fixed yet: the waiting room does that first, then configures. */
export const drawPending = (record: ScheduleRecord): boolean =>
  opened(record.state) && record.draw !== null && record.draw.made === undefined

/** The draw of an opened record whose draw is not pending. */
export function lineDraw(record: ScheduleRecord): LineDraw {
  const made = record.draw?.made
  if (!record.draw || made?.policy !== 'draw') return { policy: 'fifo', n: made?.n ?? 0, key: '', beacon: null }
  const { n, beacon } = made
  return { policy: 'draw', n, beacon, key: drawKey({ secret: record.draw.secret, epoch: record.epoch, n, beacon }) }
}

/** The number that a pre-queue rank drew. */
export const numberOfRank = (draw: LineDraw, rank: number): number =>
  draw.policy === 'fifo' || rank > draw.n ? rank : walk(draw, rank, shuffle)

/** The rank that drew this number. */
export const rankOfNumber = (draw: LineDraw, number: number): number =>
  draw.policy === 'fifo' || number > draw.n ? number : walk(draw, number, unshuffle)

/** Every position of a disclosed draw: `[i]` is the number of rank `i + 1`. */
export function drawnNumbers(p: { epoch: Id; n: number; beacon: string | null; secret: string }): readonly number[] {
  const draw: LineDraw = { policy: 'draw', n: p.n, beacon: p.beacon, key: drawKey(p) }
  return Array.from({ length: p.n }, (_, i) => numberOfRank(draw, i + 1))
}

/**
 * Recomputes a draw from what was published. `numbers[i]` is what rank `i + 1` was given, as far as the auditor knows it.
 * Refused when the secret is not the one committed to, or a position differs.
 */
export function verifyDraw(p: {
  readonly disclosure: DrawDisclosure
  readonly numbers: readonly number[]
}): { readonly ok: true } | { readonly ok: false; readonly reason: 'not-made' | 'commitment' | 'count' | 'position' } {
  const { policy, secret, n, beacon, epoch, commitment } = p.disclosure
  if (n === null || (policy === 'draw' && secret === null)) return { ok: false, reason: 'not-made' }
  if (secret !== null && commitmentOf(secret) !== commitment) return { ok: false, reason: 'commitment' }
  if (p.numbers.length !== n) return { ok: false, reason: 'count' }
  const positions = policy === 'draw' ? drawnNumbers({ epoch, n, beacon, secret: secret as string }) : null
  const differs = p.numbers.some((number, i) => number !== (positions ? positions[i] : i + 1))
  return differs ? { ok: false, reason: 'position' } : { ok: true }
}

// A Feistel network over a grid of rows × columns just large enough for n; what falls outside 1..n walks on (cycle walking),
// so the whole is a permutation of 1..n, computed for one rank without the others.
const rounds = 10
type Step = (draw: LineDraw, grid: Grid, value: number) => number
interface Grid {
  readonly rows: number
  readonly columns: number
}

function walk(draw: LineDraw, from: number, step: Step): number {
  const rows = Math.max(16, Math.ceil(Math.sqrt(draw.n)))
  const grid = { rows, columns: Math.max(16, Math.ceil(draw.n / rows)) }
  let value = from - 1
  do value = step(draw, grid, value)
  while (value >= draw.n)
  return value + 1
}

const shuffle: Step = ({ key }, { rows, columns }, value) => {
  let row = Math.floor(value / columns)
  let column = value % columns
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) row = (row + noise(key, round, column)) % rows
    else column = (column + noise(key, round, row)) % columns
  }
  return row * columns + column
}

const unshuffle: Step = ({ key }, { rows, columns }, value) => {
  let row = Math.floor(value / columns)
  let column = value % columns
  for (let round = rounds - 1; round >= 0; round--) {
    if (round % 2 === 0) row = (row + rows - (noise(key, round, column) % rows)) % rows
    else column = (column + columns - (noise(key, round, row) % columns)) % columns
  }
  return row * columns + column
}

/** 48 bits of a keyed hash. */
const noise = (key: string, round: number, half: number): number =>
  hmacSha256(key, `${round}|${half}`)
    .subarray(0, 6)
    .reduce((sum, byte) => sum * 256 + byte, 0)

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
