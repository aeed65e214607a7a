import {
  createHash,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes as nodeRandomBytes,
  timingSafeEqual,
} from 'node:crypto'

// The only file of core that touches a Node builtin.

const poolSize = 4_096
let pool = nodeRandomBytes(poolSize)
let used = 0

/** Out of a pool when they are few, each byte given once: a call of the generator costs as much for 16 bytes as for thousands. */
export function randomBytes(bytes: number): Uint8Array {
  if (bytes > 64) return nodeRandomBytes(bytes)
  if (used + bytes > poolSize) {
    pool = nodeRandomBytes(poolSize)
    used = 0
  }
  used += bytes
  return pool.subarray(used - bytes, used)
}

export const base64url = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url')

export const hmacSha256 = (secret: string | Uint8Array, text: string | Uint8Array): Uint8Array =>
  createHmac('sha256', secret).update(text).digest()

export const sha256Hex = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex')

/** Constant-time comparison; false for different lengths. */
export const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b)

/** A secret made ready once: signing with it costs microseconds instead of a key set-up each time. */
export type MacKey = KeyObject

export const macKey = (secret: string): MacKey => createSecretKey(secret, 'utf8')

export const macBase64url = (key: MacKey, text: string): string =>
  createHmac('sha256', key).update(text).digest('base64url')

/** Constant-time comparison of ASCII texts; false for different lengths. */
export const sameText = (a: string, b: string): boolean => sameBytes(Buffer.from(a), Buffer.from(b))
