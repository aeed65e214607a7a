import type { ScheduleRecord } from '../catalogue/schedule.ts'
import { hmacSha256, sha256Hex } from '../shared/crypto.ts'
import { TicketingError } from '../shared/errors.ts'
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
export const numberOfRank = (draw: LineDraw, rank: number): number => createPermutation(draw).numberOf(rank)

/** The rank that drew this number. */
export const rankOfNumber = (draw: LineDraw, number: number): number => createPermutation(draw).rankOf(number)

/** Every position of a disclosed draw: `[i]` is the number of rank `i + 1`. */
export function drawnNumbers(p: { epoch: Id; n: number; beacon: string | null; secret: string }): readonly number[] {
  const permutation = createPermutation({ policy: 'draw', n: p.n, beacon: p.beacon, key: drawKey(p) })
  return Array.from({ length: p.n }, (_, i) => permutation.numberOf(i + 1))
}

/**
 * Recomputes a draw from what was published. `numbers[i]` is what rank `i + 1` was given, as far as the auditor knows it.
 * Refused when the secret is not the one committed to, or a position differs. @throws TicketingError `INVALID`
 */
export function verifyDraw(p: {
  readonly disclosure: DrawDisclosure
  readonly numbers: readonly number[]
}): { readonly ok: true } | { readonly ok: false; readonly reason: 'not-made' | 'commitment' | 'count' | 'position' } {
  demandDisclosed(p)
  const { policy, secret, n, beacon, epoch, commitment } = p.disclosure
  if (n === null || (policy === 'draw' && secret === null)) return { ok: false, reason: 'not-made' }
  if (secret !== null && commitmentOf(secret) !== commitment) return { ok: false, reason: 'commitment' }
  if (p.numbers.length !== n) return { ok: false, reason: 'count' }
  const positions = policy === 'draw' ? drawnNumbers({ epoch, n, beacon, secret: secret as string }) : null
  const differs = p.numbers.some((number, i) => number !== (positions ? positions[i] : i + 1))
  return differs ? { ok: false, reason: 'position' } : { ok: true }
}

/** What is audited was published by somebody else: it may be anything. */
function demandDisclosed(p: { readonly disclosure: DrawDisclosure; readonly numbers: readonly number[] }): void {
  const { disclosure, numbers } = p ?? {}
  const orNull = (value: unknown, type: string): boolean => value === null || typeof value === type
  const { policy, secret, n, beacon, epoch, commitment } = disclosure ?? {}
  const texts =
    orNull(secret, 'string') &&
    orNull(beacon, 'string') &&
    [epoch, commitment].every((text) => typeof text === 'string')
  if (Array.isArray(numbers) && texts && orNull(n, 'number') && (policy === 'draw' || policy === 'fifo')) return
  throw new TicketingError('INVALID', 'this is not the disclosure of a draw and its numbers')
}

const rounds = 12

export interface Permutation {
  numberOf(rank: number): number
  rankOf(number: number): number
}

/**
 * Numbers of ranks and ranks of numbers, for many at once.
 *
 * A Feistel network over a grid of rows × columns just large enough for n; what falls outside 1..n walks on (cycle walking),
 * so the whole is a permutation of 1..n, computed for one rank without the others.
 */
export function createPermutation(draw: LineDraw): Permutation {
  const rows = Math.max(4, Math.ceil(Math.sqrt(draw.n)))
  const columns = Math.max(4, Math.ceil(draw.n / rows))
  const noise = createNoise(draw.key)
  const mod = (value: number, size: number) => ((value % size) + size) % size

  /** One pass through the network, forward (1) or back (-1). */
  const step = (value: number, way: 1 | -1): number => {
    let row = Math.floor(value / columns)
    let column = value % columns
    for (let i = 0; i < rounds; i++) {
      const round = way === 1 ? i : rounds - 1 - i
      if (round % 2 === 0) row = mod(row + way * (noise(round, column) % rows), rows)
      else column = mod(column + way * (noise(round, row) % columns), columns)
    }
    return row * columns + column
  }

  const walk = (from: number, way: 1 | -1): number => {
    if (draw.policy === 'fifo' || from > draw.n) return from
    let value = step(from - 1, way)
    while (value >= draw.n) value = step(value, way)
    return value + 1
  }

  return { numberOf: (rank: number) => walk(rank, 1), rankOf: (number: number) => walk(number, -1) }
}

/** 48 bits of a keyed hash for each round and half; there are few of them, so each is computed once. */
function createNoise(key: string): (round: number, half: number) => number {
  const known = new Map<number, number>()
  return (round, half) => {
    const at = half * rounds + round
    const seen = known.get(at)
    if (seen !== undefined) return seen
    const bytes = hmacSha256(key, `${round}|${half}`).subarray(0, 6)
    const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
    known.set(at, value)
    return value
  }
}

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
