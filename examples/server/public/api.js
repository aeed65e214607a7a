import { locale } from './text.js'

/** What the server's clock is ahead of ours: deadlines are its own. */
let ahead = 0

export const now = () => Date.now() + ahead

/**
 * One request. Resolves to `{ status, ok, body }` for every answer, refusals included; rejects when there is none.
 * A POST carries an Idempotency-Key, so that repeating it after a lost answer does nothing twice.
 */
export async function call(method, path, body, key = newKey()) {
  const headers = { accept: 'application/json', 'accept-language': locale }
  if (method === 'POST') headers['idempotency-key'] = key
  if (body !== undefined) headers['content-type'] = 'application/json'
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
  const date = Date.parse(answer.headers.get('date') ?? '')
  if (Number.isFinite(date) && Math.abs(date - Date.now()) > 2_000) ahead = date - Date.now()
  const text = await answer.text()
  return { status: answer.status, ok: answer.ok, body: text === '' ? null : JSON.parse(text) }
}

/** `crypto.randomUUID` is missing from a page over plain HTTP that is not on this machine. */
const newKey = () => Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join('-')

/** The same request until it is answered: a place or a payment is never lost to a network that blinks. */
export async function persist(method, path, body, onTrouble = () => {}) {
  const key = newKey()
  for (let attempt = 0; ; attempt++) {
    try {
      const answer = await call(method, path, body, key)
      if (answer.status < 500 && (answer.status !== 429 || answer.body?.code === 'HOLD_COOLDOWN')) return answer
    } catch {
      onTrouble()
    }
    await pause(Math.min(10_000, 500 * 2 ** attempt) * (0.75 + Math.random() / 2))
  }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
