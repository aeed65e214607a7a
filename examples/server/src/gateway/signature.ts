import { createHmac, timingSafeEqual } from 'node:crypto'

/** Standard Webhooks: HMAC-SHA-256 over `id.timestamp.body` with the bytes behind `whsec_`. */

const toleranceSeconds = 300

export interface SignedHeaders {
  readonly 'webhook-id': string
  /** Seconds since 1970. */
  readonly 'webhook-timestamp': string
  /** `v1,<base64>`, several separated by spaces while keys rotate. */
  readonly 'webhook-signature': string
}

export function sign(p: { secret: string; id: string; atMs: number; body: string | Buffer }): SignedHeaders {
  const timestamp = String(Math.floor(p.atMs / 1_000))
  const signature = `v1,${mac(p.secret, p.id, timestamp, p.body).toString('base64')}`
  return { 'webhook-id': p.id, 'webhook-timestamp': timestamp, 'webhook-signature': signature }
}

/** True if the body is the sender's and at most five minutes old (or ahead). */
export function verify(p: {
  secret: string
  headers: Readonly<Record<string, string | string[] | undefined>>
  body: Buffer
  nowMs: number
}): boolean {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    String(p.headers[name] ?? ''),
  ) as [string, string, string]
  if (!/^[A-Za-z0-9_.-]{1,128}$/.test(id) || !/^\d{1,12}$/.test(timestamp)) return false
  if (Math.abs(p.nowMs / 1_000 - Number(timestamp)) > toleranceSeconds) return false
  const expected = mac(p.secret, id, timestamp, p.body)
  return signatures.split(' ', 10).some((entry) => {
    const [version, value = ''] = entry.split(',', 2)
    const given = Buffer.from(value, 'base64')
    return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected)
  })
}

function mac(secret: string, id: string, timestamp: string, body: string | Buffer): Buffer {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
}
