import { createHash } from 'node:crypto'
import { HttpProblem } from '../problem.ts'
import type { Reply } from './route.ts'

type Entry =
  | { readonly is: 'running'; readonly fingerprint: string }
  | { readonly is: 'answered'; readonly fingerprint: string; readonly reply: Reply; readonly until: number }

export interface IdempotencyStore {
  /**
   * Runs `work` once per key: a repeat gets the first answer, if it changed something. A refusal is judged again.
   * @throws HttpProblem `IDEMPOTENCY_IN_FLIGHT`, `IDEMPOTENCY_KEY_REUSED`.
   */
  run(p: { key: string; fingerprint: string; work: () => Promise<Reply> }): Promise<Reply>
}

/**
 * First answers of this process; the oldest give way when there are more than `limit`. What was forgotten here is still known
 * to the engine, whose operation id the key is, or to the record.
 */
export function createIdempotencyStore(p: { now: () => number; ttlMs: number; limit: number }): IdempotencyStore {
  const entries = new Map<string, Entry>()

  const forgetOld = (): void => {
    for (const [key, entry] of entries) {
      if (entries.size < p.limit && (entry.is === 'running' || entry.until > p.now())) return
      if (entry.is === 'answered') entries.delete(key)
    }
  }

  return {
    async run({ key, fingerprint, work }) {
      const known = entries.get(key)
      if (known && (known.is === 'running' || known.until > p.now())) return repeat(known, fingerprint)
      forgetOld()
      entries.set(key, { is: 'running', fingerprint })
      try {
        const reply = await work()
        entries.delete(key)
        if (reply.status < 300) entries.set(key, { is: 'answered', fingerprint, reply, until: p.now() + p.ttlMs })
        return reply
      } catch (error) {
        entries.delete(key)
        throw error
      }
    },
  }
}

function repeat(entry: Entry, fingerprint: string): Reply {
  if (entry.fingerprint !== fingerprint) throw keyReused()
  if (entry.is === 'running') throw new HttpProblem('IDEMPOTENCY_IN_FLIGHT', 'the first request is still running')
  return entry.reply
}

export const keyReused = (): HttpProblem =>
  new HttpProblem('IDEMPOTENCY_KEY_REUSED', 'this Idempotency-Key came with another body before')

/** The key of a request, quoted (as the IETF draft has it) or bare; null without one. @throws HttpProblem `BAD_REQUEST`. */
export function idempotencyKeyOf(header: string | string[] | undefined): string | null {
  if (header === undefined) return null
  const key = String(header).replace(/^"(.*)"$/, '$1')
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key
  throw new HttpProblem('BAD_REQUEST', 'Idempotency-Key has 1 to 255 visible ASCII characters')
}

/** 43 characters of base64url: fits wherever an id does. */
export const digest = (...parts: readonly string[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${part.length}:${part}`)
  return hash.digest('base64url')
}
