import { setTimeout as sleep } from 'node:timers/promises'
import type { Character } from './character.ts'
import type { Answer, Browser } from './client.ts'
import type { CrowdBooks } from './crowd-books.ts'
import type { Random } from './random.ts'

/** A fan at work: who they are, their browser, and what they know of the sale. */
export interface Fan {
  readonly name: string
  readonly who: Character
  readonly scheduleId: string
  readonly random: Random
  readonly books: CrowdBooks
  /** One request, sent again when told to come back; sent twice by those who repeat. */
  send(method: string, path: string, body?: unknown, key?: string): Promise<Answer>
  /** One request without a second try: for what is meant to be refused. */
  try(method: string, path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** An answer the contract does not foresee here. */
  surprised(step: string, answer: Answer): void
  /** Looks, thinks, types: `ms` at the pace of an average fan. */
  think(ms: number): Promise<void>
  /** Since the sale opened, in ms. */
  elapsed(): number
  /** Nobody waits for ever. */
  over(): boolean
}

export function createFan(p: {
  readonly name: string
  readonly who: Character
  readonly browser: Browser
  readonly scheduleId: string
  readonly random: Random
  readonly books: CrowdBooks
  readonly elapsed: () => number
  /** When the last of them goes home, in ms after the opening. */
  readonly untilMs: number
}): Fan {
  const { name, who, browser, books, scheduleId, random, elapsed } = p
  const over = (): boolean => elapsed() > p.untilMs
  const patiently = async (request: () => Promise<Answer>): Promise<Answer> => {
    for (let tries = 0; ; tries++) {
      const answer = await request()
      const isFull = answer.status === 503 || answer.status === 429
      if (!isFull || tries === mostTries || over()) return answer
      books.askedToWait++
      await sleep(answer.retryAfterMs ?? 1_000)
    }
  }
  return {
    name,
    who,
    scheduleId,
    random,
    books,
    elapsed,
    over,
    async send(method, path, body, key) {
      const headers = key === undefined ? undefined : { 'idempotency-key': key }
      const request = () => browser.request(method, path, body, headers)
      const first = await patiently(request)
      if (!who.repeats) return first
      const second = await patiently(request)
      if (key !== undefined) compare(books, `${method} ${path} of ${name}`, first, second)
      // A refusal is judged again: what was taken a moment ago may be free by now.
      return first.status >= 300 && second.status < 300 ? second : first
    },
    try: (method, path, body, headers) => browser.request(method, path, body, headers),
    surprised: (step, { status, body }) =>
      void books.surprises.push(`${name}, ${step}: ${status} ${body?.code ?? ''} ${body?.detail ?? ''}`.trim()),
    think: async (ms) => {
      if (who.pace > 0) await sleep(ms * who.pace)
    },
  }
}

const mostTries = 10

/** Once an answer changed something, the same key and body get the same answer: the same number, hold, payment. */
function compare(books: CrowdBooks, what: string, first: Answer, second: Answer): void {
  books.repeats.asked++
  // A credential may run out between the two; nothing is replayed to someone without one.
  if (first.status >= 300 || second.body?.code === 'PASS_EXPIRED') return
  if (second.status < 300 && identity(first) === identity(second)) return
  books.repeats.differed.push(`${what}: ${first.status} ${identity(first)}, ${second.status} ${identity(second)}`)
}

const identity = ({ body }: Answer): string => String(body?.requestId ?? body?.holdId ?? body?.number ?? '')
